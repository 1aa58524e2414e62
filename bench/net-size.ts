/** The same traffic in a net of 500 transitions and 1,000 places, and in one of 5 and 10. And how long such a net takes to start. */
import { Master } from "../src/actors/master.ts";
import type { Json } from "../src/contract/json.ts";
import { type Bed, masterPorts, nowMs, onBed, until } from "./bed.ts";
import { fill } from "./filled.ts";
import { report } from "./report.ts";
import { PAYLOAD, STEPS } from "./w5-net.ts";

const TOKENS = Number(process.env.BENCH_TOKENS ?? 2000);

/** So many chains of five steps, each with as many places more as it takes to have two places for a transition. */
function chains(net: string, count: number): Json {
  const places: [string, Json][] = [];
  const transitions: [string, Json][] = [];
  for (let chain = 0; chain < count; chain++) {
    for (let n = 0; n <= STEPS; n++)
      places.push([`c${chain}-${n}`, { ...(n === 0 ? { open: true } : {}), ...(n === STEPS ? { sink: true } : {}) }]);
    for (let n = 1; n <= 2 * STEPS - STEPS - 1; n++) places.push([`c${chain}-idle-${n}`, { open: true, sink: true }]);
    for (let n = 1; n <= STEPS; n++) {
      const value = { title: "${job.title}", text: "${job.text}", step: n };
      transitions.push([
        `c${chain}-step-${n}`,
        { kind: "map", in: [{ place: `c${chain}-${n - 1}`, as: "job" }], value, out: [{ to: `c${chain}-${n}` }] },
      ]);
    }
  }
  return { net, places: Object.fromEntries(places), transitions: Object.fromEntries(transitions) };
}

/** Microseconds a firing, all tokens at the start of the first chain. */
async function traffic(bed: Bed, net: string): Promise<number> {
  const term = await bed.master.termOf(net);
  const times: number[] = [];
  for (let run = 0; run < 4; run++) {
    await bed.ask(net, "pause");
    await fill(term, "c0-0", TOKENS, () => JSON.parse(PAYLOAD) as Json);
    const before = term.state.places.get(`c0-${STEPS}`)?.size ?? 0;
    const began = nowMs();
    await bed.ask(net, "resume");
    await until(() => (term.state.places.get(`c0-${STEPS}`)?.size ?? 0) === before + TOKENS && term.loop.backlog === 0);
    times.push(((nowMs() - began) * 1000) / (TOKENS * STEPS));
  }
  const [, second = Number.NaN] = times.slice(1).sort((a, b) => a - b);
  return second;
}

/** Seconds from a new master to the net's term, when its streams stand. */
async function again(bed: Bed, net: string): Promise<number> {
  await bed.master.stop();
  const began = nowMs();
  const master = await Master.start(masterPorts(bed.broker));
  await master.termOf(net, 60_000);
  const seconds = (nowMs() - began) / 1000;
  await master.stop();
  return seconds;
}

await onBed(async (bed) => {
  await bed.apply(chains("small", 1));
  const small = await traffic(bed, "small");
  const began = nowMs();
  await bed.apply(chains("large", 100));
  const started = (nowMs() - began) / 1000;
  const large = await traffic(bed, "large");
  const restarted = await again(bed, "large");
  report([
    { case: "a firing in a net of 5 transitions and 10 places", value: small, unit: "us", target: null },
    { case: "a firing in a net of 500 and 1,000", value: large, unit: "us", target: null },
    { case: "the second in terms of the first (net size)", value: large / small, unit: "times", target: 1.5, better: "less" },
    { case: "start of a net of 1,000 places from nothing", value: started, unit: "s", target: 15, better: "less" },
    { case: "start of it when the streams stand", value: restarted, unit: "s", target: 3, better: "less" },
  ]);
});
process.exit();
