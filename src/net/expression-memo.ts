/** Compiled once: a bounded memory from text to what was compiled from it. It changes no result, only the time. */

/** The oldest entry makes room, so that ad hoc queries cannot fill the memory. Errors are not kept. */
export function memoized<T>(compile: (text: string) => T, limit = 4096): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const hit = known.get(text);
    if (hit !== undefined) return hit;
    const made = compile(text);
    if (known.size >= limit) {
      const oldest = known.keys().next();
      if (!oldest.done) known.delete(oldest.value);
    }
    known.set(text, made);
    return made;
  };
}
