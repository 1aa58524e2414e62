/**
 * The folder in which a command of an order runs. Links are followed before anything is judged, and what was judged is what is used.
 * C1 What is asked for as a folder of the work directory lies in it, or in one of the policy's `paths`.
 * C2 Another folder lies in one of the policy's `paths`, where there are any.
 * C3 In a sandbox, which makes the folder writable, another folder is one that `paths` name, and neither holds nor lies in what is hidden there.
 */
import { isAbsolute, join, normalize, resolve, sep } from "node:path";
import type { WorkOrder } from "../contract/envelope.ts";
import { Refused } from "../contract/errors.ts";
import { lies, type MachinePolicy, POLICY_FILE, real, refused } from "./machine-policy.ts";
import { isSystem, isWithin, showsSecrets } from "./sandbox.ts";

/** Before there is a work directory: the `cwd` of an order's input. Throws Refused `cwd-outside` (C1) and `policy-path` (C2). */
export function checkAskedFolder(order: WorkOrder, { paths }: MachinePolicy, workDir: string): void {
  const { cwd } = order.input;
  if (typeof cwd !== "string") return;
  const wanted = isAbsolute(cwd) ? cwd : join(workDir, "tree", cwd);
  if (paths?.some((allowed) => lies(wanted, allowed)) || (!isAbsolute(cwd) && isWithin(wanted, workDir))) return;
  if (!isAbsolute(cwd)) throw outside(order, cwd);
  if (paths) throw refused(order, "path", cwd, paths);
}

interface Around {
  workDir: string;
  policy: MachinePolicy;
  hidden: readonly string[];
  /** Whether a sandbox is around the command. */
  enclosed: boolean;
}

/** Just before a command starts: its folder, by its real path where it lies elsewhere. Throws Refused `cwd-outside` (C1, C3), `policy-path` (C2) and `cwd-hidden` (C3). */
export function checkFolder(order: WorkOrder, cwd: string, { workDir, policy, hidden, enclosed }: Around): string {
  const plain = real(cwd);
  if (isWithin(plain, real(workDir))) return cwd;
  const isNamed = policy.paths?.some((allowed) => lies(plain, allowed)) ?? false;
  if (!isNamed && isWithin(resolve(cwd), normalize(workDir))) throw outside(order, cwd);
  if (policy.paths && !isNamed) throw refused(order, "path", cwd, policy.paths);
  if (!enclosed) return plain;
  const mask = hidden.map(real).find((each) => isWithin(each, plain) || isWithin(plain, each) || plain === sep);
  if (mask !== undefined) throw hiddenThere(order, cwd, `${isWithin(plain, mask) ? "lies in" : "holds"} ${mask}`);
  if (!isNamed) throw outside(order, cwd);
  return plain;
}

/** In a sandbox, of a real path: the system stays as it is, but for what `paths` names inside it. */
export function staysReadOnly(folder: string, { paths = [] }: Pick<MachinePolicy, "paths">): boolean {
  if (!isSystem(folder)) return false;
  return showsSecrets(folder) || !paths.some((allowed) => isSystem(real(allowed)) && lies(folder, allowed));
}

function outside(order: WorkOrder, cwd: string): Refused {
  return new Refused({
    code: "cwd-outside",
    message: `the cwd ${JSON.stringify(cwd)} leads out of the work directory`,
    hint: `name a folder inside it; another folder of the machine by its absolute path, where whoever runs the executor names it in \`paths\` of ${POLICY_FILE}`,
    where: `${order.net}/${order.transition}`,
  });
}

function hiddenThere(order: WorkOrder, cwd: string, why: string): Refused {
  return new Refused({
    code: "cwd-hidden",
    message: `the cwd ${JSON.stringify(cwd)} ${why}, which no command in a sandbox is to see`,
    hint: `choose another folder; whoever runs the executor can name one in \`paths\` of ${POLICY_FILE}, and lay its state folder elsewhere`,
    where: `${order.net}/${order.transition}`,
  });
}
