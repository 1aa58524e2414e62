/**
 * What a link with an instance for each firing means, written down as plainly as it goes and apart from the engine: every token
 * says to which instance it belongs, and an instance is a firing of its link. Made from docs/subnets.md alone.
 */
import type { NetFile } from "../../src/net/definition.ts";

export interface Datum {
  k: number;
  v: number;
}
export interface Condition {
  field: "k" | "v";
  operator: "==" | "!=" | "<" | ">=";
  against: number;
}
export interface Output {
  to: string;
  port: string | null;
  when: Condition | null;
}
export interface Step {
  id: string;
  kind: "pass" | "map" | "command" | "link";
  in: { place: string; where: Condition | null }[];
  out: Output[];
  route: "first" | "all";
}
/** A link leads into `<sub>--i`; results leave by `<sub>--o` and `<sub>--p`. */
export interface Link extends Step {
  kind: "link";
  sub: string;
  onError: string | null;
  concurrency: number | null;
  /** What each instance has from the beginning, beside its work. */
  tokens: Datum[];
}
/** The net, its sub-net `s`, and a sub-net `s--n` of that: the full names of all steps and places. */
export interface InstanceNet {
  steps: (Step | Link)[];
}
export const PORTS = ["o", "p"];

export interface RefToken {
  id: number;
  data: Datum | "error";
  instance: number | null;
}
interface Firing {
  id: number;
  step: Step | Link;
  held: number[];
  first: Datum;
  /** The instance that it stands in. */
  within: number | null;
}

const isLink = (step: Step | Link): step is Link => step.kind === "link";
const holds = (condition: Condition | null, { data }: Pick<RefToken, "data">): boolean => {
  if (condition === null) return true;
  if (data === "error") return false;
  const [a, b] = [data[condition.field], condition.against];
  return condition.operator === "==" ? a === b : condition.operator === "!=" ? a !== b : condition.operator === "<" ? a < b : a >= b;
};

export class InstanceReference {
  readonly net: InstanceNet;
  places: Record<string, RefToken[]> = {};
  firings: Firing[] = [];
  ended = { results: 0, failures: 0 };
  #order: number[] = [];
  #next = 1;

  constructor(net: InstanceNet) {
    this.net = net;
  }

  put(place: string, data: Datum): void {
    this.#lay(place, data, null);
  }
  /** Data by place, in order of arrival. */
  marking(): Record<string, (Datum | "error")[]> {
    const full = Object.entries(this.places).filter(([, tokens]) => tokens.length > 0);
    return Object.fromEntries(full.map(([place, tokens]) => [place, tokens.map(({ data }) => data)]));
  }
  isEnabled(id: string): boolean {
    const step = this.#step(id);
    return (isLink(step) && this.#end(step) !== null) || this.#binding(step) !== null;
  }

  /** A link ends an instance that is done before it begins another one. */
  fire(id: string): boolean {
    const step = this.#step(id);
    const end = isLink(step) ? this.#end(step) : null;
    if (end) {
      this.#close(end.firing, end.result);
      return true;
    }
    const bound = this.#binding(step);
    const [first] = bound ?? [];
    if (!bound || !first || first.data === "error") return false;
    const firing = { id: this.#next++, step, held: bound.map((token) => token.id), first: first.data, within: first.instance };
    if (step.kind === "pass" || step.kind === "map") {
      this.#take(new Set(firing.held));
      this.#route(step, step.kind === "map" ? { k: first.data.k, v: first.data.v + 1 } : first.data, first.instance);
      return true;
    }
    this.firings.push(firing);
    if (isLink(step)) for (const data of [first.data, ...step.tokens]) this.#lay(`${step.sub}--i`, data, firing.id);
    return true;
  }

  /** The oldest open firing of a command ends with this. */
  finish(id: string, data: Datum): void {
    const firing = this.firings.find(({ step }) => step.id === id);
    if (!firing) return;
    this.firings = this.firings.filter((each) => each !== firing);
    this.#take(new Set(firing.held));
    this.#route(firing.step, data, firing.within);
  }

  #step(id: string): Step | Link {
    const found = this.net.steps.find((step) => step.id === id);
    if (!found) throw new Error(`no step ${id}`);
    return found;
  }
  #lay(place: string, data: Datum | "error", instance: number | null): void {
    this.places[place] = [...(this.places[place] ?? []), { id: this.#next++, data, instance }];
  }
  #take(ids: ReadonlySet<number>): void {
    for (const [place, tokens] of Object.entries(this.places)) this.places[place] = tokens.filter(({ id }) => !ids.has(id));
  }

  /** The first combination of free tokens of one instance. */
  #binding(step: Step | Link): RefToken[] | null {
    const open = this.firings.filter((each) => each.step.id === step.id).length;
    if (isLink(step) && step.concurrency !== null && open >= step.concurrency) return null;
    const held = new Set(this.firings.flatMap((firing) => firing.held));
    const search = (at: number, bound: RefToken[]): RefToken[] | null => {
      const arc = step.in[at];
      if (!arc) return bound;
      for (const token of this.places[arc.place] ?? []) {
        const [first] = bound;
        if (held.has(token.id) || bound.includes(token) || !holds(arc.where, token)) continue;
        if (first && first.instance !== token.instance) continue;
        const found = search(at + 1, [...bound, token]);
        if (found) return found;
      }
      return null;
    };
    return search(0, []);
  }

