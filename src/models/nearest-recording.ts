/** For a request without a recording: the recorded one that is most like it, and where they part. */
import { canonicalJson, isJsonObject, type JsonObject } from "../contract/json.ts";
import type { CanonicalRequest } from "./canonical-request.ts";
import type { Recording } from "./cassette.ts";

/** A canonical request as lines to read and compare. */
export function requestLines(request: CanonicalRequest): string[] {
  const lines = [`tier ${request.tier}`, `tools ${request.tools.join(" ")}`, ...prefixed("system", request.system)];
  for (const message of request.messages) {
    const content = Array.isArray(message.content) ? message.content : [];
    for (const block of content) if (isJsonObject(block)) lines.push(...blockLines(String(message.role), block));
  }
  return lines;
}

function blockLines(role: string, block: JsonObject): string[] {
  if (block.type === "text") return prefixed(role, String(block.text));
  if (block.type === "tool-call") return prefixed(`${role} calls ${block.name}`, JSON.stringify(block.input, null, 1));
  const text = typeof block.output === "string" ? block.output : JSON.stringify(block.output ?? canonicalJson(block), null, 1);
  return prefixed(block.isError ? "tool failed" : "tool said", text);
}

function prefixed(prefix: string, text: string): string[] {
  return text.split("\n").map((line) => `${prefix}| ${line}`);
}

/** The most similar recording by shared lines, or null when there are none. */
export function nearest(request: CanonicalRequest, recordings: readonly Recording[]): Recording | null {
  const lines = requestLines(request);
  let best: { recording: Recording; likeness: number } | null = null;
  for (const recording of recordings) {
    const other = requestLines(recording.request);
    const left = new Map<string, number>();
    for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
    let shared = 0;
    for (const line of lines) {
      const count = left.get(line) ?? 0;
      if (count === 0) continue;
      left.set(line, count - 1);
      shared++;
    }
    const likeness = (2 * shared) / (lines.length + other.length);
    if (!best || likeness > best.likeness) best = { recording, likeness };
  }
  return best?.recording ?? null;
}

const WIDEST = 160;

/** A short line difference: `-` recorded, `+` asked. Only what lies between the common head and tail, at most `limit` lines. */
export function shortDiff(recorded: readonly string[], asked: readonly string[], limit = 12): string[] {
  let head = 0;
  while (head < recorded.length && head < asked.length && recorded[head] === asked[head]) head++;
  let tail = 0;
  while (tail < recorded.length - head && tail < asked.length - head && recorded.at(-1 - tail) === asked.at(-1 - tail)) tail++;
  const gone = recorded.slice(head, recorded.length - tail);
  const come = asked.slice(head, asked.length - tail);
  const [goneSet, comeSet] = [new Set(gone), new Set(come)];
  const lines = [
    ...gone.filter((line) => !comeSet.has(line)).map((line, at) => `- ${near(line, come[at])}`),
    ...come.filter((line) => !goneSet.has(line)).map((line, at) => `+ ${near(line, gone[at])}`),
  ];
  const half = Math.floor(limit / 2);
  return lines.length <= limit ? lines : [...lines.slice(0, half), `… ${lines.length - 2 * half} more lines …`, ...lines.slice(-half)];
}

/** A long line is shown around the first character in which it differs from its counterpart. */
function near(line: string, other: string | undefined): string {
  if (line.length <= WIDEST) return line;
  let at = 0;
  while (other !== undefined && at < line.length && line[at] === other[at]) at++;
  const from = Math.max(0, Math.min(at - 40, line.length - WIDEST));
  return `${from > 0 ? "…" : ""}${line.slice(from, from + WIDEST)}${from + WIDEST < line.length ? "…" : ""}`;
}
