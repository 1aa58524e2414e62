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

/** Errors: Terminal `no-such-story`; those of `findToken`. */
export async function storyOf(broker: Broker, text: string, nets: string[]): Promise<Story> {
  for (const net of nets) {
    const story = await collect(broker, net, text);
    if (story) return story;
  }
  const { net, correlation } = await correlationOf(broker, text, nets);
  const story = await collect(broker, net, correlation);
  if (!story) throw new Terminal({ code: "no-such-story", message: `the log of ${net} no longer holds ${correlation}` });
  return story;
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

async function collect(broker: Broker, net: string, correlation: string): Promise<Story | null> {
  const past = await beginningOf(broker, net);
  const { state } = past;
  const own = new Map<string, NetEvent[]>();
  const versions = new Map<string, Record<string, string>>();
  await readOn(broker, past, { kind: "now" }, (event) => {
    applyEvent(state, event);
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
  return { net, correlation, title: titleOf(first), from: first.ts, to: last.ts, open, steps, totals: totalsOf(steps) };
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
