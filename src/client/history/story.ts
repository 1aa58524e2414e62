/** One story: everything in a log that descends from one arrival, in order, by its correlation or by any of its tokens. */
import { beginningOf, readOn } from "../../actors/past.ts";
import type { Broker } from "../../contract/broker.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import type { NetEvent, PlacedToken } from "../../contract/event.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import type { ArtifactRef } from "../../contract/token.ts";
import { applyEvent } from "../../net/fold.ts";
import { findToken } from "./find-token.ts";
import { type Totals, totalsOf } from "./lineage.ts";
import { type Step, stepOf } from "./step-story.ts";

/** Diffs and other texts beyond this many bytes are named, not printed. */
const MOST_BYTES = 2 * 1024 * 1024;
/** Why a log cannot be read, or not from its beginning. */
const UNREAD: ReadonlySet<string> = new Set(["log-gap", "log-purged", "below-floor"]);

export interface StoryStep extends Step {
  tokens: PlacedToken[];
}
export interface Story {
  net: string;
  correlation: string;
  title: string;
  from: string;
  to: string;
  /** Firings of it that are under way or wait for people. */
  open: number;
  steps: StoryStep[];
  totals: Totals;
}

/** A story as one log tells it; `takenFrom`: the net that it began in, of which this one is a fork. */
interface Collected {
  story: Story;
  takenFrom: string | null;
}

/** Errors: Terminal `no-such-story`, `below-floor` where only a fork still tells it; those of `findToken`. */
export async function storyOf(broker: Broker, text: string, nets: string[]): Promise<Story> {
  const told: Collected[] = [];
  for (const net of nets) {
    const one = await collect(broker, net, text).catch((error: unknown) => {
      // The log of another net is no reason to know nothing of this story.
      if (nets.length === 1 || !(error instanceof PetrelError) || !UNREAD.has(error.code)) throw error;
      return null;
    });
    if (one?.takenFrom === null) return one.story;
    if (one) told.push(one);
  }
  const [fork] = told;
  if (fork) return ofFork(broker, fork, nets);
  const { net, correlation } = await correlationOf(broker, text, nets);
  const one = await collect(broker, net, correlation);
  if (!one) throw new Terminal({ code: "no-such-story", message: `the log of ${net} no longer holds ${correlation}` });
  return ofFork(broker, one, nets);
}

/** What a fork made of it is another story, to be told where it is asked for, or where there is no other. */
async function ofFork(broker: Broker, { story, takenFrom }: Collected, nets: string[]): Promise<Story> {
  if (takenFrom === null || !nets.includes(takenFrom) || (await broker.log(takenFrom).bounds()).first === 1) return story;
  throw new Terminal({
    code: "below-floor",
    message: `the beginning of the log of ${takenFrom} was cleared, and this story with it: only the fork ${story.net} goes on with it`,
    hint: `petrel report ${story.correlation} --net ${story.net}`,
  });
}

async function correlationOf(broker: Broker, text: string, nets: string[]): Promise<{ net: string; correlation: string }> {
  const { net, correlation } = await findToken(broker, text, nets).catch((error: unknown) => {
    if (!(error instanceof PetrelError) || error.code !== "no-such-token") throw error;
    throw new Terminal({
      code: "no-such-story",
      message: `no story is called ${text}, and ${error.message}`,
      hint: error.hint ?? "petrel events NET shows what a log holds",
    });
  });
  return { net, correlation };
}

async function collect(broker: Broker, net: string, correlation: string): Promise<Collected | null> {
  const past = await beginningOf(broker, net);
  const { state } = past;
  const own = new Map<string, NetEvent[]>();
  const versions = new Map<string, Record<string, string>>();
  let takenFrom: string | null = null;
  await readOn(broker, past, { kind: "now" }, (event) => {
    applyEvent(state, event);
    if (event.type === "forked" && event.produced?.some(({ token }) => token.correlation === correlation))
      takenFrom = state.origin?.net ?? null;
    const key = event.firing ?? `#${event.seq}`;
    const known = own.get(key);
    if (known) known.push(event);
    else if (event.correlation === correlation) {
      own.set(key, [event]);
      versions.set(key, { ...state.personas });
    }
  });
  const events = [...own.values()].flat();
  const [first] = events;
  if (!first) return null;
  const steps = [...own].map(([key, about]): StoryStep => {
    const version = (persona: string) => versions.get(key)?.[persona] ?? null;
    const step = stepOf(key, about, { distance: 0, open: state.firings.has(key), version });
    return { ...step, tokens: about.flatMap(({ produced }) => produced ?? []) };
  });
  await fetchBig(broker, steps);
  const open = steps.filter((step) => step.open).length;
  const last = events.reduce((latest, event) => (event.seq > latest.seq ? event : latest));
  const story = { net, correlation, title: titleOf(first), from: first.ts, to: last.ts, open, steps, totals: totalsOf(steps) };
  return { story, takenFrom };
}

/** Data that was too big for the log stands in the artefact store. */
async function fetchBig(broker: Broker, steps: StoryStep[]): Promise<void> {
  for (const step of steps) {
    step.tokens = await Promise.all(
      step.tokens.map(async (placed) => {
        const ref = placed.token.data;
        if (!isBig(ref) || ref.size > MOST_BYTES) return placed;
        const content = await broker.artifacts.get(ref.$artifact);
        return content === null ? placed : { ...placed, token: { ...placed.token, data: parsed(content) } };
      }),
    );
  }
}

function isBig(data: Json): data is Json & ArtifactRef {
  return isJsonObject(data) && typeof data.$artifact === "string" && typeof data.size === "number";
}
function parsed(content: Uint8Array): Json {
  const text = new TextDecoder().decode(content);
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
function titleOf({ produced = [], summary }: NetEvent): string {
  const data = produced[0]?.token.data;
  return isJsonObject(data) && typeof data.title === "string" ? data.title : summary;
}
