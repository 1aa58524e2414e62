/**
 * Metrics in the text format of Prometheus. Firings are counted from the logs of all nets, from their beginning, so that a gateway that
 * starts anew goes on with the same numbers; what stands (tokens, firings under way) is asked of the owners at each scrape. What kind a
 * transition is of stands in the definition that its firing ran under.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { netRows, readAnswer } from "../client/answers.ts";
import { askNet, askRuntime } from "../client/ask.ts";
import type { NetEvent } from "../contract/event.ts";
import type { MarkingView } from "../contract/marking.ts";
import type { NetDefinition } from "../net/definition.ts";
import { flattenNet } from "../net/flatten.ts";
import type { House } from "./api.ts";

const ENDS: Record<string, string> = { fired: "ok", sent: "ok", expired: "expired" };

interface Ended {
  net: string;
  transition: string;
  outcome: string;
  /** Hash of the definition. */
  version: string;
  durationMs: number | undefined;
}

function outcomeOf({ type, attributes }: NetEvent): string | undefined {
  return type === "failed" && attributes?.final === true ? "failed" : ENDS[type];
}

export class Metrics {
  readonly #house: House;
  readonly #registry = new Registry();
  readonly #firings = this.#counter("petrel_firings_total", "Firings that ended", ["net", "transition", "kind", "outcome"]);
  readonly #refusals = this.#counter("petrel_refusals_total", "Tokens and tool calls that were refused", ["net", "what"]);
  readonly #tokensIn = this.#counter("petrel_model_tokens_total", "Tokens of models", ["net", "persona", "model", "direction"]);
  readonly #cost = this.#counter("petrel_model_cost_usd_total", "What models cost, in US dollars", ["net", "persona", "model"]);
  readonly #lapses = this.#counter("petrel_leases_lost_total", "Attempts that lost their executor", ["net", "transition"]);
  readonly #durations = new Histogram({
    name: "petrel_firing_duration_seconds",
    help: "From the start of an attempt to its end",
    labelNames: ["net", "transition", "kind"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800],
    registers: [this.#registry],
  });
  readonly #waiting = this.#gauge("petrel_tokens", "Tokens at rest", ["net", "place", "state"]);
  readonly #oldest = this.#gauge("petrel_oldest_token_seconds", "Age of the token that lies in a place longest", ["net", "place"]);
  readonly #open = this.#gauge("petrel_open_firings", "Firings under way, and those that wait for people", ["net", "state"]);
  readonly #stale = this.#gauge("petrel_projection_stale", "1 while the streams of a net's places are out of reach", ["net"]);
  readonly #lag = this.#gauge("petrel_projection_lag", "Changes that the streams of a net's places have not got yet", ["net"]);
  readonly #leases = this.#gauge("petrel_leases", "Attempts that an executor holds", ["net", "executor"]);
  readonly #executors = this.#gauge("petrel_executors", "Executors that are there", []);
  /** Kinds of transitions, by net and version. */
  readonly #kinds = new Map<string, Map<string, string>>();
  #counting: Promise<void> = Promise.resolve();

  constructor(house: House) {
    this.#house = house;
    house.ledger.onEvent((event) => this.#take(event));
  }

  /** Errors: those of asking the masters; what was counted is told all the same. */
  async text(): Promise<string> {
    await this.#look().catch((error: unknown) =>
      this.#house.logger.warn({ error: String(error) }, "the masters do not answer; metrics are those of before"),
    );
    return this.#registry.metrics();
  }
  get type(): string {
    return this.#registry.contentType;
  }

  #take(event: NetEvent): void {
    const { net, transition = "", type } = event;
    const outcome = outcomeOf(event);
    if (outcome !== undefined) {
      const ended = { net, transition, outcome, version: event.netVersion ?? "", durationMs: event.durationMs };
      this.#counting = this.#counting.then(() => this.#count(ended));
    }
    if (type === "refused" || type === "denied") this.#refusals.inc({ net, what: type === "refused" ? "token" : "tool" });
    if (type === "lapsed" && event.attributes?.handed === undefined) this.#lapses.inc({ net, transition });
    if (event.model) this.#takeModel(event, event.model);
  }

  async #count({ net, transition, outcome, version, durationMs }: Ended): Promise<void> {
    const kind = (await this.#kindsOf(net, version)).get(transition) ?? "";
    this.#firings.inc({ net, transition, kind, outcome });
    if (durationMs !== undefined) this.#durations.observe({ net, transition, kind }, durationMs / 1000);
  }

  /** A version that cannot be read now is asked for again at the next firing. */
  async #kindsOf(net: string, version: string): Promise<Map<string, string>> {
    const key = `${net} ${version}`;
    const known = this.#kinds.get(key);
    if (known) return known;
    const definition = (await this.#house.broker.netVersions.get(net, version).catch(() => null)) as NetDefinition | null;
    // Events name what stands in sub-nets by flat names.
    const transitions = definition ? Object.entries(flattenNet(definition).definition.transitions) : [];
    const kinds = new Map<string, string>(transitions.map(([name, { kind }]) => [name, kind]));
    if (definition) this.#kinds.set(key, kinds);
    return kinds;
  }

  #takeModel({ net, persona = "" }: NetEvent, { name, inputTokens, outputTokens, costUsd }: NonNullable<NetEvent["model"]>): void {
    this.#tokensIn.inc({ net, persona, model: name, direction: "in" }, inputTokens);
    this.#tokensIn.inc({ net, persona, model: name, direction: "out" }, outputTokens);
    this.#cost.inc({ net, persona, model: name }, costUsd);
  }

  async #look(): Promise<void> {
    const { broker, clock } = this.#house;
    await this.#house.ledger.follow(await broker.nets());
    await this.#counting;
    const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
    const markings = await Promise.all(
      nets.map(({ net }) => askNet(broker, net, "marking") as unknown as Promise<MarkingView & { stale: boolean; behind?: number }>),
    );
    for (const gauge of [this.#waiting, this.#oldest, this.#open, this.#stale, this.#lag, this.#leases]) gauge.reset();
    for (const { net, places, firings, stale, behind = 0 } of markings) {
      for (const { place, waiting, reserved, oldestAt } of places) {
        this.#waiting.set({ net, place, state: "waiting" }, waiting);
        this.#waiting.set({ net, place, state: "reserved" }, reserved);
        this.#oldest.set({ net, place }, oldestAt === null ? 0 : Math.max(0, clock.now() - Date.parse(oldestAt)) / 1000);
      }
      this.#open.set({ net, state: "running" }, firings.filter(({ gate }) => gate === null).length);
      this.#open.set({ net, state: "gated" }, firings.filter(({ gate }) => gate !== null).length);
      this.#stale.set({ net }, stale ? 1 : 0);
      this.#lag.set({ net }, behind);
      for (const { executor } of firings) if (executor !== null) this.#leases.inc({ net, executor });
    }
    this.#executors.set((await broker.work.executors()).length);
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
  #gauge<T extends string>(name: string, help: string, labelNames: T[]): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}
