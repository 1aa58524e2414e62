import * as z from "zod";
import type { NetEvent } from "../../contract/event.ts";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

const row = z.strictObject({
  fired: z.int(),
  failed: z.int(),
  denied: z.int(),
  averageMs: z.number().nullable(),
  calls: z.int(),
  tokens: z.int(),
  usd: z.number(),
});

export const eventsStatistics = masterTool({
  name: "events.statistics",
  flag: "l",
  description:
    "Numbers over the newest events of your net: how many of each type, and for each transition what fired, failed, was denied, took and cost.",
  input: z.strictObject({ events: z.int().min(1).max(20_000).default(2000) }),
  output: z.strictObject({
    events: z.int(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    types: z.record(z.string(), z.int()),
    transitions: z.record(z.string(), row),
  }),
  limits: { seconds: 30, bytes: 32 * 1024 },
  errors: {},
  run: async ({ events: wanted }, { events }) => {
    const found = (await given(events, "the event line").newest({}, wanted)).events;
    const types: Record<string, number> = {};
    for (const { type } of found) types[type] = (types[type] ?? 0) + 1;
    const names = [...new Set(found.flatMap(({ transition }) => transition ?? []))].sort();
    return {
      events: found.length,
      from: found[0]?.ts ?? null,
      to: found.at(-1)?.ts ?? null,
      types,
      transitions: Object.fromEntries(names.map((name) => [name, numbers(found.filter(({ transition }) => transition === name))])),
    };
  },
});

function numbers(events: readonly NetEvent[]): z.output<typeof row> {
  const times = events.flatMap(({ type, durationMs }) => (type === "fired" && durationMs !== undefined ? [durationMs] : []));
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const uses = events.flatMap(({ model }) => model ?? []);
  return {
    fired: events.filter(({ type }) => type === "fired").length,
    failed: events.filter(({ type }) => type === "failed").length,
    denied: events.filter(({ type }) => type === "denied").length,
    averageMs: times.length === 0 ? null : Math.round(sum(times) / times.length),
    calls: sum(uses.map(({ calls }) => calls)),
    tokens: sum(uses.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens)),
    usd: sum(uses.map(({ costUsd }) => costUsd)),
  };
}
