/** W3C Trace Context of a firing: the trace is the correlation, the span one attempt. Both follow from ids, so all doors name the same. */
import { sha256 } from "./hash.ts";

/** `traceparent` (https://www.w3.org/TR/trace-context/), version 00, sampled. */
export function traceparentOf(about: { correlation: string; net: string; firing: string; attempt: number }): string {
  return `00-${traceIdOf(about.correlation)}-${spanIdOf(about)}-01`;
}

/** 32 hex digits. */
export function traceIdOf(correlation: string): string {
  return sha256(`petrel-trace/${correlation}`).slice(0, 32);
}

/** 16 hex digits. */
export function spanIdOf({ net, firing, attempt }: { net: string; firing: string; attempt: number }): string {
  return sha256(`petrel-span/${net}/${firing}/${attempt}`).slice(0, 16);
}
