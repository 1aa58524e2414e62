/**
 * A gateway under load: 500 reads a second while 200 clients follow the event line, what `execute` adds to the net itself, and 1,000 calls
 * that wait at once. Broker and gateway are processes; the master and those who ask share this one.
 */
import { setMaxListeners } from "node:events";
import { Agent, request } from "undici";
import { type Bed, nowMs, onBed, quantile, windowed } from "./bed.ts";
import { type Door, openDoor } from "./gateway-door.ts";
import { type Row, report } from "./report.ts";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 10);
const RATE = 500;
const FOLLOWERS = 200;
const EVENTS_A_SECOND = 20;
const CALLS = 300;
const WAITING = 1000;
const NET = "double";
const definition = {
  net: NET,
  places: { ask: { open: true }, answer: { sink: true }, held: { open: true } },
  transitions: {
    work: { kind: "map", in: [{ place: "ask", as: "job" }], value: { title: "${job.title}", done: true }, out: [{ to: "answer" }] },
  },
};
const READS = [
  `/api/event-line/${NET}?limit=5`,
  `/api/nets/${NET}/marking`,
  `/api/nets/${NET}/places/held/tokens?limit=20`,
  `/api/nets/${NET}`,
  "/api/nets",
];
const agent = new Agent({ connections: 64, pipelining: 1 });
const long = new Agent({ connections: WAITING + FOLLOWERS + 10, bodyTimeout: 0, headersTimeout: 0 });

/** Counts what comes until it is stopped. */
async function followers({ url, headers }: Door, count: number) {
  let events = 0;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  await Promise.all(
    Array.from({ length: count }, async () => {
      const { body } = await request(`${url}/api/event-line/${NET}/stream`, { headers, dispatcher: long, signal: stopping.signal });
      void (async () => {
        for await (const chunk of body) events += String(chunk).split("\nevent: ").length - 1;
      })().catch(() => {});
    }),
  );
  return { events: () => events, stop: () => stopping.abort() };
}

/** At a fixed rate, whether answers come or not: what waits in a queue counts as latency. */
async function reads({ url, headers }: Door, bed: Bed): Promise<number[]> {
  const times: number[] = [];
  const began = nowMs();
  const asked: Promise<void>[] = [];
  for (let n = 0; n < SECONDS * RATE; n++) {
    const due = began + (n * 1000) / RATE;
    while (nowMs() < due) await new Promise((again) => setTimeout(again, 1));
    if (n % (RATE / EVENTS_A_SECOND) === 0) void bed.outside.door.put(NET, "ask", Buffer.from('{"title":"x"}'));
    asked.push(
      request(`${url}${READS[n % READS.length]}`, { headers, dispatcher: agent }).then(async ({ statusCode, body }) => {
        await body.dump();
        if (statusCode !== 200) throw new Error(`a read was answered with ${statusCode}`);
        times.push(nowMs() - due);
      }),
    );
  }
  await Promise.all(asked);
  return times;
}

async function execute({ url, headers }: Door, body: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await request(`${url}/api/nets/${NET}/execute`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    dispatcher: long,
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, json: (await answer.body.json()) as Record<string, unknown> };
}

/** The same call over HTTP, and over the broker with the answer heard from the log: what is between them is the gateway's. */
async function overhead(door: Door, bed: Bed): Promise<Row[]> {
  const [http, alone]: [number[], number[]] = [[], []];
  const fired = new Set<string>();
  let hear: () => void = () => {};
  const stopping = new AbortController();
  const { last } = await bed.outside.log(NET).bounds();
  void (async () => {
    for await (const { events } of bed.outside.log(NET).follow(last, stopping.signal))
      for (const event of events) {
        if (event.type !== "fired") continue;
        for (const { id } of event.consumed ?? []) fired.add(id);
        hear();
      }
  })();
  for (let n = 0; n < CALLS + 50; n++) {
    const began = nowMs();
    const put = await bed.outside.door.put(NET, "ask", Buffer.from('{"title":"x"}'));
    if (!put.ok) throw new Error(put.error.message);
    await new Promise<void>((resolve) => {
      hear = () => void (fired.has(put.id) && resolve());
      hear();
    });
    if (n >= 50) alone.push(nowMs() - began);
    const asked = nowMs();
    const { status } = await execute(door, { place: "ask", data: { title: "x" }, until: { place: "answer" }, waitMs: 5000 });
    if (status !== 200) throw new Error(`execute was answered with ${status}`);
    if (n >= 50) http.push(nowMs() - asked);
  }
  stopping.abort();
  const [p50, plain] = [quantile(http, 0.5), quantile(alone, 0.5)];
  return [
    { case: "execute over HTTP over one map: p50", value: p50, unit: "ms", target: null },
    { case: "the same over the broker alone: p50", value: plain, unit: "ms", target: null },
    { case: "what the gateway adds: p50", value: p50 - plain, unit: "ms", target: 5, better: "less" },
    { case: "execute over HTTP: p99", value: quantile(http, 0.99), unit: "ms", target: null },
  ];
}

/** All wait for something else; then each is answered by its own token. */
async function waiting(door: Door, bed: Bed): Promise<Row[]> {
  await bed.ask(NET, "pause");
  const began = nowMs();
  const all = Array.from({ length: WAITING }, (_, n) =>
    execute(door, { place: "ask", data: { title: `w${n}` }, until: { place: "answer" }, waitMs: 60_000 }),
  );
  const term = await bed.master.termOf(NET);
  while ((term.state.places.get("ask")?.size ?? 0) < WAITING) await new Promise((again) => setTimeout(again, 5));
  const put = nowMs() - began;
  const resumed = nowMs();
  await bed.ask(NET, "resume");
  const answers = await Promise.all(all);
  const wrong = answers.filter(
    ({ status, json }, n) => status !== 200 || (json.token as { data: { title: string } }).data.title !== `w${n}`,
  );
  if (wrong.length > 0) throw new Error(`${wrong.length} of ${WAITING} got no answer, or another's`);
  return [
    { case: `${WAITING} calls wait at once: until all are in`, value: put, unit: "ms", target: null },
    { case: `${WAITING} calls wait at once: until the last has its own answer`, value: nowMs() - resumed, unit: "ms", target: null },
  ];
}

await onBed(async (bed) => {
  await bed.apply(definition);
  await windowed(200, 20, (n) => bed.outside.door.put(NET, "held", Buffer.from(JSON.stringify({ n }))));
  const door = await openDoor(bed);
  const following = await followers(door, FOLLOWERS);
  await reads(door, bed);
  const before = following.events();
  const times = await reads(door, bed);
  const got = following.events() - before;
  following.stop();
  const rows: Row[] = [
    { case: `reads at ${RATE}/s beside ${FOLLOWERS} followers: p50`, value: quantile(times, 0.5), unit: "ms", target: null },
    { case: `reads at ${RATE}/s beside ${FOLLOWERS} followers: p99`, value: quantile(times, 0.99), unit: "ms", target: 50, better: "less" },
    { case: "events that the followers got meanwhile", value: got, unit: "", target: null },
    ...(await overhead(door, bed)),
    ...(await waiting(door, bed)),
  ];
  door.stop();
  report(rows);
});
process.exit();
