/**
 * What a look through a step's history costs a master: a first one from the start of the log, and one after so many further firings.
 * The answers come from this process at once; BENCH_ITEMS firings, of about three events each.
 */
import { HistoryReader } from "../src/actors/crystal/history.ts";
import { type Bed, nowMs, onBed, until } from "./bed.ts";
import { report } from "./report.ts";

const ITEMS = Number(process.env.BENCH_ITEMS ?? 33_000);
const FURTHER = 100;
const WIDTH = 500;
const NET = "bench-look";
const OWNERS = ["ada", "bob", "eve"];
const net = {
  net: NET,
  places: { items: { open: true }, done: { sink: true }, errors: { sink: true } },
  transitions: {
    step: {
      ...{ kind: "llm", persona: "bench", ask: "Who takes ${item.n}?", onError: "errors", concurrency: 200 },
      in: [{ place: "items", as: "item" }],
      out: [{ to: "done", value: { n: "${item.n}" } }],
    },
    gone: { kind: "pass", in: [{ place: "done", as: "one" }], out: [] },
  },
};

interface Cost<T> {
  ms: number;
  cpuMs: number;
  blockMs: number;
  value: T;
}

/** The most computing between two turns that others had: other processes of the machine hold nothing up here. */
async function costOf<T>(work: () => Promise<T>): Promise<Cost<T>> {
  const cpuMs = (since?: NodeJS.CpuUsage) => {
    const { user, system } = process.cpuUsage(since);
    return (user + system) / 1000;
  };
  let block = 0;
  let last = process.cpuUsage();
  let on = true;
  const tick = () => {
    block = Math.max(block, cpuMs(last));
    last = process.cpuUsage();
    if (on) setImmediate(tick);
  };
  setImmediate(tick);
  const [began, used] = [nowMs(), process.cpuUsage()];
  const value = await work();
  on = false;
  return { ms: nowMs() - began, cpuMs: cpuMs(used), blockMs: Math.max(block, cpuMs(last)), value };
}

let fired = 0;
async function fire(bed: Bed, count: number): Promise<void> {
  const term = await bed.master.termOf(NET);
  const goal = fired + count;
  let next = fired;
  const lane = async () => {
    while (next < goal) {
      const n = next++;
      const answer = await term.arrivals.put({
        place: "items",
        payload: Buffer.from(JSON.stringify({ n, kind: OWNERS[n % 3], note: `note ${n}` })),
        by: "bench",
      });
      if (!answer.ok) throw new Error(answer.error.message);
      await until(() => n - fired < 2000);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  await until(() => fired >= goal && term.loop.backlog === 0);
}

await onBed(
  async (bed) => {
    await bed.ask(null, "apply-persona", {
      persona: { persona: "bench", title: "Bench", flags: "-----", tools: [], tier: "economy", prompt: "Say who." },
    });
    const term = await bed.apply(net);
    await fire(bed, ITEMS);
    const compiled = term.net;
    if (!compiled) throw new Error("no net");
    const events = term.state.seq;
    const reader = new HistoryReader(bed.broker, compiled, { most: 5000 });
    const look = () =>
      costOf(async () => {
        await reader.read();
        return await reader.steps();
      });
    const first = await look();
    await fire(bed, FURTHER);
    const again = await look();
    const row = (label: string, value: number, unit: string, target: number | null = null) => ({
      case: `${label}, ${events} events`,
      value,
      unit,
      target,
    });
    report([
      row("first look: computing", first.cpuMs, "ms"),
      row("first look: time", first.ms, "ms"),
      row("first look: longest block", first.blockMs, "ms", 50),
      row(`look after ${FURTHER} more: computing`, again.cpuMs, "ms"),
      row(`look after ${FURTHER} more: longest block`, again.blockMs, "ms", 50),
      row("examples", again.value[0]?.examples.length ?? 0, ""),
      row("memory", process.memoryUsage().heapUsed / 1e6, "MB"),
    ]);
  },
  {
    work: async ({ firing }) => {
      fired += 1;
      const n = Number(/(\d+)/.exec(firing.ask ?? "")?.[1] ?? 0);
      const model = { provider: "bench", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
      return {
        firing: firing.firing,
        attempt: firing.attempt,
        outcome: { ok: true, value: { owner: OWNERS[n % 3] ?? "" } },
        extra: { model },
      };
    },
  },
);
process.exit();
