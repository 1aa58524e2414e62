/**
 * The live copy of each event. Most of the time nobody listens, and under load the copies would cost a tenth of the engine.
 *
 * V1 While events come slowly, each is sent. V2 Under load, a subject where the broker has just said that nobody listens is left
 * out for `QUIET_MS`, and then asked about again by sending the next event; so who begins to listen in the middle of a burst
 * misses that much of it, maybe after some events that were sent meanwhile. Copies may be lost by their nature; the log has all.
 */
import type { LiveEvents } from "../contract/broker.ts";
import { errorData } from "../contract/errors.ts";
import type { NetEvent } from "../contract/event.ts";
import { subjects } from "../contract/subjects.ts";
import type { Link } from "./link.ts";

const QUIET_MS = 20;
/** So many events within `WINDOW_MS` are load. */
const MANY = 100;
const WINDOW_MS = 20;
/** Whoever listens does not answer: silence for so long says that somebody does. */
const ASK_MS = 1000;

export function liveEvents(link: Link): LiveEvents {
  const quietUntil = new Map<string, number>();
  const asking = new Set<string>();
  let windowEnds = 0;
  let inWindow = 0;

  const ask = (subject: string, json: Uint8Array | string) => {
    asking.add(subject);
    link
      .call(subject, json, { timeoutMs: ASK_MS })
      .catch((error: unknown) => {
        if (errorData(error).code === "no-responders") quietUntil.set(subject, link.clock.now() + QUIET_MS);
      })
      .finally(() => asking.delete(subject));
  };

  return {
    publish: (event, json) => {
      const now = link.clock.now();
      if (now >= windowEnds) {
        windowEnds = now + WINDOW_MS;
        inWindow = 0;
      }
      inWindow += 1;
      const subject = subjects.event(event.net, event.type, elementOf(event));
      const busy = inWindow > MANY;
      if (busy && (quietUntil.get(subject) ?? 0) > now) return;
      try {
        const bytes = json ?? JSON.stringify(event);
        if (busy && !asking.has(subject)) ask(subject, bytes);
        else link.publish(subject, bytes);
      } catch {
        // A live copy may be lost, too large ones included; the log has them all.
      }
    },
  };
}

function elementOf(event: NetEvent): string {
  return event.transition ?? event.produced?.[0]?.place ?? event.consumed?.[0]?.place ?? "net";
}
