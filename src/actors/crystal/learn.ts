/** Learning holds a process for seconds, so it has one of its own: what goes there, what comes back. */
import type { Json, JsonObject } from "../../contract/json.ts";
import { type Proposal, useful } from "../../crystallize/crystallize.ts";
import type { Example } from "../../crystallize/example.ts";
import type { StudyProcesses } from "../../executors/studies/study-processes.ts";
import { type CrystallizePolicy, crystallizeSchema, policyOf } from "../../net/crystal/definition.ts";
import type { StepHistory } from "./history.ts";
import { studied } from "./learning.ts";

/** From a history to a proposal. Errors: those of `StudyProcesses.run`. */
export type Learn = (history: Pick<StepHistory, "examples">, policy: CrystallizePolicy) => Promise<Proposal>;

/** In the process that asks: for one that has nothing else to do. */
export const learnHere: Learn = async (history, policy) => studied(history, policy);

/** In a process that runs `answerStudy`. */
export function learnBeside(processes: StudyProcesses): Learn {
  return async ({ examples }, policy) => JSON.parse(await processes.run(linesOf(examples, policy))) as Proposal;
}

/** The policy, and each example; a line at a time, so that a long history is never one text. */
function* linesOf(examples: readonly Example[], policy: CrystallizePolicy): Generator<string> {
  yield JSON.stringify(policy);
  for (const example of useful(examples)) yield JSON.stringify(example);
}

/** The other side: a study's lines in, its answer out. */
export function answerStudy(text: string): string {
  const [policy = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const examples = lines.map((line) => JSON.parse(line) as JsonObject as unknown as Example);
  return JSON.stringify(studied({ examples }, policyOf(crystallizeSchema.parse(JSON.parse(policy) as Json))));
}
