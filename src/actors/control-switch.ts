/** Kill and resume (E9): a generation on the broker that every master follows, and an event in every log. */
import type { ControlState } from "../contract/broker.ts";
import { isoTime } from "../contract/clock.ts";
import type { Json } from "../contract/json.ts";
import type { OpenFiring } from "../net/state.ts";
import { type StoppedKind, stoppedOf } from "../net/stopped.ts";
import type { Term } from "./term/term.ts";

interface Switch {
  term: Term;
  generation: number;
  by: string;
}
/** One persona or executor; null for the whole net. */
type Part = { kind: StoppedKind; name: string } | null;

/** Brings a term into line with the control record. Says what was stopped or goes on, a row each. */
export async function followControl(term: Term, control: ControlState, by: string): Promise<Json[]> {
  const { state } = term;
  const at: Switch = { term, generation: control.generation, by };
  const killed = control.state === "killed" || control.stopped.net.includes(state.net);
  const rows: Json[] = [];
  if (killed && !state.killed) rows.push(await stop(at, null));
  for (const kind of ["persona", "executor"] as const) {
    const [wanted, now] = [control.stopped[kind], stoppedOf(state, kind)];
    for (const name of wanted) if (!now.includes(name)) rows.push(await stop(at, { kind, name }));
    for (const name of now) if (!wanted.includes(name)) rows.push(await resume(at, { kind, name }));
  }
  if (!killed && state.killed) rows.push(await resume(at, null));
  return rows;
}

/** Whether following it began all work of the net again. */
export function beganAgain(rows: readonly Json[]): boolean {
  return rows.some((row) => "resumed" in (row as object) && !("part" in (row as object)));
}

async function stop({ term, generation, by }: Switch, part: Part): Promise<Json> {
  const { state, ports } = term;
  const firings = touched(term, part);
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
    attributes: { by, generation, firings: stopped, at: isoTime(ports.clock.now()), ...marks(part) },
    summary: `${by} stopped ${part?.name ?? "everything"} in ${state.net}: ${count(firings)} ended.`,
  });
  // The effects are called off at once; the record of it follows.
  for (const open of firings) {
    const { firing, attempt, claim } = open;
    // What an executor loses, another may do.
    if (part?.kind === "executor") {
      term.lapse(open, `the executor ${part.name} was stopped`);
      continue;
    }
    term.cancel(firing, attempt, `killed by ${by}`);
    if (claim) void ports.broker.work.cancel(claim.executor, { net: state.net, firing, attempt }).catch(() => {});
  }
  await committed;
  if (part === null) await ports.broker.work.withdraw(state.net);
  return { net: state.net, stopped, ...(part ? { part: part.name } : {}) };
}

async function resume({ term, generation, by }: Switch, part: Part): Promise<Json> {
  const { state } = term;
  const open = part?.kind === "executor" ? [] : touched(term, part);
  const committed = term.commit({
    category: "control",
    type: "resumed",
    status: "ok",
    attributes: { by, generation, wasKilled: true, ...marks(part) },
    summary: `${by} let ${part ? `${part.name} in ` : ""}${state.net} go on: ${count(open)} ${open.length === 1 ? "begins" : "begin"} again${state.paused ? " when the net, which was paused before, goes on" : ""}.`,
  });
  // Before anything new is decided: exactly what ran begins again, as the next attempt.
  for (const firing of open) term.lapse(firing, "work was resumed");
  await committed;
  return {
    net: state.net,
    resumed: open.map(({ firing, transition }) => ({ firing, transition })),
    paused: state.paused,
    ...(part ? { part: part.name } : {}),
  };
}

/** Firings under way that a kill of this part ends. */
function touched({ state }: Term, part: Part): OpenFiring[] {
  const open = [...state.firings.values()].filter(({ gate }) => gate === null);
  if (part === null) return open;
  return open.filter(({ persona, claim }) => (part.kind === "persona" ? persona : claim?.executor) === part.name);
}

function marks(part: Part): { [key: string]: Json } {
  return part ? { [`only-${part.kind}`]: part.name } : {};
}

function count(firings: readonly unknown[]): string {
  return `${firings.length} firing${firings.length === 1 ? "" : "s"}`;
}
