/**
 * The circle of masters: who is there, who takes which net, and who speaks for all of them.
 *
 * G1 All of this is for liveness: a wrong guess costs time, never a firing, for the log decides (E2). G2 A master whose
 * connection is closed for a while is gone, and its leases count as free; one that is there and silent keeps them until they
 * run out. G3 Of an own outage nothing is concluded about others. G4 Nets are handed over while nothing runs for them here.
 */
import type { Broker, MasterPresence } from "../contract/broker.ts";
import type { Clock, Timer } from "../contract/clock.ts";
import { delay } from "../contract/clock.ts";
import { PetrelError, Terminal } from "../contract/errors.ts";
import type { Logger } from "../contract/logger.ts";
import type { Serving } from "../contract/serving.ts";
import { shareOf } from "./net-share.ts";

/** The lease of the one who answers for the runtime; no net has such a name. */
const SPEAKER = "_runtime";
const LOOK_MS = 500;
const NETS_MS = 2000;
const PING_MS = 2000;
/** Without a connection for so long, a master is gone. */
const GONE_MS = 1000;
/** A net that nobody has taken for so long is anybody's. */
const ORPHAN_MS = 3000;
const INSIST_MS = 15_000;
const NAME_MS = 3000;

export interface CircleParts {
  broker: Broker;
  clock: Clock;
  logger: Logger;
  presence: MasterPresence;
  leaseMs: number;
  /** A net that has a log, known or new. */
  found(net: string): void;
  /** Nets owned here for which nothing runs inside this master. */
  calm(): string[];
  /** Ends the term in order and gives back the lease. */
  handOver(net: string): Promise<void>;
  /** Answers for the runtime from now on. */
  speak(): Promise<Serving>;
}

interface Neighbour {
  answeredAt: number;
  /** Since when its connection is closed. */
  closedSince: number | null;
  asking: boolean;
}

export class MasterCircle {
  readonly #parts: CircleParts;
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #insisted = new Map<string, number>();
  readonly #freeSince = new Map<string, number>();
  #take = new Set<string>();
  #nets: string[] = [];
  #versioned: string[] | null = null;
  #netsAt = 0;
  #announcedAt = 0;
  #speaking: { serving: Serving; until: number } | null = null;
  #waiting = new Set<() => void>();
  #timer: Timer | null = null;
  #moving = false;
  #looking: Promise<void> | null = null;
  #stopped = false;

