/** Cuts a text into parts of at most `size` characters, at the end of a paragraph, line or word where one is near. */
export function partsOf(text: string, size: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + size >= text.length ? text.length : cutBefore(text, at, at + size);
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

function cutBefore(text: string, from: number, to: number): number {
  const least = from + Math.floor((to - from) / 2);
  for (const mark of ["\n\n", "\n", " "]) {
    const found = text.lastIndexOf(mark, to - mark.length);
    if (found >= least) return found + mark.length;
  }
  // Between the halves of a surrogate pair nothing is cut.
  const code = text.charCodeAt(to - 1);
  return code >= 0xd800 && code <= 0xdbff ? to - 1 : to;
}
