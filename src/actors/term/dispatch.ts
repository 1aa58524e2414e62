/**
 * Dispatch: what is done about an open firing once its `started` is in the log (E4). Models and agents are handed to the
 * persona's actor; commands and workspaces are offered to executors as signed orders.
 */
import type { Broker } from "../../contract/broker.ts";
import { type Clock, delay, isoTime } from "../../contract/clock.ts";
import type { SignedOrder, WorkOrder } from "../../contract/envelope.ts";
import { Cancelled, errorData, PetrelError } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import { inputScope } from "../../net/binding.ts";
import type { CompiledNet, CompiledTransition } from "../../net/compiled-net.ts";
import { durationMs, type Engine } from "../../net/definition.ts";
import { holdsBrowser, type Needs, SESSION_HAND, sessionHand } from "../../net/executor-match.ts";
import { boundInputs } from "../../net/held-inputs.ts";
import type { Outcome } from "../../net/outcome.ts";
import type { BoundInput } from "../../net/routing.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import { isStopped } from "../../net/stopped.ts";
import { type McpHttpServers, type McpServers, mcpServers } from "../../tools/mcp/mcp-tools.ts";
import type { PersonaBook } from "../persona-book.ts";
import { askOf } from "../turn-input.ts";
import { loadBundles } from "./bundles.ts";
import { renderOrder, showsCutFields, wholeInputs } from "./load-fields.ts";

export interface AssignedFiring {
  net: string;
  transition: string;
  kind: "llm" | "agent" | "command";
  firing: string;
  attempt: number;
  persona: string;
  personaVersion: string;
  instance: number;
  /** The rendered request; null for commands, whose hands need no words. */
  ask: string | null;
  /** Material for the ask, to be fenced. */
  data: { [name: string]: Json };
  correlation: string;
  timeoutMs: number;
  hasWorkspace: boolean;
  /** Its workspace is a browser, and no folder. */
  hasBrowser: boolean;
  /** Its turn loop keeps a journal. */
  durable: boolean;
  /** An agent that ends without `done` hands on what it said instead of failing. */
  takesUnfinished: boolean;
  /** The net file names it as a transition that releases. */
  release: boolean;
  /** Who works in the workspace, if it is not the turn loop. */
  engine: Engine | null;
  /** What its rule's program has made before it left the rest to the model: {rule, why, made}. */
  handed: JsonObject | null;
  /** MCP servers of its workspace. */
  mcp: McpServers | null;
  /** MCP servers over HTTP. */
  mcpHttp: McpHttpServers | null;
}

export interface DispatchPorts {
  state: NetState;
  netOf(firing: OpenFiring): CompiledNet | null;
  personas: PersonaBook;
  broker: Broker;
  clock: Clock;
  logger: Logger;
  isOver(): boolean;
  /** Whether the open attempt is in the log: it may be decided and still wait for it (E4). */
  isLogged(firing: OpenFiring): boolean;
  sign(order: WorkOrder): SignedOrder;
  /** Where people find the gateway, if there is one. */
  gateway?: (() => string | null) | undefined;
  assign(firing: AssignedFiring): void;
  /** Makes the request of an `http` transition. */
  request(firing: OpenFiring, transition: CompiledTransition): void;
  /** Works out the result of a `map` behind a gate. */
  workOut(firing: OpenFiring, transition: CompiledTransition): void;
  offered(firing: OpenFiring): void;
  /** True while nobody is there who could do it: it is offered again when somebody comes. */
  holds(firing: OpenFiring): boolean;
  /** Throws when the command is not granted its secrets, or one is missing. */
  mustHaveSecrets(firing: OpenFiring): void;
  /** What the parent of a fork was answered to the same request, or null. */
  recorded(firing: OpenFiring, transition: CompiledTransition): { outcome: Outcome; extra: Partial<EventDraft> } | null;
  settle(firing: string, attempt: number, outcome: Outcome, extra?: Partial<EventDraft>): void;
}

const TIMEOUTS = {
  http: 60_000,
  llm: 5 * 60_000,
  agent: 30 * 60_000,
  command: 10 * 60_000,
  pass: 60_000,
  map: 60_000,
  link: 60_000,
} as const;

