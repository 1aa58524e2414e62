/** A question of a tool to a small model. */
import type { ModelUse } from "../../contract/event.ts";
import type { ToolRoom } from "./tool-room.ts";

const TIER = "economy";
const ANSWER_MS = 120_000;

export function sayHand({ tiers, persona }: ToolRoom, key: string, signal: AbortSignal, book: (use: ModelUse) => void) {
  let count = 0;
  return async (system: string, text: string, maxOutputTokens: number): Promise<string> => {
    count += 1;
    const { answer, use } = await tiers.ask(
      TIER,
      { persona: persona.persona, system, messages: [{ role: "user", content: [{ type: "text", text }] }], tools: [], maxOutputTokens },
      { signal, timeoutMs: ANSWER_MS, key: `${key}/say${count}` },
    );
    book(use);
    return answer.content
      .flatMap((block) => (block.type === "text" ? [block.text] : []))
      .join("")
      .trim();
  };
}
