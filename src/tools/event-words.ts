/** An event as tools tell it: whole but for the data of tokens, so that the event line opens no place that has no arc. */
import * as z from "zod";
import type { NetEvent } from "../contract/event.ts";

const placed = z.strictObject({ place: z.string(), id: z.string() });

export const toldEvent = z.strictObject({
  seq: z.int(),
  ts: z.string(),
  type: z.string(),
  status: z.string(),
  summary: z.string(),
  transition: z.string().optional(),
  persona: z.string().optional(),
  firing: z.string().optional(),
  attempt: z.int().optional(),
  consumed: z.array(placed).optional(),
  read: z.array(placed).optional(),
  produced: z.array(placed).optional(),
  correlation: z.string().optional(),
  durationMs: z.number().optional(),
  usd: z.number().optional(),
  tools: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), refused: z.boolean().optional() })).optional(),
});

export function told(event: NetEvent): z.input<typeof toldEvent> {
  const { seq, ts, type, status, summary, transition, persona, firing, attempt, consumed, read, correlation, durationMs, tools } = event;
  const produced = event.produced?.map(({ place, token }) => ({ place, id: token.id }));
  const all = { transition, persona, firing, attempt, consumed, read, produced, correlation, durationMs, usd: event.model?.costUsd, tools };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { seq, ts, type, status, summary, ...present };
}
