/**
 * 500 personas in 500 positions of one net: how long until they stand, what an idle one takes, what idling costs, and how fast a
 * token reaches its persona, beside 5 personas. Each side runs in a process of its own: `swarm.mjs 5` and `swarm.mjs 500`.
 */
import { spawnSync } from "node:child_process";
import type { PersonaWorker } from "../src/actors/persona-work.ts";
import { nowMs, onBed, quantile } from "./bed.ts";
import { report } from "./report.ts";

const MANY = Number(process.env.BENCH_PERSONAS ?? 500);
const FEW = 5;
const SAMPLES = 3000;
const IDLE_MS = 20_000;

interface Side {
  startMs: number;
  bytesEach: number;
  idlePercent: number;
  p99: number;
  p50: number;
}

const asked = process.argv[2];
if (asked !== undefined) process.stdout.write(`${JSON.stringify(await side(Number(asked)))}\n`);
else compare();
process.exit();

function compare(): void {
  const few = inOwnProcess(FEW);
  const many = inOwnProcess(MANY);
  report([
    {
      case: `${MANY} personas in ${MANY} positions: until all stand and the first token was answered`,
      value: many.startMs / 1000,
      unit: "s",
      target: 20,
      better: "less",
    },
    { case: "memory of an idle persona actor", value: many.bytesEach / 1024, unit: "KB", target: 100, better: "less" },
    { case: `CPU of a master with ${MANY} idle personas`, value: many.idlePercent, unit: "% of a core", target: 3, better: "less" },
    { case: `dispatch latency p99 with ${FEW} personas`, value: few.p99, unit: "ms", target: null },
    {
      case: `dispatch latency p99 with ${MANY} personas, as a multiple of that`,
      value: many.p99 / few.p99,
      unit: "x",
      target: 1.5,
      better: "less",
    },
    { case: `dispatch latency p50 with ${MANY} personas`, value: many.p50, unit: "ms", target: null },
  ]);
}

function inOwnProcess(count: number): Side {
  const child = spawnSync(process.execPath, [...process.execArgv, process.argv[1] ?? "", String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.status !== 0) throw new Error(`the side of ${count} failed`);
  return JSON.parse(String(child.stdout)) as Side;
}

async function side(count: number): Promise<Side> {
  const took = new Map<string, (at: number) => void>();
  const work: PersonaWorker = async ({ firing }) => {
    took.get(firing.ask ?? "")?.(nowMs());
    return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value: null }, extra: {} };
  };
  return onBed(
    async (bed) => {
      const names = Array.from({ length: count }, (_, at) => `p${at}`);
      for (const name of names)
        await bed.ask(null, "apply-persona", { persona: { persona: name, title: name, flags: "-----", tier: "economy", prompt: "Work." } });
      const heapBefore = heap();
      const began = nowMs();
      const term = await bed.apply(net(names));
      let sent = 0;
      /** From the put of a token until its persona's actor has it in hand. */
      const dispatch = async (name: string) => {
        const ask = `n${sent++}`;
        const reached = new Promise<number>((resolve) => took.set(ask, resolve));
        const from = nowMs();
        await bed.outside.door.put("swarm", `to-${name}`, Buffer.from(JSON.stringify({ ask })));
        const until = await reached;
        took.delete(ask);
        return until - from;
      };
      await dispatch(names.at(-1) ?? "");
      const startMs = nowMs() - began;
      const bytesEach = (heap() - heapBefore) / count;
      for (let at = 0; at < 100; at += 1) await dispatch(names[at % count] ?? "");
      const times: number[] = [];
      for (let at = 0; at < SAMPLES; at += 1) times.push(await dispatch(names[(at * 7) % count] ?? ""));
      await term.loop.drained();
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      const { user, system } = process.cpuUsage(before);
      return {
        startMs,
        bytesEach,
        idlePercent: ((user + system) / 1000 / IDLE_MS) * 100,
        p99: quantile(times, 0.99),
        p50: quantile(times, 0.5),
      };
    },
    { work },
  );
}

function heap(): number {
  for (let n = 0; n < 3; n += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function net(names: string[]) {
  const places = names.map((name) => [`to-${name}`, { open: true }]);
  const transitions = names.map((name) => [
    name,
    { kind: "llm", persona: name, ask: "${token.ask}", in: [{ place: `to-${name}`, as: "token" }], out: [{ to: "done" }] },
  ]);
  return {
    net: "swarm",
    layout: "shared",
    places: { ...Object.fromEntries(places), done: { sink: true } },
    transitions: Object.fromEntries(transitions),
  };
}
