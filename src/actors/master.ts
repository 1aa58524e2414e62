/**
 * A master: the runtime actor with its nets and personas, and the verbs that no single net owns.
 *
 * M1 A net is served while its lease is ours; safety rests on the log alone, and which nets a master tries for is the
 * circle's to say. M2 Nothing is started before the control
 * record was read from the leader (E9). M3 Of what is heard of the control record the highest generation counts, whatever comes later.
 */

import { type AnyActorRef, createActor, fromCallback, fromPromise } from "xstate";
import type { ControlChange, ControlState } from "../contract/broker.ts";
import { delay, isoTime } from "../contract/clock.ts";
import { RUNNING } from "../contract/control.ts";
import { Cancelled, type ErrorData, errorData, Retryable } from "../contract/errors.ts";
import type { NetEvent } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import type { Serving } from "../contract/serving.ts";
import { type ActorNode, actorTree } from "./actor-tree.ts";
import { ArtifactDesk } from "./artifact-desk.ts";
import { ArtifactLender } from "./artifact-lender.ts";
import { beganAgain, followControl } from "./control-switch.ts";
import { learnHere } from "./crystal/learn.ts";
import { ExecutorStanding } from "./executor-standing.ts";
import { KillWord } from "./kill-word.ts";
import { KnowledgeParts } from "./knowledge-parts.ts";
import { MasterCircle } from "./master-circle.ts";
import type { MasterFace } from "./master-face.ts";
import type { MasterPorts } from "./master-ports.ts";
import { serveMaster } from "./master-verbs.ts";
import { NetLeases } from "./net-leases.ts";
import { type NetEventIn, netMachine } from "./net-machine.ts";
import { OutputDesk } from "./output-desk.ts";
import { keepOwnSubnets } from "./own-subnets.ts";
import { PersonaBook } from "./persona-book.ts";
import { type Finished, personaMachine, type WorkInput } from "./persona-machine.ts";
import { RECRUITING } from "./recruiter/proposal.ts";
import { type Recruiter, startRecruiter } from "./recruiter/recruiter.ts";
import { rosterOf } from "./roster.ts";
import { serveRuntime } from "./runtime-commands.ts";
import { runtimeMachine } from "./runtime-machine.ts";
import { namesArtifact } from "./term/named-artifacts.ts";
import { NET_VERBS } from "./term/net-commands.ts";
import { Term } from "./term/term.ts";

const BETWEEN_TRIES_MS = 500;
/** Two that take turns under one name would otherwise fill the log. */
const SURPLUS_TOLD_MS = 3_600_000;

export class Master implements MasterFace {
  readonly ports: MasterPorts;
  readonly personas: PersonaBook;
  readonly knowledgeParts: KnowledgeParts;
  readonly terms = new Map<string, Term>();
  readonly #root: AnyActorRef;
  readonly #listeners = new Set<(event: NetEvent) => void>();
  #serving: Serving[] = [];
  #problems = new Map<string, ErrorData>();
  readonly #served = new Set<string>();
  #stopping = false;
  #turn: Promise<unknown> = Promise.resolve();
  #followed: { generation: number; rows: Json[] } = { generation: -1, rows: [] };
  /** The newest that was heard of. */
  #control: ControlState = { ...RUNNING, generation: -1 };
  readonly circle: MasterCircle;
  readonly killWord: KillWord;
  readonly #leases: NetLeases;
  readonly #outputs: OutputDesk;
  readonly #recruiter: Recruiter;
  readonly #standing: ExecutorStanding;
  /** Executor -> when it was last told that two have its name. */
  readonly #surplusTold = new Map<string, number>();

