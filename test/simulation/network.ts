/** The wire between processes and the broker: it is slow, loses requests and answers, and says things twice. */

import { Retryable } from "../../src/contract/errors.ts";
import type { Serving } from "../../src/contract/serving.ts";
import type { SimProcess } from "./process.ts";
import type { World } from "./world.ts";

/** Probabilities, drawn anew for each seed: some seeds see one kind of trouble, others all of them. */
export interface Weather {
  slow: number;
  lost: number;
  twice: number;
  /** At each append, for each of the three moments. */
  crash: number;
  lostAnswer: number;
  falseLease: number;
}

export const CALM: Weather = { slow: 0, lost: 0, twice: 0, crash: 0, lostAnswer: 0, falseLease: 0 };
/** Longer than any message is under way: shorter than a lease. */
const SLOWEST_MS = 600;
const TIMEOUT_MS = 1000;
const ASK_TIMEOUT_MS = 4000;

export function stormy(world: World): Weather {
  const { chance } = world;
  const some = (most: number) => (chance.of(0.4) ? 0 : chance.next() * most);
  return { slow: some(0.2), lost: some(0.04), twice: some(0.15), crash: some(0.02), lostAnswer: some(0.3), falseLease: some(0.3) };
}

interface Service {
  process: SimProcess;
  reachable(): boolean;
  handle(body: never): Promise<unknown>;
}

export class Network {
  readonly world: World;
  weather: Weather = CALM;
  readonly #services = new Map<string, Set<Service>>();

  constructor(world: World) {
    this.world = world;
  }

  delay(): number {
    const { chance } = this.world;
    return chance.of(this.weather.slow) ? chance.between(5, SLOWEST_MS) : chance.between(0, 3);
  }

  /** A request to the broker. It may be done although its caller never hears of it, or has died. */
  rpc<T>(from: SimProcess, act: () => Promise<T>, idempotent = true): Promise<T> {
    const { world, weather } = this;
    return new Promise<T>((resolve, reject) => {
      const noAnswer = () => reject(new Retryable({ code: "no-answer", message: "the broker did not answer in time" }));
      if (world.chance.of(weather.lost / 2)) return void from.after(TIMEOUT_MS, noAnswer);
      const answerLost = world.chance.of(weather.lost / 2);
      const answered = (settle: () => void) => void from.after(answerLost ? TIMEOUT_MS : this.delay(), answerLost ? noAnswer : settle);
      world.after(this.delay(), () => {
        act().then(
          (value) => answered(() => resolve(value)),
          (error: unknown) => answered(() => reject(error)),
        );
      });
      if (idempotent && world.chance.of(weather.twice / 4)) world.after(this.delay(), () => void act().catch(() => {}));
    });
  }

  /** Messages of one subscription: each late by its own time, none before the one that was sent earlier. */
  channel<T>(to: SimProcess, call: (message: T) => void, repeats = false): (message: T) => void {
    let last = 0;
    const send = (message: T) => {
      const at = Math.max(last, this.world.now() + this.delay());
      last = at;
      this.world.after(at - this.world.now(), () => to.deliver(() => call(message)));
    };
    return (message) => {
      send(message);
      if (repeats && this.world.chance.of(this.weather.twice)) this.world.after(this.delay(), () => send(message));
    };
  }

  serve(process: SimProcess, name: string, reachable: () => boolean, handle: (body: never) => Promise<unknown>): Serving {
    const service = { process, reachable, handle };
    const all = this.#services.get(name) ?? new Set<Service>();
    this.#services.set(name, all.add(service));
    return { stop: async () => void all.delete(service) };
  }

  /** A request to whoever serves the name: one of them answers, and nobody knows which when there are several. */
  ask<T>(from: SimProcess, name: string, body: unknown): Promise<T> {
    const { world, weather } = this;
    return new Promise<T>((resolve, reject) => {
      const timer = from.after(ASK_TIMEOUT_MS, () => reject(new Retryable({ code: "no-answer", message: `no answer from ${name}` })));
      const settle = (act: () => void) => {
        if (world.chance.of(weather.lost)) return;
        from.after(this.delay(), () => {
          timer.cancel();
          act();
        });
      };
      if (world.chance.of(weather.lost)) return;
      const arrive = () => {
        const there = [...(this.#services.get(name) ?? [])].filter((each) => each.process.alive && each.reachable());
        if (there.length === 0) return settle(() => reject(new Retryable({ code: "no-owner", message: `nobody serves ${name}` })));
        const service = world.chance.pick(there);
        service.process.deliver(() => {
          service.handle(structuredClone(body) as never).then(
            (answer) => settle(() => resolve(structuredClone(answer) as T)),
            (error: unknown) => settle(() => reject(error)),
          );
        });
      };
      world.after(this.delay(), arrive);
      if (world.chance.of(weather.twice / 2)) world.after(this.delay(), arrive);
    });
  }
}
