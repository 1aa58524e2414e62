/** What makes two errors the same: the message without what differs from one time to the next. Pure. */
import type { LogEntry } from "./parse.ts";

const LONGEST = 300;

/** Ids, numbers, addresses, paths below the first folders, quoted values and times become a mark of their kind. */
export function signatureOf({ message, status }: Pick<LogEntry, "message" | "status">): string {
  const first = message.split("\n", 1)[0]?.slice(0, 2000) ?? "";
  const plain = first
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, "<time>")
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>")
    .replace(/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, "<address>")
    .replace(/\b0x[0-9a-f]+\b/gi, "<number>")
    .replace(/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi, "<id>")
    .replace(/"(?:[^"\\]|\\.){0,500}"/g, "<text>")
    .replace(/(?<![A-Za-z])'(?:[^'\\]|\\.){0,500}'/g, "<text>")
    .replace(/\?[^\s"]*/g, "?<query>")
    .replace(/\d+(?:\.\d+)?/g, "<number>")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, LONGEST);
  return status === null ? plain : `${status} ${plain}`;
}
