/**
 * Paths of a worktree, and no other.
 * F1 A path that leaves the worktree is refused, whether by dots, by an absolute name or by a symbolic link.
 * F2 git's own files are refused under any spelling.
 */
import { lstatSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, normalize, relative, sep } from "node:path";
import { Refused } from "../../../contract/errors.ts";

/** The absolute path of `path` in `root` (a real path). `write`: the last part must not be a link either. Throws Refused `path-outside`. */
export function confine(root: string, path: string, write: boolean): string {
  if (path.includes("\0") || isAbsolute(path)) throw outside(path);
  const plain = normalize(path);
  if (plain === ".." || plain.startsWith(`..${sep}`) || namesGit(plain)) throw outside(path);
  const wanted = join(root, plain);
  const real = realOfExisting(wanted);
  const inside = relative(root, real);
  if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside) || namesGit(inside)) throw outside(path);
  // Also a link that leads nowhere yet: writing through it would make the file at its other end.
  if (write && isLink(wanted)) throw outside(path);
  return wanted;
}

/** As file systems that ignore case, trailing dots or spaces would read it. */
function namesGit(path: string): boolean {
  return path.split(sep).some((part) => part.toLowerCase().replace(/[. ]+$/, "") === ".git");
}

function realOfExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realpathSync(at), relative(at, path));
    } catch {
      // A dangling link has a name but no real path: it is judged as outside, since nobody knows where it leads.
      if (isLink(at)) throw outside(path);
    }
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

export function outside(path: string): Refused {
  return new Refused({
    code: "path-outside",
    message: `${JSON.stringify(path)} is outside the project's worktree, or belongs to git`,
    hint: "use a path relative to the project's root, like src/server.js",
  });
}
