/** A unified diff as lines, for rules that read changes. */
export interface DiffLine {
  file: string;
  sign: "+" | "-";
  text: string;
}

export function diffLines(diff: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let file = "";
  let header = false;
  for (const line of diff.split("\n")) {
    if (line.startsWith("diff --git ")) {
      file = / b\/(.*)$/.exec(line)?.[1] ?? "";
      header = true;
    } else if (line.startsWith("@@")) header = false;
    else if (!header && (line.startsWith("+") || line.startsWith("-")))
      lines.push({ file, sign: line[0] as "+" | "-", text: line.slice(1) });
  }
  return lines;
}

export function isTestFile(file: string): boolean {
  return /(^|\/)(tests?|spec|__tests__)\//.test(file) || /[._-](test|spec)\.[a-z]+$/.test(file);
}
