/** Past requests of a persona once more, under a change: nothing of it reaches a net. */
import { PersonaBook } from "../../actors/persona-book.ts";
import type { PastRequest } from "../../client/past-requests.ts";
import type { Broker } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import { errorData } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { Tiers } from "../../models/tiers.ts";
import { agreement, differences, type Equality } from "../../net/rule/agree.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { runTurns } from "../../personas/turn-loop.ts";
import { outcomeOf } from "../../personas/turn-outcome.ts";

/** What is to be different. */
export interface Change {
  model?: string;
  tier?: Persona["tier"];
  prompt?: string;
}
export interface Retold {
  net: string;
  seq: number;
  transition: string;
  was: { outcome: string; usd: number; ms: number };
  now: {
    outcome: string;
    usd: number;
    ms: number;
    provider: string | null;
    model: string | null;
    recorded: boolean;
    error?: string;
    code?: string;
  };
  /** Both answered, and the answers count as the same. */
  same: boolean;
  /** JSON Pointers to where the answers differ. */
  differences: string[];
  answers: { was: Json; now: Json };
}
export interface WhatifPorts {
  broker: Broker;
  tiers: Tiers;
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
  equality: Equality;
  onDone(done: number): void;
}

/** Requests under way at once. */
const AT_ONCE = 4;

export async function askedAgain(persona: string, requests: readonly PastRequest[], change: Change, ports: WhatifPorts): Promise<Retold[]> {
  const book = new PersonaBook(ports.broker.personaVersions, ports.broker.artifacts);
  const retold: Retold[] = new Array<Retold>(requests.length);
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let at = next++; at < requests.length && !ports.signal.aborted; at = next++) {
      const request = requests[at] as PastRequest;
      retold[at] = await again(book, persona, request, change, ports);
      done += 1;
      ports.onDone(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return retold.filter(Boolean);
}

async function again(book: PersonaBook, name: string, request: PastRequest, change: Change, ports: WhatifPorts): Promise<Retold> {
  const { clock, tiers, timeoutMs, equality } = ports;
  const { net, seq, transition, firing, answer } = request;
  const was = { outcome: request.outcome, usd: request.usd, ms: request.ms };
  const started = clock.now();
  const about = { net, seq, transition, was };
  try {
    const { persona, knowledge } = await book.load(name, request.personaVersion);
    const changed: Persona = {
      ...persona,
      ...(change.tier === undefined ? {} : { tier: change.tier }),
      ...(change.prompt === undefined ? {} : { prompt: change.prompt }),
    };
    const {
      answer: now,
      model,
      outcome,
    } = await runTurns(
      // The words of the first request, whatever material they were made of.
      { shape: "llm", persona: changed, knowledge, ask: request.user, wiring: NO_HANDS, key: `whatif/${net}/${firing}/${started}` },
      {
        ask: (tier, sent, options) => tiers.ask(tier, { ...sent, ...whom(persona, change) }, { ...options, timeoutMs }),
        clock,
        signal: ports.signal,
        callTool: noTools,
      },
    );
    const same = answer !== undefined && agreement(equality, now, answer) === "yes";
    const recorded = model.costUsd === 0 && (model.listUsd ?? 0) > 0;
    const usd = model.listUsd ?? model.costUsd;
    return {
      ...about,
      now: { outcome, usd, ms: clock.now() - started, provider: model.provider, model: model.name, recorded },
      same,
      differences: same || answer === undefined ? [] : differences(answer, now, 5),
      answers: { was: answer ?? null, now },
    };
  } catch (error) {
    if (ports.signal.aborted) throw error;
    const data = errorData(error);
    const now = {
      outcome: outcomeOf(data) ?? "failed",
      usd: 0,
      ms: clock.now() - started,
      provider: null,
      model: null,
      recorded: false,
      error: data.message,
      code: data.code,
    };
    return { ...about, now, same: false, differences: [], answers: { was: answer ?? null, now: null } };
  }
}

/** Whose answers are compared: the model that was named and no other, for another's would tell nothing of it. */
function whom({ model }: Persona, change: Change): { prefer?: string; only?: boolean } {
  if (change.model !== undefined) return { prefer: change.model, only: true };
  return model === undefined || change.tier !== undefined ? {} : { prefer: model };
}

const NO_HANDS = { workspace: false, reads: [], writes: [] };
const noTools = () => Promise.reject(new Error("an llm calls no tools"));
