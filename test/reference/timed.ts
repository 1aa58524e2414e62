/**
 * What people, time and groups mean in a net, written down as plainly as it goes and apart from the engine: gates, batches, groups,
 * delays, schedules, deadlines, and a sub-net whose ports are places. Made from docs/net-file.md and docs/subnets.md alone.
 */
import type { NetFile } from "../../src/net/definition.ts";

export interface Datum {
  k: number;
  v: number;
}
export type Step = { id: string; from: string; to: string } & (
  | { kind: "pass" | "link" }
  | { kind: "gate"; quorum: number; expires: number | null }
  | { kind: "batch"; size: number; within: number }
  | { kind: "gather"; group: string; after: number | null }
  | { kind: "delay"; ms: number }
  | { kind: "every"; ms: number; takes: boolean }
);
export interface TimedNet {
  steps: Step[];
  /** A token that lies so long in place `b` is late. */
  deadline: number | null;
}

/** The last one is what the sub-net gives out. */
export const PLACES = ["a", "b", "c"];
export const FROM = [...PLACES, "s--out"];
/** Inside the sub-net, with their places. */
const INSIDE: Step[] = [
  { id: "s--begin", kind: "pass", from: "s--in", to: "s--mid" },
  { id: "s--finish", kind: "pass", from: "s--mid", to: "s--out" },
];

interface RefToken {
  id: number;
  data: Datum | "late";
  since: number;
}
interface Waiting {
  step: Step;
  token: RefToken;
  since: number;
  yes: Set<string>;
  passed: boolean;
}

export class TimedReference {
  readonly net: TimedNet;
  readonly steps: Step[];
  now: number;
  paused = false;
  readonly places = new Map<string, RefToken[]>();
  /** At gates, in the order in which they came there. */
  gates: Waiting[] = [];
  /** The last time that a schedule has fired for. */
  readonly last = new Map<string, number>();
  #next = 1;

  constructor(net: TimedNet, now: number) {
    this.net = net;
    this.steps = [...net.steps, ...INSIDE];
    this.now = now;
    for (const step of net.steps) if (step.kind === "every") this.last.set(step.id, now);
  }

  put(place: string, data: Datum): void {
    this.#lay(place, data);
  }
  marking(): Record<string, (Datum | "late")[]> {
    const full = [...this.places].filter(([, tokens]) => tokens.length > 0);
    return Object.fromEntries(full.map(([place, tokens]) => [place, tokens.map(({ data }) => data)]));
  }
  isEnabled(id: string): boolean {
    return this.#firing(id) !== null;
  }
  fire(id: string): boolean {
    const firing = this.#firing(id);
    firing?.();
    return firing !== null;
  }

  get open(): Waiting[] {
    return this.gates.filter(({ passed }) => !passed);
  }
  decide(gate: Waiting, person: string, approves: boolean): void {
    if (gate.yes.has(person)) return;
    if (approves) gate.yes.add(person);
    else this.#late(gate);
    if (gate.step.kind !== "gate" || gate.yes.size < gate.step.quorum) return;
    gate.passed = true;
    // Whoever passed first goes first.
    this.gates = [...this.gates.filter((other) => other !== gate), gate];
  }

  /** Time passes; what is due then: gates that nobody decided, groups that stayed incomplete, tokens that lay too long. */
  wait(ms: number): void {
    this.now += ms;
    for (const gate of this.open)
      if (gate.step.kind === "gate" && gate.step.expires !== null && gate.since + gate.step.expires <= this.now) this.#late(gate);
    const { deadline } = this.net;
    // Nobody could have brought what is missing, or taken what lies there.
    if (this.paused) return;
    while (this.#incomplete());
    if (deadline === null) return;
    for (const token of this.#free("b")) {
      if (token.since + deadline > this.now) continue;
      this.#take("b", [token]);
      this.#lay("late", "late");
    }
  }

  /** What a firing would do, or null. */
  #firing(id: string): (() => void) | null {
    const step = this.steps.find((each) => each.id === id);
    if (!step) throw new Error(`no step ${id}`);
    if (this.paused) return null;
    const free = this.#free(step.from);
    const [first] = free;
    if (step.kind === "gate") {
      const passed = this.gates.find((gate) => gate.step === step && gate.passed);
      if (passed) return () => this.#leave(passed);
      if (!first) return null;
      return () => void this.gates.push({ step, token: first, since: this.now, yes: new Set(), passed: false });
    }
    if (step.kind === "batch") {
      const group = free.slice(0, step.size);
      const isLate = group.some(({ since }) => this.now - since >= step.within);
      if (group.length < step.size && !isLate) return null;
      return () => this.#move(step, group, { k: group.length, v: 0 });
    }
    if (step.kind === "gather") {
      for (const anchor of free) {
        const { found, wanted } = this.#group(step, anchor);
        const group = found.slice(0, wanted);
        if (group.length === wanted) return () => this.#gathered(step, anchor, group);
      }
      return null;
    }
    if (step.kind === "every") {
      const last = this.last.get(id) as number;
      const times = Math.floor((this.now - last) / step.ms);
      if (times < 1 || (step.takes && !first)) return null;
      return () => {
        this.last.set(id, last + times * step.ms);
        if (step.takes && first) this.#move(step, [first], first.data);
        else this.#lay(step.to, { k: 0, v: 0 });
      };
    }
    const old = step.kind === "delay" ? free.find(({ since }) => this.now - since >= step.ms) : first;
    return old ? () => this.#move(step, [old], old.data) : null;
  }

