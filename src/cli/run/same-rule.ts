/** The options with which the next command is about the very rule that this one has shown. */
import type { Study } from "../../client/crystals.ts";
import { WRITTEN } from "../../crystallize/written.ts";
import { quoted } from "../team/paste.ts";
import type { VerbCall } from "../verb.ts";

/** Begins with a blank where there are any. */
export function sameRuleOptions(call: VerbCall, made: Study["proposals"][number] | undefined): string {
  const [file, equality] = [call.text("rule"), call.text("equality")];
  // What a model wrote is kept by its id; what was learned needs no model to be found again.
  const written = made?.proposal.learner === WRITTEN && made.rule !== null ? ` --rule ${made.rule}` : "";
  const rule = file === undefined ? written : ` --rule ${quoted(file)}`;
  return `${rule}${equality === undefined ? "" : ` --equality ${quoted(equality)}`}${call.on("judge") ? " --judge" : ""}`;
}
