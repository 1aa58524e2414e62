/** Past requests of a persona once more, under a change: nothing of it reaches a net. */
import { PersonaBook } from "../../actors/persona-book.ts";
import type { PastRequest } from "../../client/past-requests.ts";
import type { Broker } from "../../contract/broker.ts";
import type { Clock } from "../../contract/clock.ts";
import { errorData, PetrelError, Terminal } from "../../contract/errors.ts";
import type { ModelUse } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import type { Tiers } from "../../models/tiers.ts";
import { addUse } from "../../models/use.ts";
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
  /** `answered`: it gave an answer then. */
  was: { outcome: string; usd: number; ms: number; answered: boolean };
  now: {
    outcome: string;
    /** Null: it failed, and no provider told of a use. */
    usd: number | null;
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
  /** Instead of what the steps declare. */
  equality?: Equality;
  onDone(done: number): void;
}

/** Requests under way at once. */
const AT_ONCE = 4;
/** What is wrong with the change or the machine, and so with every request. */
const HOPELESS = new Set(["model-unknown", "model-key-refused", "no-model", "no-price", "unknown-tier"]);

/** Errors: the first request's, where it says that none can be answered. */
export async function askedAgain(persona: string, requests: readonly PastRequest[], change: Change, ports: WhatifPorts): Promise<Retold[]> {
  const book = new PersonaBook(ports.broker.personaVersions, ports.broker.artifacts);
  const retold: Retold[] = new Array<Retold>(requests.length);
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let at = next++; at < requests.length && !ports.signal.aborted; at = next++) {
      const request = requests[at] as PastRequest;
      const one = await again(book, persona, request, change, ports);
      if (one.error && HOPELESS.has(one.error.code) && !retold.some((other) => other && other.now.error === undefined)) {
        next = requests.length;
        throw hopeless(one.error, change);
      }
      retold[at] = one.retold;
      done += 1;
      ports.onDone(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return retold.filter(Boolean);
}

async function again(book: PersonaBook, name: string, request: PastRequest, change: Change, ports: WhatifPorts): Promise<Again> {
  const { clock, tiers, timeoutMs } = ports;
  const { net, seq, transition, firing, answer } = request;
  const equality = ports.equality ?? request.equality ?? "exact";
  const was = { outcome: request.outcome, usd: request.usd, ms: request.ms, answered: answer !== undefined };
  const started = clock.now();
  // Also of answers that were no good: they are paid for.
  let use: ModelUse | null = null;
  const about = { net, seq, transition, was };
  try {
    const { persona, knowledge } = await book.load(name, request.personaVersion);
    const changed: Persona = {
      ...persona,
      ...(change.tier === undefined ? {} : { tier: change.tier }),
      ...(change.prompt === undefined ? {} : { prompt: change.prompt }),
    };
    const { answer: now, outcome } = await runTurns(
      // The words of the first request, whatever material they were made of.
      { shape: "llm", persona: changed, knowledge, ask: request.user, wiring: NO_HANDS, key: `whatif/${net}/${firing}/${started}` },
      {
        ask: async (tier, sent, options) => {
          const given = await tiers.ask(tier, { ...sent, ...whom(persona, change) }, { ...options, timeoutMs });
          use = addUse(use, given.use);
          return given;
        },
        clock,
        signal: ports.signal,
        callTool: noTools,
      },
    );
    const same = answer !== undefined && agreement(equality, now, answer) === "yes";
    const retold = {
      ...about,
      now: { outcome, ms: clock.now() - started, ...costOf(use) },
      same,
      differences: same || answer === undefined ? [] : differences(answer, now, 5),
      answers: { was: answer ?? null, now },
    };
    return { retold };
  } catch (error) {
    if (ports.signal.aborted) throw error;
    const data = errorData(error);
    const now = {
      outcome: outcomeOf(data) ?? "failed",
      ms: clock.now() - started,
      ...costOf(use),
      error: data.message,
      code: data.code,
    };
    const retold = { ...about, now, same: false, differences: [], answers: { was: answer ?? null, now: null } };
    return error instanceof PetrelError ? { retold, error } : { retold };
  }
}

function hopeless(error: PetrelError, { model }: Change): PetrelError {
  const { code, message, hint, exitCode } = error;
  const aid = code === "model-unknown" && model !== undefined ? "correct the name after --model" : hint;
  return new Terminal({ code, message: `nothing was asked again: ${message}`, ...(aid === undefined ? {} : { hint: aid }), exitCode });
}

interface Again {
  retold: Retold;
  error?: PetrelError;
}

/** Null where nobody has told of a use. */
function costOf(use: ModelUse | null): Pick<Retold["now"], "usd" | "provider" | "model" | "recorded"> {
  if (!use) return { usd: null, provider: null, model: null, recorded: false };
  const recorded = use.costUsd === 0 && (use.listUsd ?? 0) > 0;
  return { usd: use.listUsd ?? use.costUsd, provider: use.provider, model: use.name, recorded };
}

/** Whose answers are compared: the model that was named and no other, for another's would tell nothing of it. */
function whom({ model }: Persona, change: Change): { prefer?: string; only?: boolean } {
  if (change.model !== undefined) return { prefer: change.model, only: true };
  return model === undefined || change.tier !== undefined ? {} : { prefer: model };
}

const NO_HANDS = { workspace: false, reads: [], writes: [] };
const noTools = () => Promise.reject(new Error("an llm calls no tools"));
