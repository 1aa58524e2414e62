/**
 * All programs of the grammar, the small ones first. Two that give the same on every example are one: the smaller stays.
 * N1 The order is the same each time: it depends on the examples alone. N2 No more than `most` programs are tried.
 */
import { type Kind, type Value, type Wanted, written } from "./examples.ts";
import { type Expr, leaf } from "./expr.ts";
import { fits } from "./fits.ts";
import { GRAMMAR } from "./grammar.ts";
import type { Op, Slot } from "./op.ts";

const LONGEST = 500;
const LARGEST = 12;
const SMALL_NUMBERS = [0, 1, 2, 3, 5, 10, 100];
const MOST_ADDED = 8;
const USUAL_TEXTS = ["", " ", "-", "_", ",", ".", ", "];

export class Bank {
  /** By slot and size. */
  readonly #shelves = new Map<Slot, Expr[][]>();
  readonly #seen = new Set<string>();
  tried = 0;

  all(slot: Slot): Expr[] {
    return (this.#shelves.get(slot) ?? []).flat();
  }
  at(slot: Slot, size: number): Expr[] {
    return this.#shelves.get(slot)?.[size] ?? [];
  }

  /** False when one that gives the same is there, or it gives nothing. */
  add(expr: Expr): boolean {
    if (expr.values.every((value) => value === undefined)) return false;
    const key = `${expr.gives}${expr.values.map(written).join()}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.#shelve(expr.gives, expr);
    if (expr.constant && expr.gives === "num") this.#shelve("cnum", expr);
    if (expr.constant && expr.gives === "str") this.#shelve("cstr", expr);
    return true;
  }

  #shelve(slot: Slot, expr: Expr): void {
    const shelves = this.#shelves.get(slot) ?? [];
    this.#shelves.set(slot, shelves);
    while (shelves.length <= expr.size) shelves.push([]);
    (shelves[expr.size] as Expr[]).push(expr);
  }
}

/** Yields each new program once, beginning with the inputs and the constants. `kinds`: what the programs may work with. */
export function* enumerate(wanted: Wanted, bank: Bank, kinds: ReadonlySet<Slot>, most: number): Generator<Expr> {
  const leaves = [...inputs(wanted), ...constants(wanted)].filter(({ gives }) => kinds.has(gives));
  for (const leaf of leaves) if (bank.add(leaf)) yield leaf;
  for (const fit of fits(wanted, leaves)) {
    bank.tried++;
    if (bank.add(fit)) yield fit;
  }
  const ops = GRAMMAR.filter(({ takes, gives }) => kinds.has(gives) && takes.every((slot) => kinds.has(slot)));
  for (let size = 2; size <= LARGEST; size++) {
    for (const op of ops) {
      for (const args of arguments_(bank, op.takes, size - 1)) {
        // What can be said as a constant is none of the input's business.
        if (args.every(({ constant }) => constant)) continue;
        if (bank.tried >= most) return; // N2
        bank.tried++;
        const expr: Expr = {
          gives: op.gives,
          size,
          values: applied(op, args, wanted.examples.length),
          text: null,
          op,
          args,
          constant: false,
        };
        if (bank.add(expr)) yield expr;
      }
    }
  }
}

function* arguments_(bank: Bank, takes: readonly Slot[], size: number): Generator<Expr[]> {
  const [slot, ...rest] = takes;
  if (slot === undefined) {
    if (size === 0) yield [];
    return;
  }
  for (let own = 1; own <= size - rest.length; own++) {
    if (rest.length === 0 && own !== size) continue;
    for (const first of bank.at(slot, own)) for (const others of arguments_(bank, rest, size - own)) yield [first, ...others];
  }
}

function applied(op: Op, args: readonly Expr[], examples: number): (Value | undefined)[] {
  const values: (Value | undefined)[] = [];
  for (let at = 0; at < examples; at++) {
    const given = args.map(({ values: each }) => each[at]);
    values.push(given.includes(undefined) ? undefined : sensible(op.run(...(given as Value[]))));
  }
  return values;
}

function sensible(value: Value | undefined): Value | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "string" || Array.isArray(value)) return value.length <= LONGEST ? value : undefined;
  return value;
}

/** Names of the parameters, in order. */
export function parameterNames({ takes }: Pick<Wanted, "takes">): string[] {
  const single: Record<Kind, string> = { num: "n", str: "text", bool: "flag", nums: "numbers", strs: "words" };
  return takes.length === 1 ? takes.map((kind) => single[kind]) : takes.map((_, at) => "abcd"[at] as string);
}

function inputs(wanted: Wanted): Expr[] {
  const names = parameterNames(wanted);
  return wanted.takes.map((gives, at) =>
    leaf(
      names[at] as string,
      gives,
      wanted.examples.map(({ args }) => args[at] as Value),
      false,
    ),
  );
}

/** Small numbers, usual separators, and what the outputs themselves say more than once, or wholly. */
function constants({ examples, gives }: Wanted): Expr[] {
  const numbers = new Set([...SMALL_NUMBERS, ...(gives === "num" ? repeated(examples.map(({ out }) => out as number)) : [])]);
  const outs = examples.flatMap(({ out }) => (typeof out === "string" ? [out] : []));
  const often = repeated(outs);
  const joined = outs.filter((out) => often.some((a) => often.some((b) => out === a + b)));
  const texts = new Set([...USUAL_TEXTS, ...often, ...joined, ...commonEnds(outs), ...addedEnds(examples)]);
  const same = (value: Value) => examples.map(() => value);
  return [
    ...[...numbers].map((value) => leaf(String(value), "num", same(value), true)),
    ...[...texts].map((value) => leaf(JSON.stringify(value), "str", same(value), true)),
    ...(gives === "bool" ? [true, false].map((value) => leaf(String(value), "bool", same(value), true)) : []),
  ];
}

function repeated<T>(values: T[]): T[] {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))].slice(0, 6);
}

/** What all outputs begin with and end with: "Hello, " and "!". */
function commonEnds(outs: string[]): string[] {
  const [first = "", ...rest] = outs;
  if (rest.length === 0) return [];
  let head = first.length;
  let tail = first.length;
  for (const other of rest) {
    while (head > 0 && !other.startsWith(first.slice(0, head))) head--;
    while (tail > 0 && !other.endsWith(first.slice(first.length - tail))) tail--;
  }
  return [first.slice(0, head), first.slice(first.length - tail)].filter((text) => text !== "" && text.length < first.length);
}

/** What two outputs and more end with and their inputs do not have: "..." and "s". */
function addedEnds(examples: Wanted["examples"]): string[] {
  const counts = new Map<string, number>();
  for (const { args, out } of examples) {
    if (typeof out !== "string") continue;
    for (let length = 1; length <= Math.min(MOST_ADDED, out.length - 1); length++) {
      const end = out.slice(-length);
      if (!args.some((each) => typeof each === "string" && each.includes(end))) counts.set(end, (counts.get(end) ?? 0) + 1);
    }
  }
  const often = [...counts].filter(([, count]) => count > 1);
  // Of ends that come as often the longest says it all.
  return often
    .filter(([end, count]) => !often.some(([other, times]) => times === count && other !== end && other.endsWith(end)))
    .map(([end]) => end);
}
