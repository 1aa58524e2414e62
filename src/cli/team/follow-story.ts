/** Follows one story through the log until its tokens rest: delivered, escalated, or waiting for a person. */
import type { Broker } from "../../contract/broker.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";

export interface StoryEnd {
  kind: "delivered" | "escalated" | "cancelled";
  /** Data of the tokens that ended it. */
  tokens: Json[];
  /** All events of the net, from its first. */
  events: NetEvent[];
}

export async function followStory(broker: Broker, net: string, correlation: string, see: (event: NetEvent) => void, signal: AbortSignal): Promise<StoryEnd> {
  const events: NetEvent[] = [];
  const enough = new AbortController();
  const open = new Map<string, string>();
  for await (const entry of broker.log(net).follow(0, AbortSignal.any([signal, enough.signal]))) {
    for (const event of entry.events) {
      events.push(event);
      see(event);
      if (event.correlation === correlation) track(open, event);
    }
    const resting = [...open.values()];
    const delivered = resting.includes("delivered");
    const escalated = resting.some((place) => place === "escalations" || place === "dead-letter");
    // A story whose other tasks still move is not over because one was escalated.
    const moving = resting.some((place) => !["delivered", "escalations", "dead-letter", "stories", "accepted", "opinions"].includes(place));
    if (delivered || (escalated && !moving)) {
      const wanted = delivered ? ["delivered"] : ["escalations", "dead-letter"];
      const tokens = events.flatMap(({ produced }) => produced ?? []).filter(({ place, token }) => wanted.includes(place) && open.has(token.id));
      enough.abort();
      return { kind: delivered ? "delivered" : "escalated", tokens: tokens.map(({ token }) => token.data), events };
    }
  }
  return { kind: "cancelled", tokens: [], events };
}

/** Where the story's tokens lie. */
function track(open: Map<string, string>, event: NetEvent): void {
  if (event.type === "started" || event.type === "gated" || (event.type === "failed" && event.attributes?.final !== true)) return;
  for (const { id } of event.consumed ?? []) open.delete(id);
  for (const { place, token } of event.produced ?? []) open.set(token.id, place);
}
