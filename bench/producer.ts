/** Somebody outside, as a process: waits for a line, puts tokens, says how long that took. argv: url user password net place count w5|items */
import { connectBroker } from "../src/jetstream/connect.ts";
import { clock, ids, nowMs, windowed } from "./bed.ts";
import { PAYLOAD } from "./w5-net.ts";

const [url = "", user = "", password = "", net = "", place = "", count = "0", payloads = "w5"] = process.argv.slice(2);
const broker = await connectBroker({ url, user, password, name: "bench-producer", clock, ids });
const encoder = new TextEncoder();
const same = encoder.encode(PAYLOAD);
const payload = (n: number) => (payloads === "w5" ? same : encoder.encode(JSON.stringify({ title: `item ${n}`, text: "x".repeat(265) })));
process.stdout.write("ready\n");
await new Promise((go) => process.stdin.once("data", go));
const began = nowMs();
await windowed(Number(count), 500, async (n) => {
  const answer = await broker.door.put(net, place, payload(n));
  if (!answer.ok) throw new Error(answer.error.message);
});
process.stdout.write(`${nowMs() - began}\n`);
await broker.close();
process.exit();