  constructor(parts: CircleParts) {
    this.#parts = parts;
    parts.broker.onConnection(() => {
      for (const neighbour of this.#neighbours.values()) neighbour.closedSince = null;
    });
  }

  /** Throws Terminal `name-taken`. One of this name that was killed a moment ago may still be connected. */
  async claimName(): Promise<void> {
    const { clock, presence } = this.#parts;
    const until = clock.now() + NAME_MS;
    while (await this.#answers(presence.name)) {
      if (clock.now() > until) {
        throw new Terminal({
          code: "name-taken",
          message: `a master called ${presence.name} is there already`,
          hint: "give this one another name: petrel master --name NAME",
        });
      }
      await delay(clock, 100);
    }
  }

  /** Takes a first look, and goes on looking. */
  async start(): Promise<void> {
    await this.look();
    this.#again();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    const { broker, presence } = this.#parts;
    await this.#quiet();
    await broker.leases.release(SPEAKER, presence.name).catch(() => {});
    await broker.masters.leave(presence.name).catch(() => {});
  }

  /** Whether requests to the runtime are this master's to answer: a thawed one answers none that lay in its buffers. */
  get speaks(): boolean {
    return this.#speaking !== null && this.#parts.clock.now() < this.#speaking.until;
  }

  /** Other masters that answer, the longest known first. */
  others(): string[] {
    const now = this.#parts.clock.now();
    return [...this.#neighbours].filter(([, { answeredAt }]) => now - answeredAt < PING_MS + GONE_MS).map(([name]) => name);
  }

  /** Masters that are gone for certain (G2). */
  gone(): ReadonlySet<string> {
    const now = this.#parts.clock.now();
    const closed = [...this.#neighbours].filter(([, { closedSince }]) => closedSince !== null && now - closedSince >= GONE_MS);
    return new Set(closed.map(([name]) => name));
  }

  /** This master is to have the net, whatever its share. */
  insist(net: string): void {
    this.#insisted.set(net, this.#parts.clock.now() + INSIST_MS);
    this.#wake();
  }
  took(net: string): void {
    this.#insisted.delete(net);
  }

  /** Settles when the net falls to this master; rejects when the signal is aborted. */
  async wanted(net: string, signal: AbortSignal): Promise<void> {
    while (!this.#take.has(net) && (this.#insisted.get(net) ?? 0) < this.#parts.clock.now()) {
      await new Promise<void>((resolve, reject) => {
        const end = () => {
          this.#waiting.delete(end);
          signal.removeEventListener("abort", end);
          if (signal.aborted) reject(signal.reason);
          else resolve();
        };
        this.#waiting.add(end);
        signal.addEventListener("abort", end, { once: true });
        if (signal.aborted) end();
      });
    }
  }

  /** Looks around once, and decides. While the broker is away nothing changes. One look at a time: who asks meanwhile shares it. */
  look(): Promise<void> {
    this.#looking ??= this.#lookAround().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookAround(): Promise<void> {
    const { broker, clock, logger } = this.#parts;
    try {
      await this.#announce();
      const leases = await broker.leases.all();
      await this.#speakUp(leases.get(SPEAKER));
      leases.delete(SPEAKER);
      await this.#learnNets(leases);
      this.#meet(await broker.masters.all());
      this.#decide(leases, clock.now());
    } catch (error) {
      logger.debug({ err: error }, "the circle of masters could not be looked at");
    }
  }

  #again(): void {
    this.#timer = this.#parts.clock.after(LOOK_MS, () => {
      void this.look().finally(() => {
        if (!this.#stopped) this.#again();
      });
    });
  }

  async #answers(name: string): Promise<boolean> {
    return await this.#parts.broker.masters.ask(name, "ping", null, 1000).then(
      () => true,
      () => false,
    );
  }

  async #announce(): Promise<void> {
    const { broker, clock, presence, leaseMs } = this.#parts;
    if (clock.now() - this.#announcedAt < leaseMs / 5) return;
    await broker.masters.announce(presence, leaseMs);
    this.#announcedAt = clock.now();
  }

  async #speakUp(holder: string | undefined): Promise<void> {
    const { broker, clock, presence, leaseMs } = this.#parts;
    const { name } = presence;
    const asked = clock.now();
    if (this.#speaking && asked < this.#speaking.until - leaseMs / 2) return;
    const free = holder === undefined || holder === name || this.gone().has(holder);
    const ours = free && (await broker.leases.acquire(SPEAKER, name, leaseMs, this.gone()));
    if (!ours) return await this.#quiet();
    const until = asked + leaseMs * 0.9;
    if (this.#speaking) this.#speaking.until = until;
    else if (!this.#stopped) this.#speaking = { serving: await this.#parts.speak(), until };
  }

  async #quiet(): Promise<void> {
    const speaking = this.#speaking;
    this.#speaking = null;
    await speaking?.serving.stop();
  }

  async #learnNets(leases: ReadonlyMap<string, string>): Promise<void> {
    const { broker, clock, found } = this.#parts;
    const isNew = [...leases.keys()].some((net) => !this.#nets.includes(net));
    if (!isNew && this.#netsAt > 0 && clock.now() - this.#netsAt < NETS_MS) return;
    // E2: a net whose log is gone is served too, so that somebody is told; its versions know it.
    this.#versioned ??= await broker.netVersions.names();
    this.#nets = [...new Set([...(await broker.nets()), ...this.#versioned])];
    this.#netsAt = clock.now();
    for (const net of this.#nets) found(net);
  }

  /** Asks each of the others for a sign of life, without waiting for it. */
  #meet(masters: readonly MasterPresence[]): void {
    const { clock, presence } = this.#parts;
    const names = new Set(masters.map(({ name }) => name));
    for (const [name, { closedSince }] of this.#neighbours) if (!names.has(name) && closedSince === null) this.#neighbours.delete(name);
    for (const name of names) {
      if (name === presence.name) continue;
      // At first sight it counts as there.
      const neighbour = this.#neighbours.get(name) ?? { answeredAt: clock.now(), closedSince: null, asking: false };
      this.#neighbours.set(name, neighbour);
      if (!neighbour.asking) void this.#ping(name, neighbour);
    }
  }

  async #ping(name: string, neighbour: Neighbour): Promise<void> {
    const { broker, clock } = this.#parts;
    neighbour.asking = true;
    try {
      await broker.masters.ask(name, "ping", null, PING_MS);
      neighbour.answeredAt = clock.now();
      neighbour.closedSince = null;
    } catch (error) {
      if (error instanceof PetrelError && error.code === "no-owner") neighbour.closedSince ??= clock.now();
      else neighbour.closedSince = null;
    }
    neighbour.asking = false;
  }

  #decide(leases: ReadonlyMap<string, string>, now: number): void {
    const me = this.#parts.presence.name;
    const gone = this.gone();
    const owners = new Map([...leases].filter(([, owner]) => !gone.has(owner)));
    const live = [me, ...this.others().filter((name) => !gone.has(name))];
    const share = shareOf({ me, live, owners, nets: this.#nets });
    // A lease of this name without a term is left from before a crash, or from a term that a rival ended.
    const mine = this.#nets.filter((net) => owners.get(net) === me);
    this.#take = new Set([...share.take, ...mine]);
    for (const net of this.#nets) {
      if (owners.has(net)) this.#freeSince.delete(net);
      else if (!this.#freeSince.has(net)) this.#freeSince.set(net, now);
      else if (now - (this.#freeSince.get(net) ?? now) > ORPHAN_MS) this.#take.add(net);
    }
    this.#wake();
    if (share.give.length > 0 && !this.#moving) void this.#give(share.give);
  }

  /** G4. */
  async #give(receivers: readonly string[]): Promise<void> {
    const { broker, handOver, calm, logger } = this.#parts;
    this.#moving = true;
    try {
      for (const to of receivers) {
        const net = calm()[0];
        if (net === undefined || this.#stopped) return;
        await handOver(net);
        await broker.masters.ask(to, "take", { net }, PING_MS).catch(() => {});
        logger.info({ net, to }, "a net was handed over");
      }
    } catch (error) {
      logger.warn({ err: error }, "a net could not be handed over");
    } finally {
      this.#moving = false;
    }
  }

  #wake(): void {
    for (const call of [...this.#waiting]) call();
  }
}
