/**
 * Trace context (W3C Trace Context, level 1) from what the log says anyway: whoever knows a story and a firing knows their ids, so masters,
 * gateways, executors and their children agree without telling each other. Pure.
 */
import { sha256 } from "./hash.ts";

/** One story is one trace: 32 hex digits. */
export const traceIdOf = (correlation: string): string => sha256(`trace ${correlation}`).slice(0, 32);
/** 16 hex digits from the words that name a piece of work. */
export const spanIdOf = (...words: readonly (string | number)[]): string => sha256(`span ${words.join(" ")}`).slice(0, 16);
/** The whole story as a span: what firings stand under. */
export const storySpanOf = (net: string, correlation: string): string => spanIdOf("story", net, correlation);
export const firingSpanOf = (net: string, firing: string): string => spanIdOf("firing", net, firing);
/** One attempt of a firing: what an executor's and its children's own spans stand under. */
export const attemptSpanOf = (net: string, firing: string, attempt: number): string => spanIdOf("attempt", net, firing, attempt);

/** The header and environment variable `traceparent` for work that is done in one attempt; always sampled. */
export function traceparentOf({ net, firing, attempt, correlation }: Attempted): string {
  return `00-${traceIdOf(correlation)}-${attemptSpanOf(net, firing, attempt)}-01`;
}
export interface Attempted {
  net: string;
  firing: string;
  attempt: number;
  correlation: string;
}
