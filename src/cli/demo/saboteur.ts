/** A provider that lets one persona misbehave, and answers for all others as the one inside does. For the demo alone. */
import type { Block, Message, ModelAnswer, ModelProvider, ModelRequest } from "../../models/port.ts";
import { type BadTurn, SABOTAGES, type Sabotage, type SabotageMode } from "./sabotage.ts";

export function saboteur(inner: ModelProvider, mode: SabotageMode): ModelProvider {
  const sabotage = SABOTAGES.find((each) => each.mode === mode) as Sabotage;
  return {
    name: inner.name,
    ask: async (request, options) => {
      if (request.persona !== sabotage.persona || !said(request).includes(sabotage.when)) return inner.ask(request, options);
      const turn = request.messages.filter(({ role }) => role === "assistant").length;
      const bad = sabotage.turns[turn];
      if (bad) return answer(bad, request, turn);
      const { messages } = request;
      // What it should do knows nothing of what it did before.
      const own = [...messages.slice(0, 1), ...messages.slice(1 + 2 * sabotage.turns.length)] as Message[];
      return inner.ask({ ...request, messages: own }, options);
    },
  };
}

function answer(bad: BadTurn, request: ModelRequest, turn: number): ModelAnswer {
  const usage = { inputTokens: 1000, outputTokens: 100 };
  if ("refusal" in bad) return { content: [{ type: "text", text: bad.refusal }], stop: "refusal", usage, model: "saboteur" };
  const text: Block[] = bad.text === undefined ? [] : [{ type: "text", text: bad.text }];
  const calls = bad.calls.map(
    ({ name, input }, at): Block => ({ type: "tool-call", id: `bad_${request.persona}_${turn}_${at}`, name, input }),
  );
  return { content: [...text, ...calls], stop: "tool-call", usage, model: "saboteur" };
}

function said({ messages }: ModelRequest): string {
  return (messages[0]?.content ?? []).flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
}
