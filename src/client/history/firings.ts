/** Firings as people ask for them: those of a transition or a persona, and one of them whole, with what it took, was told and made. */
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import type { NetEvent, PlacedToken } from "../../contract/event.ts";
import { pageOfEvents } from "../event-pages.ts";
import { withPrompts } from "./lineage.ts";
import { type Step, stepOf } from "./step-story.ts";

export interface FiringPage {
  /** Newest first. One that lies across two pages is in both. */
  firings: Step[];
  /** Ask with `before` this for older ones; null at the beginning of the log. */
  nextBeforeSeq: number | null;
}
export interface FiringWanted {
  transition?: string | undefined;
  persona?: string | undefined;
  correlation?: string | undefined;
  limit: number;
  before?: number | undefined;
}
export interface FiringWhole extends Step {
  net: string;
  correlation: string | null;
  inputs: (PlacedToken & { read: boolean })[];
  outputs: PlacedToken[];
  events: NetEvent[];
}

/** Events that a firing has, at a guess: a page of so many times the limit is read. */
const EVENTS_EACH = 6;
const MOST_EVENTS = 2000;
const MOST_INPUTS = 50;
const ENDS: ReadonlySet<string> = new Set(["fired", "sent", "expired", "delivered"]);

export async function firingsOf(broker: Broker, net: string, { limit, before, ...filter }: FiringWanted): Promise<FiringPage> {
  const page = await pageOfEvents(broker, net, { filter, limit: Math.min(MOST_EVENTS, limit * EVENTS_EACH), before });
  const groups = new Map<string, NetEvent[]>();
  for (const event of page.events) {
    if (event.firing === undefined) continue;
    const known = groups.get(event.firing);
    if (known) known.push(event);
    else groups.set(event.firing, [event]);
  }
  const all = [...groups].map(([key, events]) => asStep(key, events)).sort((a, b) => newest(b) - newest(a));
  const shown = all.slice(0, limit);
  const cut = all.length > limit ? Math.min(...shown.map(({ began }) => began.seq)) : page.nextBeforeSeq;
  return { firings: shown, nextBeforeSeq: cut };
}

/** Errors: Terminal `no-such-firing`. */
export async function firingWhole(broker: Broker, net: string, firing: string): Promise<FiringWhole> {
  const events: NetEvent[] = [];
  await broker.log(net).read(0, (entry) => void events.push(...entry.events.filter((event) => event.firing === firing)), {
    holding: firing,
  });
  if (events.length === 0)
    throw new Terminal({
      code: "no-such-firing",
      message: `the log of ${net} has no firing ${firing}`,
      hint: `GET /api/nets/${net}/firings`,
    });
  const step = asStep(firing, events);
  await withPrompts(broker, [step]);
  const read = new Set(step.read.map(({ id }) => id));
  const tokens = await tokensOf(broker, net, [...step.consumed, ...step.read].slice(0, MOST_INPUTS), events);
  return {
    ...step,
    net,
    correlation: events.find(({ correlation }) => correlation !== undefined)?.correlation ?? null,
    inputs: tokens.map((placed) => ({ ...placed, read: read.has(placed.token.id) })),
    outputs: events.flatMap(({ produced }) => produced ?? []),
    events,
  };
}

function asStep(key: string, events: NetEvent[]): Step {
  const over = events.some(
    ({ type, attributes }) =>
      ENDS.has(type) ||
      attributes?.final === true ||
      (type === "decided" && attributes?.decision === "reject") ||
      attributes?.passed === false,
  );
  return stepOf(key, events, { distance: 0, open: !over, version: () => null });
}

/** Whoever made a token wrote it whole: mostly an earlier step of the same story. */
async function tokensOf(broker: Broker, net: string, ids: { place: string; id: string }[], events: NetEvent[]): Promise<PlacedToken[]> {
  const found = new Map<string, PlacedToken>();
  const missing = () => ids.filter(({ id }) => !found.has(id));
  const look = async (holding: string | undefined) =>
    holding !== undefined &&
    (await broker.log(net).read(
      0,
      (entry) => {
        for (const { produced = [] } of entry.events)
          for (const placed of produced) if (ids.some(({ id }) => id === placed.token.id)) found.set(placed.token.id, placed);
      },
      { holding },
    ));
  await look(events[0]?.correlation);
  for (const { id } of missing()) await look(id);
  return ids.flatMap(({ id }) => found.get(id) ?? []);
}

const newest = ({ ended, began }: Step): number => ended?.seq ?? began.seq;
