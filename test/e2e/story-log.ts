/** What a log says of a finished story, asked of its events alone. */
import { expect } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { isJsonObject, type JsonObject } from "../../src/contract/json.ts";

export function produced(events: NetEvent[], place: string) {
  return events.flatMap((event) =>
    (event.produced ?? []).filter((one) => one.place === place).map(({ token }) => ({ token, data: token.data as JsonObject, event })),
  );
}

/** Once each: numbers without gaps, token ids, acceptances, one delivery; and QA's pass before devops begins. */
export function expectOneStory(events: NetEvent[]): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  const made = events.flatMap((event) => (event.produced ?? []).map(({ token }) => token.id));
  expect(new Set(made).size).toBe(made.length);
  // No token is consumed twice: only what moves tokens counts, a reservation consumes nothing.
  const consumed = events
    .filter(({ type, attributes }) => type === "fired" || (type === "failed" && attributes?.final === true))
    .flatMap((event) => (event.consumed ?? []).map(({ id }) => id));
  expect(new Set(consumed).size).toBe(consumed.length);
  expect(
    produced(events, "accepted")
      .map(({ data }) => data.task)
      .sort(),
  ).toEqual(["limit", "search"]);
  expect(produced(events, "delivered")).toHaveLength(1);
  expect(produced(events, "escalations")).toHaveLength(0);
  expect(produced(events, "rejected")).toHaveLength(0);
  const delivery = events.find(({ type, transition }) => type === "started" && transition === "deliver");
  for (const { data, event } of produced(events, "accepted")) {
    expect(data.verdict).toBe("pass");
    expect(event.seq).toBeLessThan(delivery?.seq ?? 0);
  }
}

/** Seconds since 1970 of QA's last pass, and of the delivery's end. */
export function deliverySpan(events: NetEvent[]): { from: number; to: number } {
  const passes = events.filter(({ type, transition }) => type === "fired" && transition === "judge");
  const end = events.find(({ type, transition }) => type === "fired" && transition === "deliver");
  return { from: Math.floor(Date.parse(passes.at(-1)?.ts ?? "") / 1000), to: Math.ceil(Date.parse(end?.ts ?? "") / 1000) };
}

export function textOf(value: unknown): string {
  return isJsonObject(value as never) ? JSON.stringify(value) : String(value);
}
