/**
 * Who made which token out of what: ids and event numbers only, so that a long log fits. A step is whatever makes or uses tokens:
 * a firing with all its events, or a single event without one (an arrival, an edit by hand).
 */
import type { PlacedId } from "../../contract/event.ts";

export interface StepNode {
  /** The firing, or `#` and the number of the event. */
  key: string;
  /** Numbers of its events. */
  seqs: number[];
  inputs: string[];
  outputs: string[];
}

export class LineageIndex {
  readonly #steps = new Map<string, StepNode>();
  readonly #makers = new Map<string, StepNode>();
  /** Nearly every token has one user: no list for that. */
  readonly #users = new Map<string, StepNode | StepNode[]>();

  /** Events in the order of the log. `made`: ids of the tokens that it produced. */
  take(event: { seq: number; firing?: string; consumed?: PlacedId[]; read?: PlacedId[]; made: string[] }): void {
    const used = [...(event.consumed ?? []), ...(event.read ?? [])];
    if (event.firing === undefined && used.length === 0 && event.made.length === 0) return;
    const step = this.#step(event.firing ?? `#${event.seq}`);
    step.seqs.push(event.seq);
    for (const { id } of used) {
      if (step.inputs.includes(id)) continue;
      step.inputs.push(id);
      const users = this.#users.get(id);
      if (users === undefined) this.#users.set(id, step);
      else if (Array.isArray(users)) users.push(step);
      else this.#users.set(id, [users, step]);
    }
    for (const id of event.made) {
      step.outputs.push(id);
      this.#makers.set(id, step);
    }
  }

  makerOf(token: string): StepNode | undefined {
    return this.#makers.get(token);
  }
  usersOf(token: string): StepNode[] {
    const users = this.#users.get(token);
    return users === undefined ? [] : Array.isArray(users) ? users : [users];
  }

  #step(key: string): StepNode {
    let step = this.#steps.get(key);
    if (!step) {
      step = { key, seqs: [], inputs: [], outputs: [] };
      this.#steps.set(key, step);
    }
    return step;
  }
}

export interface Reach {
  /** Steps found, each with its distance from the token, nearest first. */
  steps: Map<StepNode, number>;
  /** Steps that the bounds left out, as far as they were seen. */
  cut: number;
}

/** Breadth first, so that the bounds keep what is nearest. */
export function reachOf(index: LineageIndex, token: string, way: "before" | "after", bounds: { depth: number; steps: number }): Reach {
  const steps = new Map<StepNode, number>();
  const cut = new Set<StepNode>();
  const seen = new Set([token]);
  let frontier = [token];
  for (let depth = 1; frontier.length > 0; depth += 1) {
    const next: string[] = [];
    for (const id of frontier) {
      const maker = index.makerOf(id);
      for (const step of way === "after" ? index.usersOf(id) : maker ? [maker] : []) {
        if (steps.has(step)) continue;
        if (depth > bounds.depth || steps.size >= bounds.steps) {
          cut.add(step);
          continue;
        }
        steps.set(step, depth);
        for (const one of way === "before" ? step.inputs : step.outputs) {
          if (!seen.has(one)) next.push(one);
          seen.add(one);
        }
      }
    }
    frontier = next;
  }
  return { steps, cut: cut.size };
}
