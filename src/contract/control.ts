/** The control record (E9) and how a kill or a resume changes it. */
import type { ControlChange, ControlState } from "./broker.ts";

export const RUNNING: ControlState = { generation: 0, state: "running", stopped: { net: [], persona: [], executor: [] } };

/** A kill of all leaves the parts as they are: what was stopped before it stays stopped after its resume. */
export function changedControl(before: ControlState, change: ControlChange): ControlState {
  const generation = before.generation + 1;
  if (typeof change === "string") return { ...before, generation, state: change };
  const rest = before.stopped[change.part].filter((name) => name !== change.name);
  const names = change.turn === "killed" ? [...rest, change.name].sort() : rest;
  return { ...before, generation, stopped: { ...before.stopped, [change.part]: names } };
}
