/**
 * Which lines ran, from what V8 itself notes (NODE_V8_COVERAGE), as Node's own test runner reads it: a line did not run when a range
 * with count 0 covers all of it, and no range inside that range says otherwise. Blank lines, comments and lone brackets do not count.
 */

export interface V8Script {
  url: string;
  functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[];
}

interface Line {
  number: number;
  start: number;
  end: number;
}

export interface LineRecord {
  /** Lines that hold code. */
  code: Set<number>;
  ran: Set<number>;
}

/** Lines of code of a source, none of which ran. */
export function unrunRecord(source: string): LineRecord {
  return { code: new Set(codeLines(source).map(({ number }) => number)), ran: new Set() };
}

/** Adds what one process ran. */
export function addRun(record: LineRecord, source: string, script: V8Script): void {
  const lines = codeLines(source);
  const counts = new Map(lines.map(({ number }) => [number, 1]));
  for (const { ranges } of script.functions)
    for (const { startOffset, endOffset, count } of ranges)
      for (const { number, start, end } of lines) if (startOffset <= start && endOffset >= end) counts.set(number, count);
  for (const [number, count] of counts) if (count > 0) record.ran.add(number);
}

function codeLines(source: string): Line[] {
  const lines: Line[] = [];
  let at = 0;
  let inComment = false;
  for (const [index, text] of source.split("\n").entries()) {
    const plain = text.trim();
    const begins: boolean = !inComment && plain.startsWith("/*");
    const isComment: boolean = inComment || begins || plain.startsWith("//");
    if (inComment || begins) inComment = !plain.includes("*/", begins ? 2 : 0);
    if (!isComment && /[^\s{}()[\];,]/.test(plain)) {
      const start = at + text.indexOf(plain);
      lines.push({ number: index + 1, start, end: start + plain.length });
    }
    at += text.length + 1;
  }
  return lines;
}

/** Files and lines of an lcov tracefile. */
export function readLcov(text: string): Map<string, LineRecord> {
  const files = new Map<string, LineRecord>();
  let now: LineRecord | null = null;
  for (const row of text.split("\n")) {
    if (row.startsWith("SF:")) {
      now = { code: new Set(), ran: new Set() };
      files.set(row.slice(3).trim(), now);
    }
    const line = /^DA:(\d+),(\d+)/.exec(row);
    if (!line || !now) continue;
    now.code.add(Number(line[1]));
    if (Number(line[2]) > 0) now.ran.add(Number(line[1]));
  }
  return files;
}

/** Neighbouring lines as ranges; what holds no code between them does not part them. */
export function rangesOf(lines: readonly number[], code: ReadonlySet<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const line of [...lines].sort((one, other) => one - other)) {
    const last = ranges.at(-1);
    const joins = last !== undefined && !hasCodeBetween(last[1], line, code);
    if (last && joins) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges;
}

function hasCodeBetween(from: number, to: number, code: ReadonlySet<number>): boolean {
  for (let line = from + 1; line < to; line += 1) if (code.has(line)) return true;
  return false;
}
