/**
 * How long a net has no owner: one of three master processes is killed. And a cluster of three servers, replicated: firings a
 * second, and how long no put is answered when the server that leads the log is killed.
 */
import { Master } from "../src/actors/master.ts";
import type { Broker } from "../src/contract/broker.ts";
import type { Json } from "../src/contract/json.ts";
import { ServerCluster } from "../test/support/server-cluster.ts";
import { System } from "../test/support/state-folder.ts";
import { waitUntil } from "../test/support/wait-until.ts";
import { clock, masterPorts } from "./bed.ts";
import { report } from "./report.ts";

const BY = { user: "bench", roles: ["maintainer"] };
const NETS = 12;
const TOKENS = Number(process.env.BENCH_TOKENS ?? 2000);
const STEPS = 5;

function chain(net: string): Json {
  const numbers = Array.from({ length: STEPS }, (_, at) => at + 1);
  const last = (n: number): Json => (n === STEPS ? { sink: true } : {});
  return {
    net,
    places: Object.fromEntries([["place-0", { open: true }], ...numbers.map((n): [string, Json] => [`place-${n}`, last(n)])]),
    transitions: Object.fromEntries(
      numbers.map((n): [string, Json] => [`step-${n}`, { kind: "pass", in: [{ place: `place-${n - 1}` }], out: [{ to: `place-${n}` }] }]),
    ),
  };
}

/** Milliseconds from the kill to the newest epoch record of each net that the dead master owned. */
async function masters(): Promise<number[]> {
  const system = await System.start();
  try {
    await Promise.all(["m1", "m2", "m3"].map((name) => system.master(name)));
    const names = Array.from({ length: NETS }, (_, at) => `net-${at}`);
    for (const name of names) await system.ask(null, "apply-net", { definition: chain(name) });
    const owned = async () => {
      const { nets } = (await system.ask(null, "status").catch(() => ({ nets: [] }))) as { nets: { net: string; owner: string | null }[] };
      return nets.filter(({ owner }) => owner === "m2").map(({ net }) => net);
    };
    await waitUntil("they share", async () => (await owned()).length === NETS / 3, 60_000);
    const lost = await owned();
    const epoch = async (net: string) => {
      let found = { owner: "", at: 0 };
      await system.broker.log(net).read(0, ({ events }) => {
        for (const { type, ts, attributes } of events)
          if (type === "epoch") found = { owner: String(attributes?.owner), at: Date.parse(ts) };
      });
      return found;
    };
    const killedAt = Date.now();
    await system.kill("m2");
    await waitUntil("all have owners", async () => (await Promise.all(lost.map(epoch))).every(({ owner }) => owner !== "m2"), 60_000);
    return (await Promise.all(lost.map(epoch))).map(({ at }) => at - killedAt);
  } finally {
    await system.end();
  }
}

async function putAll(broker: Broker, net: string, count: number, width: number): Promise<void> {
  let next = 0;
  const payload = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(150) }));
  const lane = async () => {
    while (next < count) {
      next += 1;
      const answer = await broker.door.put(net, "place-0", payload);
      if (!answer.ok) throw new Error(answer.error.message);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** Puts one after the other while the log's leader is killed: the longest time between two answers, in ms. */
async function longestSilence(cluster: ServerCluster, broker: Broker, net: string): Promise<number> {
  const payload = new TextEncoder().encode("{}");
  const answers: number[] = [performance.now()];
  let stop = false;
  const putting = (async () => {
    for (let n = 0; !stop; n++) {
      const once = () =>
        broker.door.put(net, "place-0", payload, { token: `s${n}`, timeoutMs: 1000 }).then(
          ({ ok }) => ok,
          () => false,
        );
      await waitUntil("a put is answered", once, 60_000);
      answers.push(performance.now());
    }
  })();
  await waitUntil("puts are answered", () => answers.length > 20, 60_000);
  const leader = await cluster.leaderOf(`LOG_${net}`);
  if (leader === null) throw new Error("nobody leads the log");
  const before = answers.length;
  await cluster.killServer(leader);
  await waitUntil("puts are answered again", () => answers.length > before + 20, 120_000);
  stop = true;
  await putting;
  return Math.max(...answers.slice(1).map((at, index) => at - (answers[index] ?? at)));
}

async function servers(): Promise<{ firings: number; silence: number }> {
  const cluster = await ServerCluster.start();
  try {
    const [broker, outside] = [await cluster.connect("bench"), await cluster.connect("outside")];
    const master = await Master.start({ ...masterPorts(broker), durability: "replicated", clock });
    const answer = await outside.commands.ask(null, "apply-net", { definition: chain("w5"), by: BY }, 60_000);
    if (!answer.ok) throw new Error(answer.error?.message);
    const term = await master.termOf("w5");
    const began = performance.now();
    await putAll(outside, "w5", TOKENS, 200);
    await waitUntil("all are through", () => (term.state.places.get(`place-${STEPS}`)?.size ?? 0) === TOKENS, 240_000);
    const firings = (TOKENS * STEPS * 1000) / (performance.now() - began);
    const silence = await longestSilence(cluster, outside, "w5");
    await master.stop();
    return { firings, silence };
  } finally {
    await cluster.end();
  }
}

const times = (await masters()).sort((a, b) => a - b);
const { firings, silence } = await servers();
report([
  {
    case: "a master of three is killed: its nets have owners after, the last",
    value: (times.at(-1) ?? 0) / 1000,
    unit: "s",
    target: 5,
    better: "less",
  },
  { case: "three servers, replicated: firings through put and 5 steps", value: firings, unit: "/s", target: null },
  { case: "three servers: no put is answered when the log's leader is killed, for", value: silence / 1000, unit: "s", target: null },
]);
process.exit();