const OFFER_AGAIN_MS = 500;
/** An order may wait so long for an executor. */
const ORDER_LIFE_MS = 24 * 3_600_000;

export class Dispatch {
  readonly #ports: DispatchPorts;
  /** Sessions that wait for an executor: firing/attempt -> who to tell. */
  #waiting = new Map<string, { resolve(executor: string): void; reject(error: Error): void }>();

  /** Firing -> the attempt that has begun here. */
  readonly #begun = new Map<string, number>();
  /** Firing -> how many offers of its attempt were made before. */
  readonly #offers = new Map<string, { attempt: number; nth: number }>();

  constructor(ports: DispatchPorts) {
    this.#ports = ports;
  }

  /** Begins an attempt, once. While the net is paused or killed nothing begins; `resumed` comes back to it. */
  run(firing: OpenFiring): void {
    const { state, settle, isLogged } = this.#ports;
    const transition = this.#transition(firing);
    // An instance does the work of its firing.
    if (!transition || firing.gate || firing.subnet || firing.notBefore !== null || state.killed || state.paused) return;
    if (isStopped(state, "persona", firing.persona ?? undefined)) return;
    if (this.hasBegun(firing) || !isLogged(firing)) return;
    this.#begun.set(firing.firing, firing.attempt);
    try {
      const recorded = this.#ports.recorded(firing, transition);
      if (recorded) settle(firing.firing, firing.attempt, recorded.outcome, recorded.extra);
      else this.#begin(firing, transition);
    } catch (error) {
      settle(firing.firing, firing.attempt, { ok: false, error: errorData(error) });
    }
  }

  hasBegun(firing: OpenFiring): boolean {
    return this.#begun.get(firing.firing) === firing.attempt;
  }
  /** Forgets it; true when an attempt had begun here. */
  over(firing: string): boolean {
    this.#offers.delete(firing);
    return this.#begun.delete(firing);
  }

  timeoutOf(firing: OpenFiring): number {
    const transition = this.#transition(firing);
    if (!transition) return TIMEOUTS.command;
    return transition.definition.timeout ? durationMs(transition.definition.timeout) : TIMEOUTS[transition.definition.kind];
  }

