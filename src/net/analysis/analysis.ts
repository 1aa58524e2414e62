/** What an analysis says of a net, of either kind; the shape of `petrel net check --json`. */
import type { Finding } from "../check-problem.ts";
import type { NamedInvariants } from "./exploration.ts";
import type { PetriNet } from "./petri-net.ts";

export interface Analysis {
  states: number;
  edges: number;
  /** How many markings enable nothing. */
  deadlocks: number;
  /** The most tokens in each place; null: none is known, or the data decides. */
  bound: Record<string, number | null>;
  /** Whether each transition, whatever has happened, can fire again. Null: not decided. */
  live: boolean | null;
  /** Workflow soundness; null where the net has not one source and one sink, or it is not decided. */
  sound: boolean | null;
  invariants: NamedInvariants;
  /** Why the state space is not whole; null where it is. */
  gaveUp: string | null;
  /** All warnings: none of them keeps a net from running. */
  findings: Finding[];
  /** What is so, a line each. */
  says: string[];
  /** The P/T net that was looked at. */
  net: PetriNet;
}

/** "a", "a and b", "a, b and c", with quotes. */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} and ${last}`;
}

/** The steps of a way, without the hidden ones; long ones cut in the middle. */
export function wayWords(net: PetriNet, way: readonly number[]): string {
  const steps = way.flatMap((at) => (net.transitions[at]?.hidden ? [] : [net.transitions[at]?.name ?? ""]));
  if (steps.length === 0) return "it begins so";
  const shown = steps.length > 12 ? [...steps.slice(0, 6), `... ${steps.length - 11} more ...`, ...steps.slice(-5)] : steps;
  return `the shortest way there: ${shown.join("; ")}`;
}

/** A marking: its places, with the count where it is not one. */
export function markingWords(net: PetriNet, marking: readonly number[]): string {
  const held = marking.flatMap((count, at) => {
    const place = net.places[at];
    return count === 0 || !place || place.hidden ? [] : [count === 1 ? place.name : `${place.name} (${count})`];
  });
  if (held.length === 0) return "no token anywhere";
  return held.length > 12
    ? `tokens in ${held.slice(0, 12).join(", ")} and ${held.length - 12} more places`
    : `tokens in ${held.join(", ")}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
