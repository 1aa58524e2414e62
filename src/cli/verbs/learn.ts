/** What a master and a gateway start beside them when a step's history is to be studied: it holds a process for seconds. */
import { constants, setPriority } from "node:os";
import { answerStudy } from "../../actors/crystal/learn.ts";
import { endWithParent } from "../../executors/studies/end-with-parent.ts";
import type { PetrelDoors } from "../doors.ts";
import { EXIT, type Verb } from "../verb.ts";

export const learnVerb: Verb = {
  command: "learn <parent>",
  summary: "learn a rule from a policy and examples on standard input; masters and gateways start it",
  details:
    "It ends when the process with the id PARENT is no longer its parent. The first line is the policy, each further one an example. The answer is the proposal, as JSON.",
  examples: ["petrel learn $$ < study.jsonl"],
  hidden: true,
  run: async (call) => {
    const { petrel } = call;
    endWithParent(Number(call.arg("parent")));
    // What the nets do comes first.
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    petrel.stdout.write(answerStudy(await petrel.readStdin()));
    return EXIT.ok;
  },
};

/** How node is told to run it. */
export function learnProgram({ entry }: Pick<PetrelDoors, "entry">): string[] {
  return [entry, "learn"];
}