  #group(step: Step & { kind: "gather" }, anchor: RefToken): { found: RefToken[]; wanted: number } {
    const { k, v } = anchor.data as Datum;
    return { found: this.#free(step.group).filter((one) => one !== anchor && (one.data as Datum).k === k), wanted: v };
  }
  #gathered(step: Step & { kind: "gather" }, anchor: RefToken, group: RefToken[]): void {
    this.#take(step.group, group);
    this.#move(step, [anchor], { k: (anchor.data as Datum).k, v: group.length });
  }
  #incomplete(): boolean {
    for (const step of this.steps) {
      if (step.kind !== "gather" || step.after === null) continue;
      for (const anchor of this.#free(step.from)) {
        const { found, wanted } = this.#group(step, anchor);
        if (found.length >= wanted || anchor.since + step.after > this.now) continue;
        this.#take(step.group, found);
        this.#take(step.from, [anchor]);
        this.#lay("late", "late");
        return true;
      }
    }
    return false;
  }

  #leave(gate: Waiting): void {
    this.gates = this.gates.filter((other) => other !== gate);
    this.#move(gate.step, [gate.token], gate.token.data);
  }
  #late(gate: Waiting): void {
    this.gates = this.gates.filter((other) => other !== gate);
    this.#take(gate.step.from, [gate.token]);
    this.#lay("late", "late");
  }

  /** In order of arrival; what waits at a gate is nobody else's. */
  #free(place: string): RefToken[] {
    return (this.places.get(place) ?? []).filter((token) => !this.gates.some((gate) => gate.token === token));
  }
  #move(step: Step, tokens: RefToken[], data: Datum | "late"): void {
    this.#take(step.from, tokens);
    this.#lay(step.to, data);
  }
  #take(place: string, tokens: RefToken[]): void {
    this.places.set(
      place,
      (this.places.get(place) ?? []).filter((token) => !tokens.includes(token)),
    );
  }
  #lay(place: string, data: Datum | "late"): void {
    this.places.set(place, [...(this.places.get(place) ?? []), { id: this.#next++, data, since: this.now }]);
  }
}

/** The same net as the engine knows it. */
export function fileOf({ steps, deadline }: TimedNet): Omit<NetFile, "net"> {
  const late = deadline === null ? {} : { deadline: { after: `${deadline}ms`, to: "late" } };
  return {
    places: { a: { open: true }, b: { open: true, ...late }, c: { open: true }, late: { sink: true } },
    subnets: {
      s: {
        places: { in: { port: "in" }, mid: {}, out: { port: "out" } },
        transitions: {
          begin: { kind: "pass", in: [{ place: "in" }], out: [{ to: "mid" }] },
          finish: { kind: "pass", in: [{ place: "mid" }], out: [{ to: "out" }] },
        },
      },
    },
    transitions: Object.fromEntries(steps.map((step) => [step.id, transitionOf(step)])),
  } as Omit<NetFile, "net">;
}

function transitionOf(step: Step): object {
  const input = { place: step.from, as: "x" };
  const common = { kind: "pass", in: [input], out: [{ to: step.to }] };
  if (step.kind === "link") return { kind: "link", in: [input], to: { subnet: "s", place: "in" } };
  if (step.kind === "gate") {
    const expires = step.expires === null ? {} : { expires: `${step.expires}ms` };
    return { ...common, gate: { approvers: ["role:maintainer"], quorum: step.quorum, escalate: "late", ...expires } };
  }
  if (step.kind === "batch") {
    const batch = { size: step.size, within: `${step.within}ms` };
    return { ...common, kind: "map", in: [{ ...input, batch }], value: { k: "${len(x)}", v: 0 } };
  }
  if (step.kind === "gather") {
    const onIncomplete = step.after === null ? {} : { onIncomplete: { after: `${step.after}ms`, to: "late" } };
    const group = { place: step.group, as: "found", gather: { by: "$.k", equals: "x.k", count: "x.v", ...onIncomplete } };
    return { ...common, kind: "map", in: [input, group], value: { k: "${x.k}", v: "${len(found)}" } };
  }
  if (step.kind === "delay") return { ...common, delay: `${step.ms}ms` };
  if (step.kind === "every") {
    const schedule = { every: `${step.ms}ms` };
    return step.takes ? { ...common, schedule } : { ...common, kind: "map", in: [], value: { k: 0, v: 0 }, schedule };
  }
  return common;
}