  private constructor(ports: MasterPorts) {
    this.ports = ports;
    this.personas = new PersonaBook(ports.broker.personaVersions, ports.broker.artifacts);
    this.knowledgeParts = new KnowledgeParts(ports.broker.artifacts);
    const { broker, clock, logger, name, netLeaseMs: leaseMs } = ports;
    this.#recruiter = startRecruiter({ broker, clock, logger, term: () => this.terms.get(RECRUITING) });
    this.#outputs = new OutputDesk({
      ...{ output: broker.liveOutput, secretFilter: ports.secretFilter ?? (() => null) },
      held: (executor, { net, firing, attempt }) => this.terms.get(net)?.claims.held(executor, firing, attempt) ?? null,
    });
    this.#standing = new ExecutorStanding(ports.leaseMs);
    this.killWord = new KillWord(clock, (executor) => this.#standing.starts.current(executor)?.start);
    this.#leases = new NetLeases({ leases: broker.leases, clock, logger, name, leaseMs });
    const { host = "", pid = 0 } = ports.process ?? {};
    this.circle = new MasterCircle({
      ...{ broker, clock, logger, leaseMs },
      presence: { name, version: ports.version, host, pid, since: isoTime(clock.now()) },
      found: (net) => this.#found(net),
      calm: () => [...this.terms].filter(([, term]) => term.calm).map(([net]) => net),
      handOver: (net) => this.#handOver(net),
      speak: () => serveRuntime(this),
    });
    this.#root = createActor(this.#machine(), {
      id: "runtime",
      systemId: "runtime",
      ...(ports.inspect ? { inspect: ports.inspect } : {}),
    }) as AnyActorRef;
  }

  /** Serves every net that has a log, and the runtime's verbs. */
  static async start(ports: MasterPorts): Promise<Master> {
    const master = new Master(ports);
    ports.broker.onConnection((state) => {
      if (state === "up") master.#standing.starts.wireUp(ports.clock.now());
      for (const term of master.terms.values()) term.connection(state === "up");
    });
    master.#root.start();
    master.#serving.push(
      await ports.broker.control.watch((control) => {
        void master.follow(control, "another master").catch(() => {});
      }),
    );
    // Who is there is known from the start, also while no net needs anybody.
    master.#serving.push(await ports.broker.work.onExecutor((heard) => master.#executorHeard(heard)));
    const desk = new ArtifactDesk({
      ...{ artifacts: ports.broker.artifacts, clock: ports.clock },
      holds: (executor, { net, firing, attempt }) => master.terms.get(net)?.claims.holds(executor, firing, attempt) ?? null,
    });
    master.#serving.push(await ports.broker.work.serveArtifacts((executor, piece) => desk.take(executor, piece)));
    const lender = new ArtifactLender({
      ...{ artifacts: ports.broker.artifacts, clock: ports.clock },
      mayRead: (executor, { net, firing, attempt, artifact }) => {
        const term = master.terms.get(net);
        const holds = term?.claims.holds(executor, firing, attempt) ?? null;
        if (!term || holds === null) return null;
        return holds ? namesArtifact(term, firing, artifact, ports.broker.artifacts) : Promise.resolve(false);
      },
    });
    master.#serving.push(await ports.broker.work.lendArtifacts((executor, ask) => lender.give(executor, ask)));
    for (const each of [desk, lender]) master.#serving.push({ stop: async () => each.stop() });
    master.#serving.push(ports.broker.work.onPrinted((...printed) => master.#outputs.take(...printed)));
    await master.circle.claimName();
    master.#serving.push(await serveMaster(master));
    await master.circle.start();
    return master;
  }

  /** Raises the generation, and follows it here before the broker's echo comes. */
  async writeControl(change: ControlChange, by: string): Promise<ControlState> {
    return this.#inTurn(async () => {
      const control = await this.ports.broker.control.write(change);
      await this.#followNow(control, by);
      return control;
    });
  }

  /** Brings all terms into line. Gives what changed under this generation, also by an earlier call. */
  follow(control: ControlState, by: string): Promise<Json[]> {
    return this.#inTurn(() => this.#followNow(control, by));
  }

  async #followNow(heard: ControlState, by: string): Promise<Json[]> {
    const control = this.#newest(heard);
    const rows = await Promise.all([...this.terms.values()].map((term) => followControl(term, control, by).catch(() => [])));
    const before = this.#followed.generation === control.generation ? this.#followed.rows : [];
    this.#followed = { generation: control.generation, rows: [...before, ...rows.flat()] };
    return this.#followed.rows;
  }

  /** M3. */
  #newest(heard: ControlState): ControlState {
    if (heard.generation >= this.#control.generation) this.#control = heard;
    return this.#control;
  }

  /** Kills and resumes go one after the other: two at once would both find the same work to stop. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Owns the net as soon as nobody else does, whatever this master's share is. */
  serve(net: string): void {
    this.circle.insist(net);
    this.#found(net);
  }

  /** The net is there; whether this master takes it, its share says. */
  #found(net: string): void {
    if (this.#served.has(net)) return;
    this.#served.add(net);
    this.#root.send({ type: "net.serve", net });
  }

  async #handOver(net: string): Promise<void> {
    await this.terms.get(net)?.close();
    await this.#leases.giveBack(net);
  }

  /** The term of a net once it has one; throws Retryable `not-serving` when it takes too long. */
  async termOf(net: string, timeoutMs = 15_000): Promise<Term> {
    const until = this.ports.clock.now() + timeoutMs;
    for (;;) {
      const term = this.terms.get(net);
      if (term) return term;
      if (this.ports.clock.now() > until) {
        throw new Retryable({
          code: "not-serving",
          message: `this master does not own ${net} yet: ${this.#problems.get(net)?.message ?? "its lease is somebody else's"}`,
          hint: this.#problems.get(net)?.hint ?? "petrel doctor",
        });
      }
      await delay(this.ports.clock, 20);
    }
  }

  /** Nets that this master serves or waits to serve. */
  served(): string[] {
    return [...this.#served];
  }

  problem(net: string): ErrorData | null {
    return this.#problems.get(net) ?? null;
  }

  tree(): ActorNode {
    return actorTree(this.#root, (net) => {
      const firings = [...(this.terms.get(net)?.state.firings.values() ?? [])];
      return firings.flatMap(({ subnet, firing }) => (subnet ? [{ subnet, firing }] : []));
    });
  }

  /** Gives back what ends it. */
  onCommitted(listener: (event: NetEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A clean end: terms are closed, leases given back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#recruiter.stop();
    await this.circle.stop();
    for (const serving of this.#serving.splice(0)) await serving.stop();
    // The actors first: a net actor whose term ends would take the lease again.
    this.#root.stop();
    const terms = [...this.terms.entries()];
    this.terms.clear();
    for (const [net, term] of terms) {
      await term.close();
      await this.#leases.giveBack(net);
    }
  }

  #machine() {
    const { work, broker, name, netLeaseMs, clock } = this.ports;
    const persona = personaMachine.provide({
      actors: {
        work: fromPromise<Finished, WorkInput>(({ input, signal }) =>
          work(input, {
            ...{ signal, term: this.terms.get(input.firing.net) ?? null, personas: this.personas },
            follow: (listener) => this.onCommitted(listener),
          }),
        ),
      },
    });
    const net = netMachine.provide({
      actors: {
        persona,
        acquire: fromPromise(async ({ input, signal }) => {
          for (;;) {
            await this.circle.wanted(input.net, signal);
            if (await broker.leases.acquire(input.net, name, netLeaseMs, this.circle.gone()).catch(() => false)) break;
            await delay(clock, BETWEEN_TRIES_MS, signal);
          }
          this.circle.took(input.net);
        }),
        open: fromPromise(({ input, self }) => this.#open(input.net, (event) => this.#stopping || self._parent?.send(event))),
        keepLease: fromCallback(({ input, sendBack }) => this.#leases.keep(input.net, (reason) => this.#lost(input.net, reason, sendBack))),
        wait: fromPromise(({ signal }) => delay(clock, BETWEEN_TRIES_MS, signal)),
      },
    });
    return runtimeMachine.provide({ actors: { net } });
  }

  async #open(net: string, send: (event: NetEventIn) => void): Promise<Term> {
    const { broker, clock, ids, random, name, logger, leaseMs, sign } = this.ports;
    if (this.#stopping) throw new Cancelled({ code: "stopped", message: "this master stops" });
    try {
      const term = await Term.open({
        broker,
        net,
        owner: name,
        clock,
        ids,
        random: () => random(),
        logger,
        leaseMs,
        personas: this.personas,
        stepwise: this.ports.stepwise ?? false,
        ...(this.ports.placePaceMs === undefined ? {} : { placePaceMs: this.ports.placePaceMs }),
        sign,
        gateway: this.ports.gateway,
        http: this.ports.http ?? null,
        expressions: this.ports.expressions ?? null,
        learn: this.ports.learn ?? learnHere,
        crystalModels: this.ports.crystalModels,
        ...(this.ports.crystallize === undefined ? {} : { crystallize: this.ports.crystallize }),
        secretFilter: this.ports.secretFilter,
        ...(this.ports.checkpointEvents === undefined ? {} : { checkpointEvents: this.ports.checkpointEvents }),
        standing: this.#standing,
        worked: (executor) => this.#standing.worked(executor),
        holdOff: (executor, { lapsed, until }) => this.#tellHeld(executor, { lapsed, until: isoTime(until) }),
        assign: (firing) => send({ type: "firing.assigned", firing }),
        cancel: (firing, attempt, reason) => send({ type: "firing.cancelled", firing, attempt, reason }),
        definitionChanged: (changed) => {
          send({ type: "roster.changed", roster: rosterOf(changed), subnets: changed.net?.subnets ?? [] });
          keepOwnSubnets(changed, { broker, clock, logger, serve: (own) => this.serve(own) });
        },
        opened: (opened) => {
          this.terms.set(net, opened);
          send({ type: "term.opened", term: opened });
          if (net === RECRUITING) this.#recruiter.look();
        },
        committed: (event) => {
          for (const listener of this.#listeners) listener(event);
          if (net === RECRUITING) this.#recruiter.look();
        },
        stalled: (error) => (error ? this.#problems.set(net, error) : this.#problems.delete(net)),
        control: async (opened) => beganAgain(await followControl(opened, this.#newest(await broker.control.read()), name)),
        over: (reason) => {
          if (this.#stopping) return;
          this.terms.delete(net);
          logger.warn({ net, reason }, "the term is over");
          send({ type: "term.over", reason });
        },
        serve: (handle) => broker.commands.serve(net, handle),
        verbs: NET_VERBS,
        printed: () => this.#outputs.of(net),
      });
      this.#problems.delete(net);
      return term;
    } catch (error) {
      const problem = errorData(error);
      // It is tried twice a second: said once, and again when it is another one.
      if (this.#problems.get(net)?.message !== problem.message) logger.error({ err: error, net }, "the net could not be opened");
      this.#problems.set(net, problem);
      throw error;
    }
  }

  #executorHeard(heard: Parameters<KillWord["heard"]>[0]): void {
    const { broker, clock, logger } = this.ports;
    this.killWord.heard(heard);
    const doubled = this.#standing.starts.heard(heard, clock.now());
    if (doubled === null) return;
    const { name, start } = doubled.surplus;
    const [kept, surplus] = [doubled.kept, doubled.surplus].map(({ host, pid }) => `process ${pid} on ${host}`);
    const isOurs = this.circle.speaks; // T3
    if (isOurs) void broker.work.cancel(name, { net: "", firing: "", attempt: 0, surplus: start, kept: kept ?? "" }).catch(() => {});
    const now = clock.now();
    if (now - (this.#surplusTold.get(name) ?? Number.NEGATIVE_INFINITY) < SURPLUS_TOLD_MS) return;
    this.#surplusTold.set(name, now);
    const judged = `${kept} keeps its work, ${surplus} is to end`;
    const summary = `Two executors run as ${name}: ${isOurs ? judged : `${kept} and ${surplus}; one of them is told to end`}.`;
    logger.warn({ executor: name, kept, surplus }, summary);
    for (const term of this.terms.values()) {
      if (![...term.state.firings.values()].some(({ claim }) => claim?.executor === name)) continue;
      void term.commit({ category: "executor", type: "noted", status: "refused", summary, attributes: { executor: name } }).catch(() => {});
    }
  }

  #tellHeld(executor: string, hold: { lapsed: number; until: string }): void {
    const { broker, logger } = this.ports;
    logger.warn({ executor, ...hold }, "an executor lets its claims lapse and gets no work for a while");
    void broker.work.tellHeld(executor, hold).catch((error: unknown) => logger.debug({ error: errorData(error) }, "it could not be told"));
  }

  #lost(net: string, reason: string, sendBack: (event: NetEventIn) => void): void {
    const term = this.terms.get(net);
    if (term) void term.abandon();
    else sendBack({ type: "term.over", reason });
  }
}
