/** The branch that is pushed: named by the user, or made of the story's name. */

import { usage } from "../../client/usage.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Git } from "../team/git.ts";
import type { Repository } from "./repository.ts";

export const PREFIX = "petrel/";

/** What the net's settings say of it. */
export interface Target {
  target?: string;
  targetPrefix?: string;
  /** Story names whose branch exists. */
  taken?: string[];
}

/** Errors: usage for what is no branch name; Terminal `branch-exists`. */
export async function chooseTarget(git: Git, cwd: string, { heads, address }: Repository, given: string | undefined): Promise<Target> {
  const first = given ?? `${PREFIX}story`;
  if (given !== undefined) {
    const isName = await git(cwd, ["check-ref-format", `refs/heads/${given}`]).then(
      () => !given.startsWith("-"),
      () => false,
    );
    if (!isName) throw usage(`"${given}" is no name for a branch`, "--push-to feature/search");
    if (heads.has(given)) throw exists(given, address);
  }
  // git keeps branches as files and folders: `petrel` and `petrel/story` cannot both be.
  const parts = first.split("/");
  const inTheWay = parts
    .slice(1)
    .map((_, at) => parts.slice(0, at + 1).join("/"))
    .find((name) => heads.has(name));
  if (inTheWay !== undefined) throw exists(inTheWay, address);
  const below = given === undefined ? undefined : [...heads.keys()].find((name) => name.startsWith(`${given}/`));
  if (below !== undefined) throw exists(below, address);
  if (given !== undefined) return { target: given };
  const taken = [...heads.keys()].filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  return { targetPrefix: PREFIX, taken };
}

function exists(branch: string, where: string): Terminal {
  return new Terminal({
    code: "branch-exists",
    message: `the branch ${branch} exists already in ${where}`,
    where,
    hint: "name another with --push-to",
  });
}