  /** The first result at a port; else an instance in which nothing is left. */
  #end(link: Link): { firing: Firing; result: { port: string; token: RefToken } | null } | null {
    const mine = this.firings.filter(({ step }) => step.id === link.id);
    const held = new Set(this.firings.flatMap((firing) => firing.held));
    for (const port of PORTS) {
      for (const token of this.places[`${link.sub}--${port}`] ?? []) {
        const firing = mine.find(({ id }) => id === token.instance);
        if (firing && !held.has(token.id)) return { firing, result: { port, token } };
      }
    }
    const empty = this.#emptied().find((firing) => firing.step.id === link.id);
    return empty ? { firing: empty, result: null } : null;
  }

  /** Instances in which nothing is left, asked for after each step: the one that was empty first comes first. */
  #emptied(): Firing[] {
    const lives = new Set(Object.values(this.places).flatMap((tokens) => tokens.map(({ instance }) => instance)));
    const empty = this.firings.filter(({ id, step }) => isLink(step) && !lives.has(id));
    this.#order = [...this.#order.filter((id) => empty.some((each) => each.id === id)), ...empty.map(({ id }) => id)];
    this.#order = [...new Set(this.#order)];
    return this.#order.flatMap((id) => empty.find((each) => each.id === id) ?? []);
  }

  /** With an instance goes all that is in it, and in the instances inside it. */
  #close(firing: Firing, result: { port: string; token: RefToken } | null): void {
    const gone = new Set([firing.id]);
    for (let before = 0; before < gone.size; ) {
      before = gone.size;
      for (const { id, within } of this.firings) if (within !== null && gone.has(within)) gone.add(id);
    }
    this.firings = this.firings.filter(({ id }) => !gone.has(id));
    const inside = Object.values(this.places).flatMap((tokens) => tokens.filter(({ instance }) => instance !== null && gone.has(instance)));
    this.#take(new Set([...firing.held, ...inside.map(({ id }) => id)]));
    if (result && result.token.data !== "error") this.#route(firing.step, result.token.data, firing.within, result.port);
    else this.#fail(firing.step, firing.within);
    this.ended[result ? "results" : "failures"] += 1;
  }

  #route(step: Step | Link, data: Datum, instance: number | null, port: string | null = null): void {
    if (step.out.length === 0) return;
    const ways = step.out.filter((way) => (way.port === null || way.port === port) && holds(way.when, { data }));
    if (ways.length === 0) this.#fail(step, instance);
    for (const { to } of step.route === "first" ? ways.slice(0, 1) : ways) this.#lay(to, data, instance);
  }
  #fail(step: Step | Link, instance: number | null): void {
    this.#lay((isLink(step) ? step.onError : null) ?? "dead-letter", "error", instance);
  }
}

type Level = Pick<NetFile, "places" | "transitions"> & { tokens?: NetFile["tokens"]; subnets?: NetFile["subnets"] };

/** The net file that says the same; names inside a sub-net are told without the sub-net's own. */
export function netFileOf(net: InstanceNet): Level {
  const level = (prefix: string, places: Level["places"]): Level => {
    const steps = net.steps.filter(({ id }) => id.startsWith(prefix) && !id.slice(prefix.length).includes("--"));
    return { places, transitions: Object.fromEntries(steps.map((step) => [step.id.slice(prefix.length), transitionOf(step, prefix)])) };
  };
  const inside = (sub: string): Level => {
    const link = net.steps.find((step): step is Link => isLink(step) && step.sub === sub);
    const places: Level["places"] = { i: { port: "in" }, m: {}, o: { port: "out" }, p: { port: "out" } };
    return {
      ...level(`${sub}--`, places),
      ...(link && link.tokens.length > 0 ? { tokens: { i: link.tokens.map((each) => ({ ...each })) } } : {}),
    };
  };
  const outer = level("", { a: { open: true }, y: { sink: true }, z: { sink: true }, e: { sink: true } });
  const s = inside("s");
  const nested = net.steps.some((step) => isLink(step) && step.sub === "s--n");
  return { ...outer, subnets: { s: nested ? { ...s, subnets: { n: inside("s--n") } } : s } } as Level;
}

function transitionOf(step: Step | Link, prefix: string): NetFile["transitions"][string] {
  const local = (place: string) => place.slice(prefix.length);
  const text = ({ field, operator, against }: Condition, of: string) => `${of}.${field} ${operator} ${against}`;
  const common = {
    route: step.route,
    in: step.in.map(({ place, where }, at) => ({ place: local(place), as: `x${at}`, ...(where ? { where: text(where, "$") } : {}) })),
    out: step.out.map(({ to, port, when }) => ({
      to: local(to),
      ...(port === null ? {} : { port }),
      ...(when ? { when: text(when, "$result") } : {}),
    })),
  };
  if (step.kind === "command") return { kind: "command", pool: "p", argv: ["true"], ...common };
  if (step.kind === "map") return { kind: "map", value: { k: "${x0.k}", v: "${x0.v + 1}" }, ...common };
  if (!isLink(step)) return { kind: "pass", ...common };
  return {
    ...{ kind: "link", instance: "each", to: { subnet: local(step.sub), place: "i" }, ...common },
    ...(step.onError === null ? {} : { onError: local(step.onError) }),
    ...(step.concurrency === null ? {} : { concurrency: step.concurrency }),
  };
}
