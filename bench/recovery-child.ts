/** One start of a master on a log that is there: how long until a put is answered, and what it takes. Prints a line of JSON. */
import { Master } from "../src/actors/master.ts";
import { findToken } from "../src/client/history/find-token.ts";
import { lineageOf } from "../src/client/history/lineage.ts";
import { connectBroker } from "../src/jetstream/connect.ts";
import { freeze } from "../src/net/frozen-state.ts";
import { clock, ids, masterPorts, nowMs, quantile } from "./bed.ts";

const [url = "", user = "", password = "", net = "", mode = ""] = process.argv.slice(2);
const login = { url, user, password, clock, ids };
const broker = await connectBroker({ ...login, name: "recovery-master" });
const outside = await connectBroker({ ...login, name: "recovery-outside" });
if (mode === "trace") await trace();
const began = nowMs();
const master = await Master.start(masterPorts(broker));
const term = await master.termOf(net, 600_000);
const put = async (n: number) => {
  const asked = nowMs();
  const answer = await outside.door.put(net, "parked", Buffer.from(JSON.stringify({ n })), { timeoutMs: 60_000 });
  if (!answer.ok) throw new Error(answer.error.message);
  return nowMs() - asked;
};
// Its door opens a moment after the term.
for (let open = false; !open; )
  open = await put(0).then(
    () => true,
    () => new Promise((again) => setTimeout(() => again(false), 5)),
  );
const upMs = nowMs() - began;
const cpu = process.cpuUsage();
const cpuMs = (cpu.user + cpu.system) / 1000;
globalThis.gc?.();
const rssMb = process.memoryUsage().rss / 2 ** 20;
const tokens = [...term.state.places.values()].reduce((sum, { size }) => sum + size, 0);
const freezes: number[] = [];
let slowestPutMs = 0;
if (mode === "warm") {
  for (let round = 0; round < 9; round++) {
    const at = nowMs();
    freeze(term.state);
    freezes.push(nowMs() - at);
  }
  // More events than lie between two checkpoints.
  const waits: number[] = [];
  const lane = async (from: number) => {
    for (let n = from; n < 3000; n += 20) waits.push(await put(n));
  };
  await Promise.all(Array.from({ length: 20 }, (_, at) => lane(at)));
  slowestPutMs = Math.max(...waits);
}
await master.stop();
process.stdout.write(`${JSON.stringify({ upMs, cpuMs, rssMb, tokens, freezeMs: quantile(freezes, 0.5), slowestPutMs })}\n`);
process.exit();

/** The lineage of a token near the end of the log, as `petrel trace` finds it. */
async function trace(): Promise<void> {
  let id = "";
  const { last } = await broker.log(net).bounds();
  await broker.log(net).read(Math.max(0, last - 10_000), ({ events }) => {
    id = events.find(({ transition, produced }) => transition === "first" && produced)?.produced?.[0]?.token.id ?? id;
  });
  const asked = nowMs();
  const found = await findToken(broker, id, [net]);
  const { before } = await lineageOf(broker, found, { depth: 100, steps: 500 });
  const { maxRSS } = process.resourceUsage();
  process.stdout.write(`${JSON.stringify({ traceMs: nowMs() - asked, steps: before.length, peakMb: maxRSS / 1024 })}\n`);
  process.exit();
}
