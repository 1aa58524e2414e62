/** Nets small enough to be read twice: by the interpreter as they stand here, by the engine as the net file that they make. */
import type { NetFile } from "../../src/net/definition.ts";

/** All tokens look like this. */
export interface Data {
  k: number;
  v: number;
  parts: number[];
}
export type Field = "k" | "v";
export type Operator = "==" | "!=" | "<" | ">=";

/** A field of the token against a number, or against a field of an earlier input. */
export interface Condition {
  field: Field;
  operator: Operator;
  against: number | { input: string; field: Field };
}
export interface ModelArc {
  place: string;
  as: string;
  mode: "consume" | "read" | "inhibit" | "reset";
  where: Condition | null;
  order: { field: Field; descending: boolean } | null;
  take: number | "all";
}
export interface ModelOutput {
  to: string;
  when: Condition | null;
  otherwise: boolean;
  /** One token for each of the result's parts, or for its two numbers. */
  each: "parts" | "numbers" | null;
  /** Which elements it takes, each by itself. */
  pick: { operator: Operator; against: number } | null;
  weight: number;
}
export interface ModelTransition {
  id: string;
  kind: "pass" | "map" | "command";
  in: ModelArc[];
  out: ModelOutput[];
  route: "first" | "all";
  correlate: Field | null;
  priority: number;
  /** Of its inputs `x0` and `x1`, or of `x0` alone against a number. */
  guard: Condition | null;
  /** The most open firings of a command; null for one after the other in any number. */
  concurrency: number | null;
}
export interface ModelNet {
  places: { name: string; capacity: number | null }[];
  transitions: ModelTransition[];
}

const text = ({ field, operator, against }: Condition, of: string) =>
  `${of}.${field} ${operator} ${typeof against === "number" ? against : `${against.input}.${against.field}`}`;

const ARRAYS = { parts: "$result.parts", numbers: "[$result.k, $result.v]" };

function whenOf({ when, pick }: ModelOutput): { when?: string } {
  const all = [...(when ? [text(when, "$result")] : []), ...(pick ? [`$item ${pick.operator} ${pick.against}`] : [])];
  return all.length > 0 ? { when: all.join(" AND ") } : {};
}

export function netFileOf(net: ModelNet): Omit<NetFile, "net"> {
  const places: NetFile["places"] = {};
  for (const { name, capacity } of net.places) places[name] = { open: true, ...(capacity === null ? {} : { capacity }) };
  const transitions: NetFile["transitions"] = {};
  for (const transition of net.transitions) transitions[transition.id] = transitionOf(transition);
  return { places, transitions };
}

/** A command tries once more what may pass. */
export const RETRIES = 1;

function transitionOf({
  kind,
  in: inputs,
  out,
  route,
  correlate,
  priority,
  guard,
  concurrency,
}: ModelTransition): NetFile["transitions"][string] {
  const first = inputs.find(({ mode }) => mode === "consume" || mode === "read");
  const name = first?.as ?? "";
  const common = {
    route,
    ...(correlate === null ? {} : { correlate: `$.${correlate}` }),
    ...(priority === 0 ? {} : { priority }),
    ...(guard ? { guard: text(guard, name) } : {}),
    ...(concurrency === null ? {} : { concurrency }),
    in: inputs.map(arcOf),
    out: out.map((arc) => ({
      to: arc.to,
      ...whenOf(arc),
      ...(arc.otherwise ? { otherwise: true as const } : {}),
      ...(arc.each ? { each: ARRAYS[arc.each], value: { k: "${$result.k}", v: "${$item}", parts: [] } } : {}),
      ...(arc.weight === 1 ? {} : { weight: arc.weight }),
    })),
  };
  if (kind === "command") return { kind, pool: "p", argv: ["true"], retry: { max: RETRIES, delay: "1s" }, ...common };
  // Of many tokens a map tells how many they are.
  if (kind === "map" && first?.take !== 1) return { kind, value: { k: `\${len(${name})}`, v: 0, parts: [] }, ...common };
  if (kind === "map") return { kind, value: { k: `\${${name}.k}`, v: `\${${name}.v + 1}`, parts: `\${${name}.parts}` }, ...common };
  return { kind, ...common };
}

function arcOf({ place, as, mode, where, order, take }: ModelArc) {
  return {
    place,
    ...(mode === "consume" || mode === "read" ? { as } : {}),
    ...(mode === "consume" ? {} : { mode }),
    ...(where ? { where: text(where, "$") } : {}),
    ...(order ? { orderBy: `$.${order.field} ${order.descending ? "DESC" : "ASC"}` } : {}),
    ...(take === 1 ? {} : { take }),
  };
}
