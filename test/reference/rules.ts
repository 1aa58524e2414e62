/**
 * What a rule in a model's place means, written down as plainly as it goes and apart from the engine: made from docs/crystallization.md
 * and docs/net-file.md alone. Two things it leaves to the engine and only bounds: which claimed firings are audited, and how soon
 * disagreements are drift.
 */
import type { NetFile } from "../../src/net/definition.ts";

export interface Item {
  k: number;
  v: number;
}
export type Mode = "shadow" | "live" | "off";
export interface ModelRule {
  /** Its domain: these `k`, or `v` from here to there. */
  guard: { k: number[] } | { from: number; to: number };
  /** `k` of the answer by `k` of the input; of another it knows nothing. */
  rows: Record<string, number>;
  /** `v` of the answer; null for the input's. */
  v: number | null;
}
export interface ModelStep {
  id: string;
  from: string;
  /** Takes only items whose `k` is not this one. */
  not: number | null;
  /** The first that takes the answer, by its `k`; null for any. */
  out: { to: string; below: number | null }[];
  concurrency: number;
  rule: ModelRule;
  mode: Mode | null;
  shadow: number;
  audit: number;
  /** Only `k` counts when answers are compared. */
  loosely: boolean;
}

const NEVER = 1_000_000;
/** More than so many disagreements are needed to call it drift, and so many one after the other are always enough. */
export const DRIFT = 3;
export const BOUND = 0.2;

export function crystalOf({ rule, shadow, audit, loosely }: ModelStep, mode: Mode) {
  const rows = Object.entries(rule.rows).map(([k, give]) => ({ when: [Number(k)], give }));
  const guard =
    "k" in rule.guard
      ? { test: "in" as const, path: "/x/k", values: rule.guard.k }
      : { test: "range" as const, path: "/x/v", atLeast: rule.guard.from, atMost: rule.guard.to };
  const v = rule.v === null ? { kind: "copy" as const, path: "/x/v" } : { kind: "constant" as const, value: rule.v };
  const k = { kind: "table" as const, keys: [{ path: "/x/k" }], rows };
  const equality = loosely ? { fields: { k: "exact" as const } } : ("exact" as const);
  const answer = { kind: "object" as const, fields: { k, v } };
  return { mode, rule: { guard: [guard], answer }, shadow, audit, bound: BOUND, equality, promote: "policy" as const };
}

export const PLACES = ["work", "mid", "done"];

export function netFileOf(steps: readonly ModelStep[]): NetFile {
  const transitions: NetFile["transitions"] = {};
  for (const step of steps)
    transitions[step.id] = {
      ...{ kind: "llm", persona: "p", ask: "Say it.", concurrency: step.concurrency, onError: "errors" },
      in: [{ place: step.from, as: "x", ...(step.not === null ? {} : { where: `$.k != ${step.not}` }) }],
      out: step.out.map(({ to, below }) => ({ to, ...(below === null ? {} : { when: `$result.k < ${below}` }) })),
      ...(step.mode === null ? {} : { crystal: crystalOf(step, step.mode) }),
    };
  const places = Object.fromEntries([...PLACES, "errors"].map((name) => [name, name === "work" ? { open: true } : {}]));
  return { net: "n", places, transitions };
}

export interface Counts {
  answered: number;
  declined: number;
  shadow: { same: number; other: number };
  audit: { same: number; other: number };
}
interface Known extends Counts {
  demoted: boolean;
  /** Compared since its mode began: otherwise than the model, and how many of the last ones. */
  other: number;
  row: number;
}
const fresh = (): Known => ({
  ...{ answered: 0, declined: 0, demoted: false, other: 0, row: 0 },
  shadow: { same: 0, other: 0 },
  audit: { same: 0, other: 0 },
});

interface Lying {
  id: number;
  data: Item | "error";
}
interface Open {
  step: ModelStep;
  token: Lying & { data: Item };
  /** Of the net file that it began under, and ends under. */
  mode: Mode | null;
}

export class RuleReference {
  places: Record<string, Lying[]> = {};
  open: Open[] = [];
  modes: Record<string, Mode | null> = {};
  known: Record<string, Known> = {};
  disagreements = 0;
  #next = 1;

  constructor(steps: ModelStep[]) {
    for (const { id, mode } of steps) this.modes[id] = mode;
    for (const place of [...PLACES, "errors", "dead-letter"]) this.places[place] = [];
  }

