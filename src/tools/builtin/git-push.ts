import * as z from "zod";
import type { ToolDefinition } from "../port.ts";

export const gitPush: ToolDefinition = {
  name: "git.push",
  flag: "x",
  description:
    "Push your commits to the origin's branch that the work is for. Never by force. Only from the transition that releases; the net's owner is asked once more just before.",
  input: z.strictObject({}),
  output: z.strictObject({ branch: z.string(), sha: z.string(), pushed: z.boolean().describe("False when the origin had it already") }),
  runs: "executor",
  needs: ["workspace", "release"],
  limits: { seconds: 330, bytes: 4 * 1024 },
  errors: {
    "push-rejected": "the origin has moved on",
    "push-refused": "the origin does not take it",
    "policy-branch": "the machine's policy protects the branch",
    "policy-repository": "the machine's policy lets commands write in the repository",
    "origin-unreachable": "the origin did not answer",
    "uncommitted-changes": "there are changes that are not committed",
    "not-confirmed": "the net's owner does not confirm the step",
  },
};
