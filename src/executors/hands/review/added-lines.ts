/** The lines that a change added, with their numbers, from `git diff -U0`. */

export interface AddedLine {
  file: string;
  /** In the file as it is after the change, from 1. */
  line: number;
  text: string;
}

export function addedLines(diff: string): AddedLine[] {
  const lines: AddedLine[] = [];
  let file = "";
  let next = 0;
  let inHunk = false;
  for (const text of diff.split("\n")) {
    if (text.startsWith("diff --git ")) inHunk = false;
    else if (!inHunk && text.startsWith("+++ ")) file = text.startsWith("+++ b/") ? unquoted(text.slice(6)) : "";
    else if (!inHunk && text.startsWith('+++ "b/')) file = unquoted(`"${text.slice(7)}`);
    const hunk = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(text);
    if (hunk) {
      next = Number(hunk[1]);
      inHunk = true;
    } else if (inHunk && text.startsWith("+") && file !== "") {
      lines.push({ file, line: next, text: text.slice(1) });
      next += 1;
    }
  }
  return lines;
}

/** git ends a name with a tab where it holds a space. */
function unquoted(name: string): string {
  return name.replace(/\t$/, "").replace(/^"|"$/g, "");
}

export function addedSet(lines: readonly AddedLine[]): Map<string, Set<number>> {
  const set = new Map<string, Set<number>>();
  for (const { file, line } of lines) set.set(file, (set.get(file) ?? new Set()).add(line));
  return set;
}
