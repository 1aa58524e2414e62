/**
 * W5: tokens of 200 bytes through `put`, through five `map` steps, until the last answer token lies in its place stream. Once with
 * each step decided after the log has the one before (the measure); once so that the place streams are brought up after the last
 * step is in the log; once with steps chained in an entry, as masters run.
 */
import type { MasterPorts } from "../src/actors/master-ports.ts";
import { type Bed, nowMs, onBed, until } from "./bed.ts";
import { type Limits, limits } from "./limits.ts";
import { startProducer } from "./produce.ts";
import { profiled } from "./profile.ts";
import { report } from "./report.ts";
import { STEPS, w5 } from "./w5-net.ts";

const TOKENS = Number(process.env.BENCH_TOKENS ?? 10_000);
const NEVER_MS = 3_600_000;

interface Run {
  limit: Limits;
  /** Firings a second until the log has all, and until the place streams show all. */
  logged: number;
  shown: number;
  /** Messages that the place streams took, for each firing. */
  written: number;
  /** Microseconds of CPU in the master for each firing. */
  cpu: number;
}

async function run(bed: Bed, net: string, count: number): Promise<Omit<Run, "limit">> {
  const term = await bed.apply(w5(net));
  const child = await startProducer(bed, net, "place-0", count);
  const last = `place-${STEPS}`;
  const firings = count * STEPS;
  const began = nowMs();
  const cpu = process.cpuUsage();
  child.go();
  await until(() => (term.state.places.get(last)?.size ?? 0) === count && term.loop.backlog === 0);
  const loggedMs = nowMs() - began;
  await term.projection.settled();
  const shownMs = nowMs() - began;
  const { user, system } = process.cpuUsage(cpu);
  await child.ended;
  const there = await bed.broker.places(net).ids(last);
  const { added, removed } = await term.comparePlaces();
  if (there.size !== count || added + removed > 0) throw new Error(`place streams differ: ${there.size}, ${added}, ${removed}`);
  const rate = (ms: number) => (firings * 1000) / ms;
  return {
    logged: rate(loggedMs),
    shown: rate(shownMs),
    written: (await placeMessages(bed, net)) / firings,
    cpu: (user + system) / firings,
  };
}

async function placeMessages(bed: Bed, net: string): Promise<number> {
  let all = 0;
  for (let n = 0; n <= STEPS; n++) {
    const answer = await bed.nc.request(`$JS.API.STREAM.INFO.PLACE_${net}_place-${n}`);
    all += answer.json<{ state: { last_seq: number } }>().state.last_seq;
  }
  return all;
}

const measure = (options: Partial<MasterPorts>) =>
  onBed(async (bed): Promise<Run> => {
    await run(bed, "warm", Math.min(3000, TOKENS));
    const limit = await limits(bed.nc);
    return { limit, ...(await profiled(() => run(bed, "w5", TOKENS))) };
  }, options);

const stepwise = await measure({ stepwise: true });
if (process.env.BENCH_ONE) {
  process.stderr.write(`${JSON.stringify(stepwise)}\n`);
  process.exit();
}
const after = await measure({ stepwise: true, placePaceMs: NEVER_MS });
const chained = await measure({});
report(
  [
    { case: "W5 firings", value: stepwise.shown, unit: "/s", target: null },
    { case: "W5 firings per raw publish", value: stepwise.shown / stepwise.limit.raw, unit: "", target: 0.35, better: "more" },
    { case: "W5 firings per answered publish", value: stepwise.shown / stepwise.limit.answered, unit: "", target: null },
    { case: "answered: publishes like raw, each answer parsed and awaited", value: stepwise.limit.answered, unit: "/s", target: null },
    { case: "W5 firings in the time of one synced publish", value: (stepwise.shown * stepwise.limit.sync) / 1000, unit: "", target: null },
    { case: "W5: messages in place streams for each firing", value: stepwise.written, unit: "", target: null },
    { case: "W5: CPU of the master for each firing", value: stepwise.cpu, unit: "us", target: null },
    { case: "W5 with place streams caught up after the fact, per raw", value: after.logged / after.limit.raw, unit: "", target: null },
    { case: "W5 with steps chained in one entry", value: chained.shown, unit: "/s", target: null },
    { case: "W5 chained per raw publish", value: chained.shown / chained.limit.raw, unit: "", target: null },
  ],
  stepwise.limit,
);
process.exit();
