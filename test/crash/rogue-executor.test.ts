/** A client of the raw protocol that holds an executor's credentials, takes whatever it can get, and does nothing with it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ClaimAnswer, WorkOrder } from "../../src/contract/envelope.ts";
import { packEnvelope, unpackEnvelope, unpackOrder } from "../../src/jetstream/envelope-bytes.ts";
import { addExecutorUser } from "../../src/jetstream/server/executor-user.ts";
import { rawUser } from "../jetstream/raw-user.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { wallClock } from "../support/nats-server.ts";
import { eachTokenOnce } from "../support/once-check.ts";
import { CLI, ROOT } from "../support/petrel-process.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = "rogue";
const JOBS = 12;
const LONG = 60_000;
const definition = {
  net: NET,
  places: { jobs: { open: true }, done: { sink: true }, failed: { sink: true } },
  transitions: {
    work: {
      ...{ kind: "command", pool: "code", in: [{ place: "jobs", as: "job" }], argv: ["echo", "job ${job.n}"], concurrency: 4 },
      ...{ out: [{ to: "done", value: "${$result.stdout}" }], onError: "failed", retry: { max: 1 } },
    },
  },
};
let system: System;
beforeEach(async () => {
  system = await System.start();
  await system.master("m1");
  await system.apply(definition);
}, 180_000);
afterEach(() => system?.end());

const events = () => eventsOf(system.broker, NET);
const ls = () =>
  JSON.parse(String(execFileSync(process.execPath, [CLI, "executor", "ls", "--json", "--dir", system.dir], { cwd: ROOT }))) as {
    name: string;
    state: string;
    heldUntil: string | null;
  }[];

it("is held off and told of, while another does all of the work, and nothing is lost", async () => {
  const user = await addExecutorUser(join(system.dir, "nats"), "thief", { clock: wallClock, pools: ["code"] });
  const nc = await rawUser(system.url, user, "_INBOX_thief");
  const granted: string[] = [];
  const turnedDown: ClaimAnswer[] = [];
  const claims = async ({ net, firing, attempt }: WorkOrder) => {
    const asked = packEnvelope({ verb: "claim", executor: "thief" });
    const answer = await nc.request(`claim.thief.${net}.${firing}.${attempt}`, asked, { timeout: 60_000, noMux: true });
    const said = unpackEnvelope<ClaimAnswer>(answer.data);
    if (said.ok) granted.push(`${firing}/${attempt}`);
    else if (said.stopped) turnedDown.push(said);
  };
  let over = false;
  const stealing = (async () => {
    while (!over) {
      const said = { name: "thief", pools: ["code"], labels: [], version: "1", pid: 1, host: "h", busy: 0, slots: 4 };
      nc.publish("heartbeat.thief", JSON.stringify({ ...said, at: new Date().toISOString() }));
      const msg = await nc
        .request("pull.WORK_code", JSON.stringify({ batch: 1, expires: 500_000_000 }), { timeout: 2000, noMux: true })
        .catch(() => null);
      if (!msg?.reply) continue;
      nc.publish(msg.reply, "+ACK");
      const signed = unpackOrder(msg.data);
      if (signed) await claims(unpackEnvelope<WorkOrder>(signed.order)).catch(() => {});
    }
  })();
  try {
    const put: string[] = [];
    for (let n = 0; n < JOBS; n++) put.push(await system.put(NET, "jobs", { n }, `k${n}`));
    // Alone with the work: it takes all, again and again, until it is found out.
    await waitUntil("it is told", async () => (await events()).some(({ attributes }) => attributes?.heldOff !== undefined), 2 * LONG);
    await waitUntil("it is turned down", () => turnedDown.length > 0, LONG);
    // Each time it is held off for longer.
    await waitUntil("it is seen", () => ls().some(({ name, state }) => name === "thief" && state === "held off"), 2 * LONG);
    await system.executor();
    await waitUntil(
      "all is done, although it goes on",
      async () => (await events()).filter(({ type }) => type === "fired").length === JOBS,
      3 * LONG,
    );
    const { state, events: all } = await logAgreesWithPlaces(system.broker, NET, LONG);
    eachTokenOnce(state, all, put);
    // The fault happened, more than once.
    expect(new Set(granted).size).toBeGreaterThanOrEqual(3);
    expect(all.filter(({ type, attributes }) => type === "lapsed" && attributes?.executor === "thief").length).toBeGreaterThanOrEqual(3);
    expect(all.some(({ type }) => type === "failed")).toBe(false);
  } finally {
    over = true;
    await stealing;
    await nc.close();
  }
}, 300_000);
