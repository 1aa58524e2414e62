/**
 * What changed between two moments: tokens that came, went and moved, firings that began and ended. A token has moved when
 * what it became, through however many firings, lies somewhere at the end; what was only read has not moved.
 */
import { noSuchMoment, type Past, pastOf, readOn } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import type { EventType, NetEvent, PlacedId } from "../../contract/event.ts";
import { applyEvent } from "../../net/fold.ts";
import { liesAfter, type Moment } from "../../net/moment.ts";
import type { NetState } from "../../net/state.ts";
import { usage } from "../usage.ts";

/** How a token came to be, or ceased to be: which event, and what it was. */
export interface Cause {
  seq: number;
  ts: string;
  type: EventType;
  transition: string | null;
  by: string | null;
  summary: string;
}
export interface FiringSpan {
  firing: string;
  transition: string;
  /** Null: before the span. */
  began: number | null;
  /** Null: still under way, or waiting for people, at its end. */
  ended: number | null;
  how: EventType | null;
}
export interface Difference {
  net: string;
  from: { seq: number; at: string | null };
  to: { seq: number; at: string | null };
  events: number;
  came: (PlacedId & { cause: Cause })[];
  went: (PlacedId & { cause: Cause })[];
  moved: (PlacedId & { to: (PlacedId & { cause: Cause })[] })[];
  began: FiringSpan[];
  ended: FiringSpan[];
  changed: { what: "state" | "definition"; from: string | null; to: string | null }[];
}

/** Errors: usage, when the first moment lies after the second; those of `pastOf`. */
export async function differenceOf(broker: Broker, net: string, from: Moment, to: Moment): Promise<Difference> {
  const past = await pastOf(broker, net, from);
  const wrongWay = to.kind === "event" ? to.seq < past.state.seq : past.last !== null && liesAfter(past.last, to);
  if (wrongWay) throw usage("the first moment lies after the second", "--between takes the earlier one first");
  const ledger = new Ledger(past);
  const last = await readOn(broker, past, to, (event) => ledger.take(event));
  if (to.kind === "event" && (last?.seq ?? 0) < to.seq) throw noSuchMoment(net, to.seq, last);
  return ledger.close(last);
}

class Ledger {
  readonly #state: NetState;
  /** At the first moment: place by token. */
  readonly #before: Map<string, string>;
  readonly #first: { seq: number; at: string | null; mode: string; definition: string | null };
  #events = 0;
  /** Token made in the span -> the tokens of the beginning that went into it. */
  readonly #origins = new Map<string, Set<string>>();
  readonly #made = new Map<string, Cause>();
  readonly #gone = new Map<string, Cause>();
  readonly #firings = new Map<string, FiringSpan>();

  constructor({ state, last }: Past) {
    this.#state = state;
    this.#before = placesByToken(state);
    this.#first = { seq: state.seq, at: last?.ts ?? null, mode: modeOf(state), definition: state.definition };
  }

  close(last: NetEvent | null): Difference {
    const before = this.#before;
    const after = placesByToken(this.#state);
    const arrived = [...after].filter(([id, place]) => before.get(id) !== place);
    const { moved, came } = this.#sort(before, arrived);
    const became = new Set(moved.map(({ id }) => id));
    const went = [...before].filter(([id]) => !after.has(id) && !became.has(id));
    const spans = [...this.#firings.values()];
    const { seq, at, mode, definition } = this.#first;
    const changed: Difference["changed"] = [];
    if (mode !== modeOf(this.#state)) changed.push({ what: "state", from: mode, to: modeOf(this.#state) });
    if (definition !== this.#state.definition) changed.push({ what: "definition", from: definition, to: this.#state.definition });
    return {
      net: this.#state.net,
      from: { seq, at },
      to: { seq: this.#state.seq, at: last?.ts ?? null },
      events: this.#events,
      came,
      went: went.map(([id, place]) => ({ place, id, cause: this.#gone.get(id) ?? UNKNOWN })),
      moved,
      began: spans.filter(({ began }) => began !== null),
      ended: spans.filter(({ ended }) => ended !== null),
      changed,
    };
  }

  take(event: NetEvent): void {
    this.#events += 1;
    const open = event.firing !== undefined && this.#state.firings.has(event.firing);
    applyEvent(this.#state, event);
    const cause = causeOf(event);
    const gone = (event.consumed ?? []).filter(({ place, id }) => !this.#state.places.get(place)?.has(id));
    const origins = this.#originsOf(gone);
    for (const { id } of gone) this.#gone.set(id, cause);
    for (const { token } of event.produced ?? []) {
      this.#made.set(token.id, cause);
      if (origins.size > 0) this.#origins.set(token.id, origins);
    }
    if (event.firing !== undefined) this.#span(event, event.firing, open);
  }

  /** One set for all that a firing made: a long chain copies nothing. */
  #originsOf(gone: PlacedId[]): Set<string> {
    const sets = gone.map(({ id }) => (this.#before.has(id) ? new Set([id]) : (this.#origins.get(id) ?? new Set<string>())));
    return sets.length === 1 && sets[0] ? sets[0] : new Set(sets.flatMap((set) => [...set]));
  }

  #span(event: NetEvent, firing: string, wasOpen: boolean): void {
    const isOpen = this.#state.firings.has(firing);
    const known = this.#firings.get(firing);
    if (!known && wasOpen === isOpen && event.type !== "fired") return;
    const span = known ?? { firing, transition: event.transition ?? "", began: wasOpen ? null : event.seq, ended: null, how: null };
    if (!isOpen && span.ended === null) Object.assign(span, { ended: event.seq, how: event.type });
    this.#firings.set(firing, span);
  }

  #sort(before: Map<string, string>, arrived: [string, string][]): Pick<Difference, "moved" | "came"> {
    const moved = new Map<string, Difference["moved"][number]>();
    const came: Difference["came"] = [];
    for (const [id, place] of arrived) {
      const cause = this.#made.get(id) ?? UNKNOWN;
      const origins = before.has(id) ? new Set([id]) : this.#origins.get(id);
      if (!origins) came.push({ place, id, cause });
      for (const origin of origins ?? []) {
        const row = moved.get(origin) ?? { place: before.get(origin) ?? "", id: origin, to: [] };
        row.to.push({ place, id, cause });
        moved.set(origin, row);
      }
    }
    return { moved: [...moved.values()], came };
  }
}

const UNKNOWN: Cause = { seq: 0, ts: "", type: "noted", transition: null, by: null, summary: "" };

function causeOf(event: NetEvent): Cause {
  const by = event.attributes?.by ?? event.produced?.[0]?.token.by ?? event.persona;
  return {
    seq: event.seq,
    ts: event.ts,
    type: event.type,
    transition: event.transition ?? null,
    by: typeof by === "string" ? by : null,
    summary: event.summary,
  };
}

function placesByToken(state: NetState): Map<string, string> {
  return new Map([...state.places].flatMap(([place, tokens]) => [...tokens.keys()].map((id): [string, string] => [id, place])));
}
function modeOf(state: NetState): string {
  return state.killed ? "killed" : state.paused ? "paused" : "running";
}
