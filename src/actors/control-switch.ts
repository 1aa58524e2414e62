/** Kill and resume (E9): a generation on the broker that every master follows, and an event in every log. */
import { isoTime } from "../contract/clock.ts";
import type { Json } from "../contract/json.ts";
import type { Term } from "./term/term.ts";

export interface ControlState {
  generation: number;
  state: "running" | "killed";
}

/** Brings a term into line with the control record. Says what was stopped or goes on; null when nothing changed. */
export async function followControl(term: Term, control: ControlState, by: string): Promise<Json> {
  const { state } = term;
  if (control.state === "killed" && !state.killed) return stop(term, control.generation, by);
  if (control.state === "running" && state.killed) return resume(term, control.generation, by);
  return null;
}

async function stop(term: Term, generation: number, by: string): Promise<Json> {
  const { state, ports } = term;
  const firings = [...state.firings.values()].filter(({ gate }) => gate === null);
  const stopped = firings.map(({ firing, transition, persona, attempt, claim }) => ({
    firing,
    transition,
    persona,
    attempt,
    executor: claim?.executor ?? null,
  }));
  const committed = term.commit({
    category: "control",
    type: "stopped",
    status: "refused",
    attributes: { by, generation, firings: stopped, at: isoTime(ports.clock.now()) },
    summary: `${by} stopped everything in ${state.net}: ${firings.length} firing${firings.length === 1 ? "" : "s"} ended.`,
  });
  // The effects are called off at once; the record of it follows.
  for (const { firing, attempt, claim } of firings) {
    term.cancel(firing, attempt, `killed by ${by}`);
    if (claim) void ports.broker.work.cancel(claim.executor, { net: state.net, firing, attempt }).catch(() => {});
  }
  await committed;
  await ports.broker.work.withdraw(state.net);
  return { net: state.net, stopped };
}

async function resume(term: Term, generation: number, by: string): Promise<Json> {
  const { state } = term;
  const open = [...state.firings.values()].filter(({ gate }) => gate === null);
  const committed = term.commit({
    category: "control",
    type: "resumed",
    status: "ok",
    attributes: { by, generation, wasKilled: true },
    summary: `${by} let ${state.net} go on: ${open.length} firing${open.length === 1 ? "" : "s"} begin again.`,
  });
  // Before anything new is decided: exactly what ran begins again, as the next attempt.
  for (const firing of open) term.lapse(firing, "work was resumed");
  await committed;
  return { net: state.net, resumed: open.map(({ firing, transition }) => ({ firing, transition })) };
}
