/**
 * The live copy of each event. Most of the time nobody listens, and under load the copies would cost a tenth of the engine.
 *
 * V1 While events come slowly, each is sent. V2 Under load, a subject where the broker has just said that nobody listens is left
 * out for `QUIET_MS`, and then asked about again by sending the next event; so who begins to listen in the middle of a burst
 * misses that much of it. V3 What comes while the broker is asked again waits for its answer, and is sent when there is none within
 * `ANSWER_MS`: from the first event that a listener hears on, it hears all. Copies may be lost by their nature; the log has all.
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

/** V3. Who does not listen says so in the time of one message there and back. */
const ANSWER_MS = 50;
/** Or when so many wait. */
const HELD = 1000;

interface Line {
  readonly subject: string;
  /** Nobody listened then; 0 while that was never said. */
  quietUntil: number;
  asking: boolean;
  /** V3. Null when nothing has to wait. */
  held: (Uint8Array | string)[] | null;
}

export function liveEvents(link: Link): LiveEvents {
  const lines = new Lines();
  let windowEnds = 0;
  let inWindow = 0;

  const send = (subject: string, json: Uint8Array | string) => {
    try {
      link.publish(subject, json);
    } catch {
      // A live copy may be lost, too large ones included; the log has them all.
    }
  };

  const release = (line: Line) => {
    const { held, subject } = line;
    line.held = null;
    for (const each of held ?? []) send(subject, each);
  };

  const ask = (line: Line, json: Uint8Array | string) => {
    const { subject } = line;
    line.asking = true;
    if (line.quietUntil > 0) line.held = [];
    const patience = link.clock.after(ANSWER_MS, () => release(line));
    link
      .call(subject, json, { timeoutMs: ASK_MS })
      .catch((error: unknown) => {
        const isNobodyThere = errorData(error).code === "no-responders";
        line.quietUntil = isNobodyThere ? link.clock.now() + QUIET_MS : 0;
        if (isNobodyThere) line.held = null;
      })
      .finally(() => {
        line.asking = false;
        patience.cancel();
        release(line);
      });
  };

  return {
    publish: (event, written) => {
      const now = link.clock.now();
      if (now >= windowEnds) {
        windowEnds = now + WINDOW_MS;
        inWindow = 0;
      }
      inWindow += 1;
      const line = lines.of(event);
      const busy = inWindow > MANY;
      if (busy && line.quietUntil > now) return;
      const bytes = written?.json ?? JSON.stringify(event);
      if (line.held) {
        line.held.push(bytes);
        if (line.held.length >= HELD) release(line);
      } else if (busy && !line.asking) ask(line, bytes);
      else send(line.subject, bytes);
    },
  };
}

/** Found without writing the subject down for each event. */
class Lines {
  readonly #nets = new Map<string, Map<string, Map<string, Line>>>();

  of(event: NetEvent): Line {
    const element = elementOf(event);
    const types = remembered(this.#nets, event.net, () => new Map<string, Map<string, Line>>());
    const elements = remembered(types, event.type, () => new Map<string, Line>());
    const make = (): Line => ({ subject: subjects.event(event.net, event.type, element), quietUntil: 0, asking: false, held: null });
    return remembered(elements, element, make);
  }
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}

function elementOf(event: NetEvent): string {
  return event.transition ?? event.produced?.[0]?.place ?? event.consumed?.[0]?.place ?? "net";
}
