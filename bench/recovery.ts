/**
 * Recovery: a log of many events with many tokens waiting is up again from a checkpoint, in memory that does not grow with the
 * log's length. Each start is a process of its own. BENCH_EVENTS and BENCH_TOKENS make it smaller.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pastOf } from "../src/actors/past.ts";
import type { LogEntry } from "../src/contract/broker.ts";
import type { NetEvent } from "../src/contract/event.ts";
import type { Token } from "../src/contract/token.ts";
import { type Bed, nowMs, onBed, quantile } from "./bed.ts";
import { report } from "./report.ts";

const EVENTS = Number(process.env.BENCH_EVENTS ?? 1_000_000);
const TOKENS = Number(process.env.BENCH_TOKENS ?? 100_000);
const ENTRY = 400;

const NET = (net: string) => ({
  net,
  places: { parked: { open: true }, inbox: { open: true }, middle: {}, never: { sink: true } },
  transitions: {
    hold: { kind: "pass", in: [{ place: "parked", as: "one" }], out: [{ to: "never" }], guard: "one.n < 0" },
    first: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "middle" }] },
    second: { kind: "pass", in: [{ place: "middle" }], out: [{ to: "never" }] },
  },
});

/** As the engine would have written them, by whole entries: to let it work for so long would measure something else. */
async function fill(bed: Bed, net: string, events: number, tokens: number): Promise<void> {
  const log = bed.broker.log(net);
  const { state } = await pastOf(bed.broker, net, { kind: "now" }, { whole: true });
  let sequence = (await log.bounds()).last;
  let prev = "";
  await log.read(sequence - 1, (entry) => {
    prev = entry.hash;
  });
  let seq = state.seq;
  const source = drafts(net, events - seq, tokens);
  for (let entry: NetEvent[] = []; ; entry = []) {
    // Not by `for of`: to leave that early would end the generator.
    for (let next = source.next(); !next.done; next = entry.length < ENTRY ? source.next() : { done: true, value: undefined })
      entry.push({ ...next.value, seq: ++seq } as NetEvent);
    if (entry.length === 0) return;
    const outcome = await log.append(sequence, { id: `fill-${sequence}`, epoch: state.epoch, events: entry, prev });
    if (outcome.kind !== "committed") throw new Error(`not appended: ${JSON.stringify(outcome)}`);
    sequence = outcome.sequence;
    prev = outcome.hash ?? "";
  }
}

/** Tokens that stay, and then three events for each that comes and goes. */
function* drafts(net: string, events: number, tokens: number): Generator<Omit<NetEvent, "seq">> {
  const ts = new Date().toISOString();
  const base = { ts, net, status: "ok" as const };
  const token = (n: number, step: number): Token => ({
    ...{ id: `t-${String(n).padStart(20, "0")}${step}`, data: { n, title: "add slugify", text: "x".repeat(200) } },
    ...{ from: { outside: "bench" }, by: "bench", at: ts, correlation: `c-${n}`, v: 1 as const },
  });
  for (let at = 0; at < events; at++) {
    const isParked = at < tokens;
    const n = isParked ? at : tokens + Math.floor((at - tokens) / 3);
    const step = isParked ? 0 : (at - tokens) % 3;
    const place = isParked ? "parked" : (["inbox", "middle", "gone"][step] ?? "");
    const made = { produced: step === 2 ? [] : [{ place, token: token(n, step) }], correlation: `c-${n}` };
    if (step === 0) yield { ...base, category: "token", type: "arrived", summary: `A token arrived in ${place}.`, ...made };
    else {
      const consumed = [{ place: step === 1 ? "inbox" : "middle", id: token(n, step - 1).id }];
      const of = { transition: step === 1 ? "first" : "second", firing: `f-${n}-${step}`, attempt: 1, consumed, read: [] };
      yield { ...base, category: "firing", type: "fired", summary: "Passed on.", ...of, ...made };
    }
  }
}

interface Started {
  upMs: number;
  /** Of the whole process until then. */
  cpuMs: number;
  rssMb: number;
  tokens: number;
  freezeMs: number;
  slowestPutMs: number;
}

interface Traced {
  traceMs: number;
  steps: number;
  peakMb: number;
}

function start<T = Started>(bed: Bed, net: string, mode: "cold" | "warm" | "trace"): T {
  const { url, user, password } = bed.server;
  const file = fileURLToPath(new URL("./recovery-child.mjs", import.meta.url));
  const child = spawnSync(process.execPath, ["--expose-gc", file, url, user, password, net, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.status !== 0) throw new Error(`the start of ${net} failed`);
  return JSON.parse(String(child.stdout).trim().split("\n").at(-1) ?? "") as T;
}

/** Milliseconds to find the events of one story, with nothing but the log. */
async function lookUp(bed: Bed, net: string, correlation: string): Promise<number> {
  const began = nowMs();
  let found = 0;
  const take = ({ events }: LogEntry) => {
    for (const event of events) if (event.correlation === correlation) found += 1;
  };
  await bed.broker.log(net).read(0, take, { holding: correlation });
  if (found === 0) throw new Error(`nothing of ${correlation}`);
  return nowMs() - began;
}

const rows = await onBed(async (bed) => {
  for (const net of ["short", "long"]) await bed.apply(NET(net));
  await bed.master.stop();
  const began = nowMs();
  await fill(bed, "short", TOKENS + Math.round((EVENTS - TOKENS) / 10), TOKENS);
  await fill(bed, "long", EVENTS, TOKENS);
  process.stderr.write(`logs filled in ${Math.round(nowMs() - began)} ms\n`);
  const cold = start(bed, "long", "cold");
  start(bed, "short", "cold");
  const short = start(bed, "short", "warm");
  const long = start(bed, "long", "warm");
  const traced = start<Traced>(bed, "long", "trace");
  const lookUps: number[] = [];
  for (let n = 1; n <= 10; n++) lookUps.push(await lookUp(bed, "long", `c-${TOKENS + Math.floor((EVENTS - TOKENS) / 3 / 11) * n}`));
  process.stderr.write(`${JSON.stringify({ traced, cold, short, long })}\n`);
  const events = `${EVENTS / 1000}k events, ${TOKENS / 1000}k tokens waiting`;
  return [
    { case: `a correlation looked up in ${EVENTS / 1000}k events: p50`, value: quantile(lookUps, 0.5), unit: "ms", target: null },
    { case: `a correlation looked up in ${EVENTS / 1000}k events: p99`, value: quantile(lookUps, 0.99), unit: "ms", target: null },
    { case: `up again from a checkpoint, ${events}`, value: long.upMs / 1000, unit: "s", target: 10, better: "less" as const },
    { case: "CPU of that start", value: long.cpuMs / 1000, unit: "s", target: null },
    {
      case: "memory then, against a tenth of the events that came and went",
      value: long.rssMb / short.rssMb,
      unit: "times",
      target: 1.2,
      better: "less" as const,
    },
    { case: "memory then", value: long.rssMb, unit: "MB", target: null },
    { case: `up from the log alone, ${events}`, value: cold.upMs / 1000, unit: "s", target: null },
    { case: "the net stands still for a checkpoint", value: long.freezeMs, unit: "ms", target: 50, better: "less" as const },
    { case: "lineage of a token out of that log", value: traced.traceMs / 1000, unit: "s", target: null },
    { case: "peak of memory for it", value: traced.peakMb, unit: "MB", target: null },
    { case: "slowest put while a checkpoint is made", value: long.slowestPutMs, unit: "ms", target: null },
  ];
});
report(rows);
process.exit();
