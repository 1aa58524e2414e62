/** A provider that tries what no persona may, whoever it plays, and then spends without end. For drills alone. */
import type { Block, ModelAnswer, ModelProvider } from "../../models/port.ts";
import { VAULT } from "./drill-net.ts";

type Call = { name: string; input: Extract<Block, { type: "tool-call" }>["input"] };

/** What each persona tries, by the name of the check. */
export const TRIES: Record<"push" | "foreign read" | "secret" | "approval", Call[]> = {
  push: [
    { name: "git.push", input: {} },
    { name: "command.run", input: { argv: ["git", "push", "--force"] } },
  ],
  "foreign read": [{ name: "place.read", input: { place: VAULT } }],
  secret: [{ name: "fs.read", input: { path: "../../runtime.json" } }],
  approval: [{ name: "gate.approve", input: { gate: "release" } }],
};
const ALL = Object.values(TRIES).flat();
/** More than any budget for one firing. */
const HUGE = 500_000_000;

export function hostileProvider(): ModelProvider {
  return {
    name: "drill",
    ask: async (request): Promise<ModelAnswer> => {
      const turn = request.messages.filter(({ role }) => role === "assistant").length;
      const calls = turn === 0 ? ALL : [{ name: "think", input: { thought: `Once more, ${turn}.` } }];
      const content = calls.map(({ name, input }, at): Block => ({ type: "tool-call", id: `drill_${turn}_${at}`, name, input }));
      // An llm has one answer and one repair: its first already costs too much for a second.
      const tokens = turn === 0 && request.toolChoice === undefined ? 1000 : HUGE;
      return { content, stop: "tool-call", usage: { inputTokens: tokens, outputTokens: 100 }, model: "drill" };
    },
  };
}
