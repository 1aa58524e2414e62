/** A net file that the user names: checked, or the command ends with what is wrong in it. */
import type { Checked } from "./doors.ts";
import { described, fileProblems, readText } from "./read-file.ts";
import type { VerbCall } from "./verb.ts";

/** Prints the warnings. Errors: Terminal `file-unreadable`, and those of the checker. */
export async function checkedNet(call: VerbCall, file: string): Promise<Checked & { ok: true }> {
  const checked = await call.petrel.checkNet(readText(call.petrel.cwd, file), file);
  if (!checked.ok) throw fileProblems(file, checked.problems);
  for (const warning of checked.warnings) call.out.say(`${call.out.paint.yellow("warning:")} ${described(warning)}`);
  return checked;
}
