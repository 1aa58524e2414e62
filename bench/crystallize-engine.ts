/**
 * Streams of `crystallize` through the real engine: a master on a nats-server with a net whose policy does the stages by itself, and the real
 * SDK against the local server that errs; beside the same stream by the pure functions alone. BENCH_SEED, BENCH_ITEMS, BENCH_ERRS and
 * BENCH_STREAM choose.
 */
import { personaWorker } from "../src/actors/persona-work.ts";
import { canonicalJson, type Json, type JsonObject } from "../src/contract/json.ts";
import { defaultConfig } from "../src/models/default-config.ts";
import { anthropicProvider } from "../src/models/providers/anthropic.ts";
import { tierModels } from "../src/models/tiers.ts";
import { startAnthropicStub } from "../test/support/anthropic-stub.ts";
import { type Bed, clock, onBed, until } from "./bed.ts";
import { lessonsOf } from "./crystallize/model.ts";
import { ROUTING } from "./crystallize/routing.ts";
import { errorOf, runStream, shareAlone, type Tally } from "./crystallize/run-stream.ts";
import type { Stream } from "./crystallize/stream.ts";
import { UNLEARNABLE } from "./crystallize/unlearnable.ts";
import { WRITING } from "./crystallize/writing.ts";
import { type Row, report } from "./report.ts";

const SIZE = Number(process.env.BENCH_ITEMS ?? 2000);
const ERRS = Number(process.env.BENCH_ERRS ?? 0.05);
const SEED = Number(process.env.BENCH_SEED ?? 42);
const STREAMS = [ROUTING[0], WRITING[0], WRITING[3], UNLEARNABLE[1]].filter(
  (stream): stream is Stream => stream?.name.includes(process.env.BENCH_STREAM ?? "") === true,
);
const NET = "bench-stream";

const persona = {
  ...{ persona: "bench", title: "Bench", flags: "-----", tools: [], tier: "economy", prompt: "Answer with the tool." },
  output: { type: "object", required: ["answer"], properties: { answer: {} }, additionalProperties: false },
  budget: { usd: 1000, tokens: 1_000_000_000 },
};
/** As the pure run has it: a bound that knows the model, and a shadow of a hundred. */
const crystallize = { every: 25, bound: 0.05 + ERRS, shadow: 100, coverage: 0.5, promote: "policy" };
const net = {
  ...{ net: NET, crystallize },
  places: { items: { open: true }, done: { sink: true }, errors: { sink: true } },
  transitions: {
    step: {
      ...{ kind: "llm", persona: "bench", ask: "What is it?", data: { item: "${item}" }, onError: "errors" },
      in: [{ place: "items", as: "item" }],
      out: [{ to: "done" }],
    },
  },
};

interface Through {
  tally: Tally;
  stages: string[];
}

async function throughEngine(stream: Stream): Promise<Through> {
  const { items, said } = lessonsOf(stream, SIZE, ERRS, SEED);
  let now = 0;
  const stub = await startAnthropicStub([], () => [{ tools: [{ name: "answer", input: { answer: said[now] ?? null } }] }]);
  const provider = anthropicProvider({ apiKey: "bench", baseURL: stub.url, clock });
  const config = { ...defaultConfig, budget: { usd: 1000 } };
  const work = personaWorker(tierModels(config, new Map([["anthropic", provider]]), { clock }), clock);
  try {
    return await onBed(
      (bed) =>
        fed(bed, items, stub.requests, (at) => {
          now = at;
        }),
      { work },
    );
  } finally {
    await stub.close();
  }
}

async function fed(
  bed: Bed,
  items: { input: JsonObject; truth: Json }[],
  requests: unknown[],
  begin: (at: number) => void,
): Promise<Through> {
  await bed.ask(null, "apply-persona", { persona: persona as unknown as Json, files: {} });
  const term = await bed.apply(net as unknown as Json);
  const tally: Tally = { alone: new Uint8Array(items.length), wrong: 0 };
  const lying = (place: string) => term.state.places.get(place);
  for (const [at, { input, truth }] of items.entries()) {
    begin(at);
    requests.length = 0;
    const body = Buffer.from(JSON.stringify(input));
    // While the master learns in its own process it answers late; the same token is put once.
    const ask = () => bed.outside.door.put(NET, "items", body, { token: `t-${at}` });
    const put = await ask().catch(ask).catch(ask);
    if (!put.ok) throw new Error(put.error.message);
    await until(() => (lying("done")?.size ?? 0) + (lying("errors")?.size ?? 0) > at);
    if (requests.length > 0) continue;
    tally.alone[at] = 1;
    const last = [...(lying("done")?.values() ?? [])].at(-1)?.token.data as JsonObject | undefined;
    if (canonicalJson(last?.answer) !== canonicalJson(truth)) tally.wrong += 1;
  }
  const stages: string[] = [];
  await bed.outside.log(NET).read(0, ({ events }) => {
    for (const { attributes } of events)
      if (Array.isArray(attributes?.crystallized))
        stages.push(...(attributes.crystallized as JsonObject[]).map(({ stage }) => String(stage)));
  });
  return { tally, stages };
}

const percent = (share: number): number => 100 * share;
const rows: Row[] = [];
for (const stream of STREAMS) {
  const engine = await throughEngine(stream);
  const pure = await runStream(stream, SIZE, ERRS, SEED);
  const from = SIZE - 200;
  for (const [who, tally] of [
    ["engine", engine.tally],
    ["pure", pure.rule],
  ] as const) {
    const row = (what: string, value: number): Row => ({ case: `${stream.name}, ${who}: ${what}`, value, unit: "%", target: null });
    rows.push(row("no model, all", percent(shareAlone(tally, 0, SIZE))), row("no model, last 200", percent(shareAlone(tally, from, SIZE))));
    rows.push(row("wrong, by the rule", percent(errorOf(tally))));
  }
  const counted = [...new Set(engine.stages)].map((stage) => `${engine.stages.filter((one) => one === stage).length} ${stage}`);
  const shares = [engine.tally, pure.rule].map(
    (tally) => `${percent(shareAlone(tally, from, SIZE)).toFixed(1)} / ${percent(errorOf(tally)).toFixed(1)}`,
  );
  process.stderr.write(`${stream.name}: engine ${shares[0]}, pure ${shares[1]}; ${counted.join(", ")}\n`);
}
report(rows);
process.exit();
