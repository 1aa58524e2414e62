/**
 * `map` with JSONata: the result is worked out in another process, then the firing is one event like every other `map`.
 *
 * M1 While a result is worked out, its tokens are held in memory (B8): the log knows nothing, and after a crash it is simply done
 * again. M2 At the end it is looked whether all that was bound is still there and the net still the same; else it is bound anew.
 * M3 A result waits where its tokens stand until it fits: paused nets and full places keep it, and it is not worked out twice.
 */
import type { Clock } from "../../contract/clock.ts";
import { Cancelled, errorData, Terminal } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Evaluators } from "../../executors/expressions/evaluators.ts";
import { type Binding, hold, release, stillBound } from "../../net/binding.ts";
import type { CompiledNet, CompiledTransition } from "../../net/compiled-net.ts";
import { boundForWork, firedNow } from "../../net/decide.ts";
import { durationMs } from "../../net/definition.ts";
import { boundInputs } from "../../net/held-inputs.ts";
import type { Outcome } from "../../net/outcome.ts";
import type { BoundInput } from "../../net/routing.ts";
import { inputData } from "../../net/routing.ts";
import { metaOf } from "../../net/scope.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";

export interface MapWorkPorts {
  state: NetState;
  clock: Clock;
  expressions: Evaluators | null;
  isOver(): boolean;
  wake(transition: string): void;
  /** Of a firing that has passed a gate, and so has `started` in the log. */
  settle(firing: string, attempt: number, outcome: Outcome): void;
}

interface Job {
  net: CompiledNet;
  transition: CompiledTransition;
  binding: Binding;
  outcome: Outcome | null;
}

const TIMEOUT_MS = 1000;
/** Held at once for one transition that does not say how many. */
const SLOTS = 64;

export class MapWork {
  readonly #ports: MapWorkPorts;
  readonly #jobs = new Map<string, Set<Job>>();

  constructor(ports: MapWorkPorts) {
    this.#ports = ports;
  }

  /** The event of a result that is there and fits, or null: `wake` is called when there is one. */
  decide(net: CompiledNet, transition: CompiledTransition, now: number, upTo?: number): EventDraft | null {
    const { state } = this.#ports;
    const jobs = this.#jobs.get(transition.id) ?? new Set<Job>();
    this.#jobs.set(transition.id, jobs);
    for (const job of jobs) if (!this.#holds(job, net, now)) this.#drop(jobs, job);
    const slots = transition.definition.concurrency ?? SLOTS;
    while (jobs.size < slots) {
      const binding = boundForWork(state, net, transition, now, upTo);
      if (!binding || this.#isKnown(jobs, binding)) break;
      this.#start(jobs, { net, transition, binding, outcome: null }, now);
    }
    if (state.paused || state.killed) return null;
    for (const job of jobs) {
      // It leaves the list when its tokens have left their places: until then the same event comes again (M3).
      const binding = job.outcome && this.#holds(job, net, now);
      const draft = binding && job.outcome && firedNow(state, net, transition, binding, job.outcome, now);
      if (draft) return draft;
    }
    return null;
  }

  /** For a firing behind a gate. */
  begin(firing: OpenFiring, transition: CompiledTransition): void {
    const { state, settle } = this.#ports;
    void this.#outcome(transition, boundInputs(state, transition, firing), firing.openedAt).then((outcome) => {
      if (outcome) settle(firing.firing, firing.attempt, outcome);
    });
  }

  /** M2. */
  #holds({ net, transition, binding }: Job, current: CompiledNet, now: number): Binding | null {
    return net === current ? stillBound(this.#ports.state, transition, binding, now) : null;
  }

  /** A time of a schedule that is worked on is bound again until it is in the log: nothing but tokens is held. */
  #isKnown(jobs: Set<Job>, { occurrence }: Binding): boolean {
    return occurrence !== null && [...jobs].some(({ binding }) => binding.occurrence?.at === occurrence.at);
  }

  #drop(jobs: Set<Job>, job: Job): void {
    jobs.delete(job);
    release(this.#ports.state, job.transition, job.binding);
  }

  #start(jobs: Set<Job>, job: Job, now: number): void {
    const { state, isOver, wake } = this.#ports;
    hold(state, job.transition, job.binding);
    jobs.add(job);
    void this.#outcome(job.transition, job.binding.inputs, now).then((outcome) => {
      if (isOver() || !outcome || !jobs.has(job)) return;
      job.outcome = outcome;
      wake(job.transition.id);
    });
  }

  /** Null when nothing comes of it: the master stops. */
  async #outcome(transition: CompiledTransition, inputs: BoundInput[], now: number): Promise<Outcome | null> {
    const { expressions } = this.#ports;
    const { jsonata, definition } = transition;
    try {
      if (!expressions || jsonata === null) throw new Terminal({ code: "no-evaluator", message: "this master evaluates no JSONata" });
      const timeoutMs = definition.timeout ? durationMs(definition.timeout) : TIMEOUT_MS;
      const value = await expressions.evaluate({ expression: jsonata, input: inputData(inputs), meta: envelopes(inputs), now, timeoutMs });
      return { ok: true, value };
    } catch (error) {
      return error instanceof Cancelled ? null : { ok: false, error: errorData(error) };
    }
  }
}

function envelopes(inputs: BoundInput[]): JsonObject {
  return Object.fromEntries(
    inputs.map(({ name, many, place, tokens }): [string, Json] => {
      const all = tokens.map((token) => metaOf(token, place));
      return [name, many ? all : (all[0] ?? null)];
    }),
  );
}
