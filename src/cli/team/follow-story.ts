/** Follows one story through the log until its tokens rest: delivered, escalated, or waiting for a person. */
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";

export interface StoryEnd {
  kind: "delivered" | "escalated" | "cancelled" | "paused" | "waiting";
  /** Data of the tokens that ended it. */
  tokens: Json[];
  /** Ids of those of them that a failed firing left: `petrel retry` puts its work back. One for each firing. */
  failures: string[];
  /** Events of the net after `after`. */
  events: NetEvent[];
}

export interface StoryToFollow {
  net: string;
  correlation: string;
  /** Events up to this seq are of no concern: an earlier story's, or a pause that is over. */
  after?: number;
  /** End when a person has to decide, instead of waiting for it. */
  untilGate?: boolean;
}

export async function followStory(
  broker: Broker,
  { net, correlation, after = 0, untilGate = false }: StoryToFollow,
  see: (event: NetEvent) => void,
  signal: AbortSignal,
): Promise<StoryEnd> {
  const events: NetEvent[] = [];
  const enough = new AbortController();
  const open = new Map<string, string>();
  for await (const entry of broker.log(net).follow(0, AbortSignal.any([signal, enough.signal]))) {
    for (const event of entry.events) {
      if (event.seq <= after) continue;
      events.push(event);
      see(event);
      if (event.correlation === correlation) track(open, event);
      // Only a person can mend it: a key that is refused, a model that nobody names, an answer that was not recorded.
      if (event.type === "paused" && event.attributes?.code !== undefined)
        return { kind: "paused", tokens: [{ ...event.attributes }], failures: [], events };
      if (untilGate && event.type === "gated" && event.correlation === correlation)
        return { kind: "waiting", tokens: [{ ...event.attributes }], failures: [], events };
    }
    const resting = [...open.values()];
    const delivered = resting.includes("delivered");
    const escalated = resting.some((place) => place === "escalations" || place === "dead-letter");
    // A story whose other tasks still move is not over because one was escalated.
    const moving = resting.some((place) => !["delivered", "escalations", "dead-letter", "stories", "accepted", "opinions"].includes(place));
    if (delivered || (escalated && !moving)) {
      const wanted = delivered ? ["delivered"] : ["escalations", "dead-letter"];
      const tokens = events
        .flatMap(({ produced }) => produced ?? [])
        .filter(({ place, token }) => wanted.includes(place) && open.has(token.id));
      enough.abort();
      const failures = delivered ? [] : leftByFailures(events, new Set(tokens.map(({ token }) => token.id)));
      return { kind: delivered ? "delivered" : "escalated", tokens: tokens.map(({ token }) => token.data), failures, events };
    }
  }
  return { kind: "cancelled", tokens: [], failures: [], events };
}

function leftByFailures(events: readonly NetEvent[], resting: ReadonlySet<string>): string[] {
  return events
    .filter(({ type }) => type === "failed")
    .flatMap(({ produced = [] }) => produced.filter(({ token }) => resting.has(token.id)).slice(0, 1))
    .map(({ token }) => token.id);
}

/** Where the story's tokens lie. */
function track(open: Map<string, string>, event: NetEvent): void {
  if (event.type === "started" || event.type === "gated" || (event.type === "failed" && event.attributes?.final !== true)) return;
  for (const { id } of event.consumed ?? []) open.delete(id);
  for (const { place, token } of event.produced ?? []) open.set(token.id, place);
}

/** What paused the net, as an error that says what to do. */
export function throwIfPaused({ kind, tokens }: StoryEnd): void {
  if (kind !== "paused") return;
  const why = tokens[0];
  const text = (name: string) => (isJsonObject(why) && typeof why[name] === "string" ? why[name] : "");
  const hint = text("hint");
  const code = text("code") || "paused";
  const exitCode = code === "models-budget-exhausted" || code === "budget-spent" ? 6 : 3;
  throw new Terminal({ code, message: text("reason"), exitCode, ...(hint === "" ? {} : { hint }) });
}
