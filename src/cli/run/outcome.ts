/** What a run brought: the branch as the repository itself has it, and how to look at it. */
import type { PetrelDoors } from "../doors.ts";
import { type Commit, commitsOf, type Git } from "../team/git.ts";
import { quoted, shown } from "../team/paste.ts";
import type { Repository } from "./repository.ts";

export interface Pushed {
  target: string;
  head: string;
  commits: Commit[];
}

/** Reads the pushed branch back from the repository; null when it is not there. */
export async function readBack(git: Git, clone: string, { address, base }: Repository, target: string): Promise<Pushed | null> {
  const fetched = await git(clone, [
    "fetch",
    "-q",
    "--no-tags",
    "--",
    address,
    `+refs/heads/${target}:refs/petrel/target`,
    `+refs/heads/${base}:refs/petrel/base`,
  ]).then(
    () => true,
    () => false,
  );
  if (!fetched) return null;
  const head = await git(clone, ["rev-parse", "refs/petrel/target"]);
  return { target, head, commits: await commitsOf(git, clone, "refs/petrel/base..refs/petrel/target") };
}

export function lookAtIt(petrel: PetrelDoors, { tree, remote, address, base }: Repository, target: string): string[] {
  const [from, to] = [quoted(base), quoted(target)];
  if (tree !== null && remote !== null) {
    const git = `git -C ${shown(petrel, tree)}`;
    return [
      `${git} fetch ${remote}`,
      `${git} log --stat ${remote}/${from}..${remote}/${to}`,
      `${git} diff ${remote}/${from}...${remote}/${to}`,
    ];
  }
  if (tree !== null)
    return [`git -C ${shown(petrel, tree)} log --stat ${from}..${to}`, `git -C ${shown(petrel, tree)} diff ${from}...${to}`];
  if (address.startsWith("/")) {
    const git = `git --git-dir ${shown(petrel, address)}`;
    return [`${git} log --stat ${from}..${to}`, `${git} diff ${from}...${to}`];
  }
  const folder = quoted(to.replaceAll("/", "-"));
  return [`git clone --branch ${to} ${quoted(address)} ${folder}`, `git -C ${folder} log --stat origin/${from}..HEAD`];
}
