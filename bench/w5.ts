/**
 * W5: tokens of 200 bytes through `put`, through five `map` steps, until the last answer token lies in its place stream. Once with
 * each step decided after the log has the one before (the measure), once with steps chained in an entry, as masters run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Bed, nowMs, onBed, until } from "./bed.ts";
import { limits } from "./limits.ts";
import { report } from "./report.ts";
import { STEPS, w5 } from "./w5-net.ts";

const TOKENS = Number(process.env.BENCH_TOKENS ?? 10_000);

async function producer(bed: Bed, net: string, count: number) {
  const { url, user, password } = bed.server;
  const args = [fileURLToPath(new URL("./producer.mjs", import.meta.url)), url, user, password, net, "place-0", String(count)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  child.stdout.resume();
  return { go: () => child.stdin.write("go\n"), ended };
}

/** Firings a second. */
async function run(bed: Bed, net: string, count: number): Promise<number> {
  const term = await bed.apply(w5(net));
  const child = await producer(bed, net, count);
  const last = `place-${STEPS}`;
  const began = nowMs();
  const cpu = process.cpuUsage();
  child.go();
  await until(() => (term.state.places.get(last)?.size ?? 0) === count && term.loop.backlog === 0 && term.projection.backlog === 0);
  await term.projection.settled();
  const tookMs = nowMs() - began;
  if (process.env.BENCH_CPU) {
    const { user, system } = process.cpuUsage(cpu);
    console.error(
      `${net}: ${((user + system) / (count * STEPS)).toFixed(1)} us of CPU a firing in the master, ${((tookMs * 1000) / (count * STEPS)).toFixed(1)} us wall`,
    );
  }
  await child.ended;
  const there = await bed.broker.places(net).ids(last);
  const { added, removed } = await term.comparePlaces();
  if (there.size !== count || added + removed > 0) throw new Error(`place streams differ: ${there.size}, ${added}, ${removed}`);
  return (count * STEPS * 1000) / tookMs;
}

const measure = (stepwise: boolean) =>
  onBed(
    async (bed) => {
      await run(bed, "warm", Math.min(3000, TOKENS));
      const limit = await limits(bed.nc);
      return { limit, firings: await run(bed, "w5", TOKENS) };
    },
    { stepwise },
  );

const stepwise = await measure(true);
const chained = process.env.BENCH_ONE ? stepwise : await measure(false);
report(
  [
    { case: "W5 firings", value: stepwise.firings, unit: "/s", target: null },
    { case: "W5 firings per raw publish", value: stepwise.firings / stepwise.limit.raw, unit: "", target: 0.35, better: "more" },
    { case: "W5 with steps chained in one entry", value: chained.firings, unit: "/s", target: null },
    { case: "W5 chained per raw publish", value: chained.firings / chained.limit.raw, unit: "", target: null },
  ],
  stepwise.limit,
);
process.exit();
