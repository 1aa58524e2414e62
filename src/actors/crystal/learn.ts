/** Learning holds a process for seconds, so it has one of its own: what goes there, what comes back. */
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Live } from "../../crystallize/beside.ts";
import { type Proposal, useful } from "../../crystallize/crystallize.ts";
import type { Example } from "../../crystallize/example.ts";
import type { StudyProcesses } from "../../executors/studies/study-processes.ts";
import { type CrystallizePolicy, crystallizeSchema, policyOf } from "../../net/crystal/definition.ts";
import type { StepHistory } from "./history.ts";
import { studied } from "./learning.ts";

/** From a history to a proposal. Errors: those of `StudyProcesses.run`. */
export type Learn = (history: Pick<StepHistory, "examples" | "written">, policy: CrystallizePolicy, live?: Live) => Promise<Proposal>;

/** In the process that asks: for one that has nothing else to do. */
export const learnHere: Learn = async (history, policy, live) => studied(history, policy, live);

/** In a process that runs `answerStudy`. */
export function learnBeside(processes: StudyProcesses): Learn {
  return async ({ examples }, policy, live) => JSON.parse(await processes.run(linesOf(examples, policy, live))) as Proposal;
}

/** The policy with the rule that answers, if one does, and each example; a line at a time, so that a long history is never one text. */
function* linesOf(examples: readonly Example[], policy: CrystallizePolicy, live?: Live): Generator<string> {
  yield JSON.stringify({ policy, ...(live ? { live } : {}) });
  for (const example of useful(examples)) yield JSON.stringify(example);
}

/** The other side: a study's lines in, its answer out. */
export function answerStudy(text: string): string {
  const [head = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const examples = lines.map((line) => JSON.parse(line) as JsonObject as unknown as Example);
  const { policy, live } = JSON.parse(head) as { policy: Json; live?: Live };
  return JSON.stringify(studied({ examples }, policyOf(crystallizeSchema.parse(policy)), live));
}