  /** What an executor must have to work on it, or null for what needs none. */
  needsOf(firing: OpenFiring): Needs | null {
    const pool = this.poolOf(firing);
    const transition = this.#transition(firing);
    if (pool === null || !transition) return null;
    const { definition } = transition;
    return { pool, labels: ("labels" in definition ? definition.labels : undefined) ?? [], hand: this.#hand(transition) };
  }

  /** The pool that works on it, or null for what needs no executor. */
  poolOf(firing: OpenFiring): string | null {
    const definition = this.#transition(firing)?.definition;
    if (definition?.kind === "command") return definition.pool;
    if (definition?.kind === "agent" && definition.workspace) return definition.pool ?? "code";
    return null;
  }

  /** The transition's word counts, else the persona's. */
  isDurable(firing: OpenFiring): boolean {
    const { state, personas } = this.#ports;
    const definition = this.#transition(firing)?.definition;
    if (definition?.kind !== "llm" && definition?.kind !== "agent") return false;
    // A session of an engine is one step, and keeps no journal.
    if (definition.kind === "agent" && definition.engine !== undefined) return false;
    return definition.durable ?? personas.get(definition.persona, state.personas[definition.persona])?.durable ?? false;
  }

  /** Offers the workspace of an agent's firing and settles with the executor that claims it. */
  openSession(id: string, attempt: number, signal: AbortSignal): Promise<string> {
    const firing = this.#ports.state.firings.get(id);
    const transition = firing && this.#transition(firing);
    if (!firing || !transition || firing.attempt !== attempt) return Promise.reject(gone());
    // A durable one is taken up again where its workspace stands.
    if (firing.claim) return Promise.resolve(firing.claim.executor);
    const key = `${id}/${attempt}`;
    return new Promise<string>((resolve, reject) => {
      const end = (error: Error) => {
        this.#waiting.delete(key);
        reject(error);
      };
      signal.addEventListener("abort", () => end(gone()), { once: true });
      this.#waiting.set(key, { resolve, reject: end });
      this.#offerUntilHeard(firing, transition, "session").catch(end);
    });
  }

  claimed(firing: OpenFiring, executor: string): void {
    const key = `${firing.firing}/${firing.attempt}`;
    this.#waiting.get(key)?.resolve(executor);
    this.#waiting.delete(key);
  }

  /** Offers again what nobody has claimed: after a pause an offer may have been turned down. */
  offerAgain(firing: OpenFiring): void {
    const transition = this.#transition(firing);
    if (!transition || firing.claim || this.poolOf(firing) === null) return;
    const mode = transition.definition.kind === "agent" ? "session" : "run";
    const waiting = this.#waiting.get(`${firing.firing}/${firing.attempt}`);
    if (mode === "run") this.#offerRun(firing, transition);
    else if (waiting) void this.#offerUntilHeard(firing, transition, mode).catch(waiting.reject);
  }

  /** What cannot be offered has failed: it would stand there for ever. */
  #offerRun(firing: OpenFiring, transition: CompiledTransition): void {
    const { attempt } = firing;
    void this.#offerUntilHeard(firing, transition, "run").catch((error: unknown) =>
      this.#ports.settle(firing.firing, attempt, { ok: false, error: errorData(error) }),
    );
  }

  #begin(firing: OpenFiring, transition: CompiledTransition): void {
    const { kind } = transition.definition;
    if (kind === "map") {
      this.#ports.workOut(firing, transition);
      return;
    }
    if (kind === "http") {
      this.#ports.request(firing, transition);
      return;
    }
    if (kind === "agent" && !firing.claim) this.#ports.mustHaveSecrets(firing);
    if (kind === "command" && !firing.claim) {
      // Without them it could not be done by whoever claims it.
      this.#ports.mustHaveSecrets(firing);
      this.#offerRun(firing, transition);
    }
    void this.#assignWhole(firing, transition);
  }

  /** Asks as soon as all that the ask names is at hand, if the attempt is still open then. */
  async #assignWhole(firing: OpenFiring, transition: CompiledTransition): Promise<void> {
    const { broker, state, assign, settle } = this.#ports;
    const { attempt } = firing;
    const inputs = boundInputs(state, transition, firing);
    try {
      const assigned = this.#assigned(firing, transition, inputs);
      if (!assigned) return;
      if (!showsCutFields([assigned.ask, assigned.data])) return assign(assigned);
      const whole = await this.#untilThere(() => wholeInputs(inputs, broker.artifacts), firing);
      const again = this.#isOpen(firing, attempt) ? this.#assigned(firing, transition, whole) : null;
      if (again) assign(again);
    } catch (error) {
      settle(firing.firing, attempt, { ok: false, error: errorData(error) });
    }
  }

  /** What is out of reach for a moment fails no work. */
  async #untilThere<T>(get: () => Promise<T>, firing: OpenFiring): Promise<T> {
    const { clock, logger, isOver } = this.#ports;
    for (;;) {
      try {
        return await get();
      } catch (error) {
        if (isOver() || !(error instanceof PetrelError) || error.outlook !== "retryable") throw error;
        logger.warn({ err: error, firing: firing.firing }, "what a token has in the artefact store could not be read yet");
        await delay(clock, OFFER_AGAIN_MS);
      }
    }
  }

  #isOpen(firing: OpenFiring, attempt: number): boolean {
    const { state, isOver } = this.#ports;
    return !isOver() && !state.killed && state.firings.get(firing.firing) === firing && firing.attempt === attempt;
  }

  #hand(transition: CompiledTransition): string {
    const { definition } = transition;
    if (definition.kind === "command") return definition.hand;
    return definition.kind === "agent" ? sessionHand(definition) : SESSION_HAND;
  }

  #assigned(firing: OpenFiring, transition: CompiledTransition, inputs: BoundInput[]): AssignedFiring | null {
    const { state, personas } = this.#ports;
    const { definition } = transition;
    if (
      !firing.persona ||
      definition.kind === "pass" ||
      definition.kind === "map" ||
      definition.kind === "link" ||
      definition.kind === "http"
    )
      return null;
    return {
      net: state.net,
      transition: transition.id,
      kind: definition.kind,
      firing: firing.firing,
      attempt: firing.attempt,
      persona: firing.persona,
      personaVersion: state.personas[firing.persona] ?? personas.version(firing.persona) ?? "",
      instance: firing.instance ?? 1,
      ...askOf(transition, inputs, firing.openedAt),
      correlation: firing.correlation,
      timeoutMs: this.timeoutOf(firing),
      hasWorkspace: definition.kind === "agent" && definition.workspace !== undefined,
      hasBrowser: definition.kind === "agent" && holdsBrowser(definition),
      durable: this.isDurable(firing),
      takesUnfinished: definition.kind === "agent" && definition.unfinished === "result",
      release: definition.kind === "agent" && definition.release === true,
      handed: firing.handed ?? null,
      mcp: definition.kind === "agent" ? (mcpServers.safeParse(definition.workspace?.mcp).data ?? null) : null,
      engine: (definition.kind === "agent" && definition.engine) || null,
      mcpHttp: definition.kind === "agent" ? (definition.mcp ?? null) : null,
    };
  }

  /** A broker that is away fails no work: the offer is made as soon as it is back, if the attempt is still open then. */
  async #offerUntilHeard(firing: OpenFiring, transition: CompiledTransition, mode: "run" | "session"): Promise<void> {
    const { clock, logger } = this.#ports;
    const { attempt } = firing;
    // The broker drops an offer that it has had under the same id: one that is made again has another.
    const before = this.#offers.get(firing.firing);
    const nth = before?.attempt === attempt ? before.nth + 1 : 0;
    this.#offers.set(firing.firing, { attempt, nth });
    while (this.#isOpen(firing, attempt) && !firing.claim && !this.#ports.holds(firing)) {
      try {
        return await this.#offer(firing, transition, { mode, hand: this.#hand(transition), nth });
      } catch (error) {
        if (!(error instanceof PetrelError) || error.outlook !== "retryable") throw error;
        logger.warn({ err: error, firing: firing.firing }, "an offer could not be made yet");
        await delay(clock, OFFER_AGAIN_MS);
      }
    }
  }

  async #offer(
    firing: OpenFiring,
    transition: CompiledTransition,
    how: { mode: "run" | "session"; hand: string; nth: number },
  ): Promise<void> {
    const { state, clock, broker, sign, offered, personas } = this.#ports;
    const { pool, labels } = this.needsOf(firing) ?? { pool: "code", labels: [] as string[] };
    const render = (inputs: BoundInput[]) => transition.input?.render(inputScope(inputs), firing.openedAt) ?? {};
    const rendered = await renderOrder(boundInputs(state, transition, firing), render, broker.artifacts);
    const loaded = await loadBundles(rendered, broker.artifacts);
    const input: JsonObject = isJsonObject(loaded) ? loaded : {};
    const persona = firing.persona ? personas.get(firing.persona, state.personas[firing.persona]) : null;
    const order: WorkOrder = {
      v: 1,
      net: state.net,
      transition: transition.id,
      firing: firing.firing,
      attempt: firing.attempt,
      pool,
      ...(labels.length > 0 ? { labels: [...labels] } : {}),
      key: `${state.net}/${transition.id}/${firing.firing}`,
      mode: how.mode,
      hand: how.hand,
      input,
      persona: persona ? { name: persona.persona, flags: persona.flags, tools: persona.tools } : null,
      correlation: firing.correlation,
      timeoutMs: this.timeoutOf(firing),
      at: isoTime(clock.now()),
      expires: isoTime(clock.now() + ORDER_LIFE_MS),
      netVersion: firing.netVersion,
      ...gatewayOf(this.#ports.gateway?.() ?? null),
      ...(transition.definition.kind === "agent" && transition.definition.release === true ? { release: true } : {}),
    };
    offered(firing);
    const id = `${firing.firing}.${firing.attempt}${how.nth === 0 ? "" : `.${how.nth}`}`;
    await broker.work.offer(sign(order), { pool, net: state.net, transition: transition.id, id });
  }

  #transition(firing: OpenFiring): CompiledTransition | undefined {
    return this.#ports.netOf(firing)?.transitions.get(firing.transition);
  }
}

function gatewayOf(url: string | null): { gateway?: string } {
  return url === null ? {} : { gateway: url };
}

function gone(): Cancelled {
  return new Cancelled({ code: "attempt-over", message: "this attempt is over" });
}
