/** 200 `http` firings against a local server that answers after 100 ms, 50 at a time: ideal are 400 ms. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { httpClient } from "../src/http/client.ts";
import { type Bed, clock, nowMs, onBed, until, windowed } from "./bed.ts";
import { report } from "./report.ts";

const FIRINGS = 200;
const AT_ONCE = 50;
const ANSWER_MS = 100;
const IDEAL_MS = (FIRINGS / AT_ONCE) * ANSWER_MS;

const definition = (url: string) => ({
  net: "calls",
  places: { asked: { open: true }, answered: { sink: true } },
  transitions: {
    call: {
      kind: "http",
      method: "POST",
      url: `${url}/x`,
      body: { n: "${job.n}" },
      concurrency: AT_ONCE,
      in: [{ place: "asked", as: "job" }],
      out: [{ to: "answered" }],
    },
  },
});

/** From the moment when all are asked for to the last answer in the log. */
async function calls({ master, ask, outside }: Bed): Promise<number> {
  const { state, loop } = await master.termOf("calls");
  const before = state.places.get("answered")?.size ?? 0;
  await ask("calls", "pause");
  await windowed(FIRINGS, 50, (n) => outside.door.put("calls", "asked", Buffer.from(JSON.stringify({ n }))));
  const began = nowMs();
  await ask("calls", "resume");
  await until(() => (state.places.get("answered")?.size ?? 0) === before + FIRINGS && loop.backlog === 0);
  return nowMs() - began;
}

/** On a thread of its own: it is not what is measured. Tells its port, and then how many it had at once. */
const SERVER = `
  const { parentPort } = require("node:worker_threads");
  let most = 0, running = 0;
  const server = require("node:http").createServer((request, response) => {
    most = Math.max(most, ++running);
    request.resume();
    setTimeout(() => {
      running -= 1;
      response.setHeader("content-type", "application/json");
      response.end('{"ok":true}');
    }, ${ANSWER_MS});
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
  parentPort.on("message", () => parentPort.postMessage(most));
`;
const server = new Worker(SERVER, { eval: true });
const told = async () => ((await once(server, "message")) as [number])[0];
const port = await told();
const client = httpClient({ clock, allow: ["127.0.0.1"] });
const secrets = () => {
  throw new Error("there are no secrets");
};
await onBed(
  async (bed) => {
    await bed.apply(definition(`http://127.0.0.1:${port}`));
    await calls(bed);
    const times = [await calls(bed), await calls(bed), await calls(bed)].sort((a, b) => a - b);
    server.postMessage("how many?");
    const most = await told();
    if (most !== AT_ONCE) throw new Error(`${most} requests at once, not ${AT_ONCE}`);
    const took = times[1] ?? Number.NaN;
    report([
      { case: `${FIRINGS} http firings of ${ANSWER_MS} ms, ${AT_ONCE} at once`, value: took, unit: "ms", target: null },
      { case: "http in terms of the ideal", value: took / IDEAL_MS, unit: "times", target: 1.3, better: "less" },
    ]);
  },
  { http: { client, secrets } },
);
process.exit();
