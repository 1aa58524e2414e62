/** A failing run for people: what is broken, what befell whom, and the log with the troubles between its lines. */
import type { NetEvent } from "../../src/contract/event.ts";
import type { Run } from "./simulate.ts";

export function showRun(run: Run): string {
  const lines = run.log.split("\n").flatMap((line) => {
    const { net, seq, epoch, events } = JSON.parse(line) as { net: string; seq: number; epoch: number; events: NetEvent[] };
    return events.map((event) => `${net} entry ${seq} epoch ${epoch} ${showEvent(event)}`);
  });
  const again = `PETREL_SEED=${run.seed} npx vitest run test/simulation`;
  return [
    `seed ${run.seed} (${run.lanes.join(", ")}) breaks what must hold; again: ${again}`,
    ...run.broken.slice(0, 10).map((what) => `  ${what}`),
    "troubles, in ms since the start:",
    ...run.trace.map((what) => `  ${what}`),
    "log:",
    ...lines.map((line) => `  ${line}`),
  ].join("\n");
}

function showEvent(event: NetEvent): string {
  const { put, letter, reason, executor, by, notBefore } = event.attributes ?? {};
  const about = JSON.stringify({ put, letter, reason, executor, by, notBefore });
  const produced = (event.produced ?? []).map(({ place, token }) => `${place}=${token.id}`).join(" ");
  const firing = [event.transition, event.firing, event.attempt].filter((part) => part !== undefined).join("/");
  return `${event.ts.slice(14, 23)} ${event.type} ${firing} ${produced} ${about === "{}" ? "" : about}`.trimEnd();
}
