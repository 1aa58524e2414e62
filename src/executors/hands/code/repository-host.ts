/** Where a repository lies, by its address: git's own forms. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** A path on this machine, or an address that begins with `file:`. */
export function isLocalRepository(repo: string): boolean {
  if (/^file:/i.test(repo)) return true;
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(repo) && !/^[^/\\]+:/.test(repo);
}

/** Host and port, like `git.example.com:2222`; null for a local one. */
export function hostOf(repo: string): string | null {
  const url = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/]*@)?([^/]*)/i.exec(repo);
  if (url) return url[1]?.toLowerCase() === "file" ? null : (url[2] ?? "");
  // scp-like: user@host:path. A helper like `ext::sh -c ...` is none and lies nowhere that could be allowed.
  const scp = /^(?:[^@/:]+@)?([^@/:]+):(.*)$/.exec(repo);
  return scp ? (scp[2]?.startsWith(":") ? `${scp[1]}::` : (scp[1] ?? "")) : null;
}

/**
 * Every place of this machine that git may mean by the address; none for one elsewhere, null for one that only the system can tell, like
 * `/bin/../x`. `mirrors`: the real folder of the mirrors, in one of which git stands when it reads a relative address.
 */
export function localPaths(repo: string, mirrors: string): string[] | null {
  if (!isLocalRepository(repo)) return [];
  const path = repo.replace(/^file:(\/\/[^/]*)?/i, "").replace(/^~[^/]*/, homedir());
  const paths = [path, decoded(path)];
  const roundabout = paths.some((each) =>
    each
      .replace(/^(\.\.?\/+)+/, "")
      .split("/")
      .includes(".."),
  );
  return roundabout ? null : paths.flatMap((each) => [resolve(each), resolve(join(mirrors, "any.git"), each)]);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
