/** What of an event is the same at each run: for comparing with the events that stand beside an example. */
import type { NetEvent } from "../../src/contract/event.ts";
import type { JsonObject } from "../../src/contract/json.ts";

const SAME = new Set(["final", "method", "status"]);

export function goldenEvents(events: readonly NetEvent[], from = "arrived"): JsonObject[] {
  const first = events.findIndex(({ type }) => type === from);
  return events.slice(first).map(({ type, status, attempt, consumed, read, produced, tools, attributes }) => {
    const told = Object.entries(attributes ?? {}).filter(([name]) => SAME.has(name));
    return {
      type,
      status,
      ...(attempt === undefined ? {} : { attempt }),
      ...(consumed?.length ? { consumed: consumed.map(({ place }) => place) } : {}),
      ...(read?.length ? { read: read.map(({ place }) => place) } : {}),
      ...(produced?.length ? { produced: produced.map(({ place }) => place) } : {}),
      ...(tools?.length ? { tools: tools.map(({ name }) => name) } : {}),
      ...(told.length === 0 ? {} : { attributes: Object.fromEntries(told) }),
    };
  });
}
