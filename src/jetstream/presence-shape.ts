/**
 * What an executor says of itself, as far as it is of use. It is let in, not trusted: people read this on terminals and screens, and
 * masters keep it.
 */
import * as z from "zod";
import type { ExecutorPresence } from "../contract/envelope.ts";
import { HAND_PATTERN, LABEL_PATTERN, NAME_PATTERN } from "../contract/ids.ts";
import { withoutSequences } from "../contract/terminal-text.ts";

const LONG = 300;
const MOST = 200;

/** One line without what moves a cursor or colours it. */
function plain(text: string, most: number): string {
  return withoutSequences(text.slice(0, 4 * most))
    .replaceAll(/\s+/g, " ")
    .slice(0, most);
}

const line = (most = LONG) => z.string().transform((text) => plain(text, most));
/** What does not fit is left out, not all of it for one. */
const words = (pattern: RegExp) =>
  z.array(z.unknown()).transform((all) => all.filter((one): one is string => typeof one === "string" && pattern.test(one)).slice(0, MOST));
const lines = (most: number) =>
  z.array(z.unknown()).transform((all) =>
    all
      .filter((one): one is string => typeof one === "string")
      .slice(0, most)
      .map((one) => plain(one, LONG)),
  );
const count = z.int().min(0).catch(0);

/** Every field that an executor says, so that a new one is not left out here unseen; the others are said by who reads it. */
const shape = z.object({
  name: z.string().regex(NAME_PATTERN),
  pools: words(NAME_PATTERN),
  labels: words(LABEL_PATTERN).catch([]),
  version: line(60).catch(""),
  pid: count,
  start: line(80).optional().catch(undefined),
  after: line(80).optional().catch(undefined),
  host: line(100).catch(""),
  busy: count,
  slots: count,
  at: line(40).catch(""),
  leases: lines(MOST).optional().catch([]),
  isolation: line().optional().catch(""),
  hands: words(HAND_PATTERN).optional().catch([]),
  limits: line().optional().catch(""),
  leaving: z.boolean().optional().catch(undefined),
  full: line().optional().catch(undefined),
  lacks: lines(50).optional().catch([]),
} satisfies Record<keyof Omit<ExecutorPresence, "heard" | "heldOff">, z.ZodType>);

/** Null for what is no heartbeat at all. */
export function presenceOf(data: Uint8Array): ExecutorPresence | null {
  try {
    const parsed = shape.safeParse(JSON.parse(new TextDecoder().decode(data)));
    return parsed.success ? (parsed.data as ExecutorPresence) : null;
  } catch {
    return null;
  }
}