  put(place: string, data: Item | "error"): void {
    this.places[place]?.push({ id: this.#next++, data });
  }

  /** What the rule would answer, left alone; null where it claims nothing. */
  ruled({ rule }: ModelStep, { k, v }: Item): Item | null {
    const inside = "k" in rule.guard ? rule.guard.k.includes(k) : v >= rule.guard.from && v <= rule.guard.to;
    const given = rule.rows[k];
    return inside && given !== undefined ? { k: given, v: rule.v ?? v } : null;
  }
  wayOf({ out }: ModelStep, { k }: Item): string | null {
    return out.find(({ below }) => k < (below ?? NEVER))?.to ?? null;
  }
  bound(step: ModelStep): (Lying & { data: Item }) | null {
    if (this.open.filter((one) => one.step === step).length >= step.concurrency) return null;
    const held = new Set(this.open.map(({ token }) => token.id));
    const fits = ({ id, data }: Lying) => data !== "error" && !held.has(id) && data.k !== step.not;
    return ((this.places[step.from] ?? []).find(fits) as (Lying & { data: Item }) | undefined) ?? null;
  }

  /** What firing it may do: nothing, `answers` by the rule in one event, `asks` the model, or either where audits are a sample. */
  may(step: ModelStep): "nothing" | "answers" | "asks" | "either" {
    const token = this.bound(step);
    if (!token) return "nothing";
    const answer = this.ruled(step, token.data);
    const isLive = this.modes[step.id] === "live" && !this.#of(step).demoted;
    if (!isLive || !answer || this.wayOf(step, answer) === null || step.audit === 1) return "asks";
    // A sample of one in a thousand rises only once something has happened.
    return step.audit < 0.01 && this.#of(step).declined === 0 && this.#of(step).other === 0 ? "answers" : "either";
  }
  fire(step: ModelStep, asks: boolean): void {
    const token = this.bound(step);
    if (!token) return;
    const mode = this.modes[step.id] ?? null;
    if (asks) return void this.open.push({ step, token, mode });
    const answer = this.ruled(step, token.data);
    this.#take(step, token);
    if (answer) this.put(this.wayOf(step, answer) ?? "dead-letter", answer);
    this.#counts(step).answered += 1;
  }
  /** The oldest open firing of the step ends with the model's answer; null: with an error. `away`: it could not be asked. Whether the rule answered. */
  finish(step: ModelStep, answer: Item | null, away = false): boolean {
    const at = this.open.findIndex((one) => one.step === step);
    const [firing] = this.open.splice(at, 1);
    if (!firing) return false;
    this.#take(step, firing.token);
    const ruled = this.ruled(step, firing.token.data);
    const ruledWay = ruled && this.wayOf(step, ruled);
    // An audit that cannot be had holds nothing up.
    if (away && firing.mode === "live" && this.modes[step.id] === "live" && !this.#of(step).demoted && ruled && ruledWay !== null) {
      this.put(ruledWay, ruled);
      this.#counts(step).answered += 1;
      return true;
    }
    const way = answer && this.wayOf(step, answer);
    if (!answer || way == null) {
      this.put("errors", "error");
      return false;
    }
    this.put(way, answer);
    if (firing.mode !== null && firing.mode !== "off" && !this.#of(step).demoted) this.#compare(firing, answer);
    return false;
  }
  #compare({ step, token, mode }: Open, answer: Item): void {
    const known = this.#counts(step);
    const ruled = this.ruled(step, token.data);
    if (!ruled) {
      known.declined += 1;
      return;
    }
    const same = ruled.k === answer.k && (step.loosely || ruled.v === answer.v);
    known[mode === "shadow" ? "shadow" : "audit"][same ? "same" : "other"] += 1;
    known.row = same ? 0 : known.row + 1;
    if (same) return;
    known.other += 1;
    this.disagreements += 1;
  }

  /** What follows by itself: `may` where how soon is the engine's affair. */
  follows(step: ModelStep): { promoted: boolean; demoted: "no" | "may" | "must" } {
    const mode = this.modes[step.id];
    const { shadow, demoted, other, row } = this.#of(step);
    const quiet = { promoted: false, demoted: "no" as const };
    if (mode == null || mode === "off" || demoted) return quiet;
    if (row >= DRIFT) return { promoted: false, demoted: "must" };
    const drift = other >= DRIFT ? ("may" as const) : ("no" as const);
    const seen = shadow.same + shadow.other;
    if (mode !== "shadow" || seen < step.shadow) return { promoted: false, demoted: drift };
    return shadow.other <= 1 + 2 * BOUND * seen ? { promoted: true, demoted: drift } : { promoted: false, demoted: "must" };
  }
  demote(step: ModelStep): void {
    this.#counts(step).demoted = true;
    this.modes[step.id] = "off";
  }
  /** An edit on purpose, of people or of the policy: its counts begin anew, but for what was seen beside the model before it answers. */
  settle(step: ModelStep, mode: Mode | null): void {
    const before = this.known[step.id];
    this.modes[step.id] = mode;
    if (mode === "shadow") this.known[step.id] = fresh();
    if (mode === "live") this.known[step.id] = { ...fresh(), ...(before ? { shadow: before.shadow, declined: before.declined } : {}) };
  }
  countsOf(step: ModelStep): Known | null {
    return this.known[step.id] ?? null;
  }

  #of(step: ModelStep): Known {
    return this.known[step.id] ?? fresh();
  }
  #counts(step: ModelStep): Known {
    this.known[step.id] ??= fresh();
    return this.known[step.id] as Known;
  }
  #take({ from }: ModelStep, { id }: Lying): void {
    this.places[from] = (this.places[from] ?? []).filter((one) => one.id !== id);
  }
}
