/** Where a repository lies, by its address: git's own forms. */

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
