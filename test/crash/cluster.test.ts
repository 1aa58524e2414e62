/** `petrel up` on a cluster of three, replicated: the server that leads is lost under load, and everything goes on, once. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Broker } from "../../src/contract/broker.ts";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { eachEffectOnce, eachTokenOnce, honouringCommand } from "../support/once-check.ts";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { ServerCluster } from "../support/server-cluster.ts";
import { until, waitUntil } from "../support/wait-until.ts";

let cluster: ServerCluster;
let desk: Desk;
afterEach(async () => {
  await desk?.clear();
  await cluster?.end();
});

const TOKENS = 20;
const names = ["laid-own", "laid-shared"];
const net = (name: string, file: string, layout: "own" | "shared") => ({
  net: name,
  layout,
  places: { start: { open: true }, work: {}, end: { sink: true } },
  transitions: {
    sort: {
      kind: "pass",
      in: [{ place: "start", as: "job" }],
      out: [
        { to: "work", when: "job.n < 6" },
        { to: "end", otherwise: true },
      ],
    },
    write: {
      kind: "command",
      pool: "code",
      argv: honouringCommand(file),
      timeout: "60s",
      in: [{ place: "work", as: "job" }],
      out: [{ to: "end", when: "$result.exitCode == 0", value: { n: "${job.n}" } }],
    },
  },
});

async function put(broker: Broker, name: string, n: number): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify({ n }));
  let id = "";
  const once = async () => {
    const answer = await broker.door.put(name, "start", payload, { token: `k${n}`, timeoutMs: 3000 }).catch(() => null);
    if (answer?.ok) id = answer.id;
    return answer?.ok === true;
  };
  await waitUntil(`${n} is put into ${name}`, once, 120_000);
  return id;
}

it("loses the server that holds places, then the one that leads a log, and nothing else", async () => {
  await builtCli();
  cluster = await ServerCluster.start(["local"]);
  desk = new Desk("cluster");
  const dir = desk.path("state");
  mkdirSync(join(dir, "nats"), { recursive: true });
  // Its users are the cluster's, as after `include "users.conf"`.
  copyFileSync(join(cluster.dir, "credentials.json"), join(dir, "nats", "credentials.json"));
  const up = desk.start(["up", "--nats", cluster.urls, "--durability", "replicated", "--lease", "4000", "--dir", dir, "--json"]);
  await up.says(/"ready":true/, 120_000);
  const broker = await cluster.connect("watch");
  const file = (name: string) => desk.path(`${name}.txt`);
  for (const name of names) {
    const definition = net(name, file(name), name === "laid-own" ? "own" : "shared");
    const apply = () => broker.commands.ask(null, "apply-net", { definition, by: { user: "ada" } } as never, 60_000);
    expect(await until(`${name} is applied`, apply)).toMatchObject({ ok: true });
    await copiesOf(broker, name, 3);
  }
  const acknowledged = new Map(names.map((name): [string, string[]] => [name, []]));
  // First the one that holds a place of one replica, then the one that leads a log.
  for (const [round, stream] of ["PLACE_laid-own_end", "LOG_laid-own"].entries()) {
    const { lost } = await until(`somebody leads ${stream}`, async () => {
      const leader = await cluster.leaderOf(stream);
      return leader === null ? null : { lost: leader };
    });
    const from = round * TOKENS;
    const puts = names.map(async (name) => {
      for (let n = from; n < from + TOKENS; n++) acknowledged.get(name)?.push(await put(broker, name, n));
    });
    await waitUntil("both nets work", () => [...acknowledged.values()].every((ids) => ids.length >= from + 4), 120_000);
    await cluster.killServer(lost);
    await Promise.all(puts);
    await waitUntil("another has it", async () => ![null, lost].includes(await cluster.leaderOf(stream)), 180_000);
    await allThrough(broker, from + TOKENS);
    for (const name of names) {
      const { state, events } = await logAgreesWithPlaces(broker, name, 120_000);
      eachTokenOnce(state, events, acknowledged.get(name) ?? []);
      eachEffectOnce(name, "write", file(name), events);
      await copiesOf(broker, name, 2);
    }
    if (round > 0) await doctorWarns(dir);
    await cluster.startServer(lost);
    await waitUntil("all copies are current again", async () => (await broker.copies("laid-own")).current === 3, 120_000);
  }
  await up.stop();
}, 480_000);

/** A copy follows its leader, a moment later. */
async function copiesOf(broker: Broker, name: string, current: number): Promise<void> {
  await waitUntil(`${current} of three copies of ${name} are current`, async () => {
    const copies = await broker.copies(name);
    return copies.kept === 3 && copies.current === current;
  });
}

async function allThrough(broker: Broker, tokens: number): Promise<void> {
  const size = (name: string) =>
    broker
      .places(name)
      .ids("end")
      .then(
        (ids) => ids.size,
        () => 0,
      );
  await waitUntil("all is through", async () => (await Promise.all(names.map(size))).every((each) => each === tokens), 180_000);
}

/** A lease that the lost server has led may run out meanwhile: within a lease time the net has an owner again. */
async function doctorWarns(dir: string): Promise<void> {
  let findings: { check: string; status: string }[] = [];
  const isWell = async () => {
    const ran = await desk.run(["doctor", "--dir", dir, "--json"]);
    findings = (JSON.parse(ran.stdout) as { findings: typeof findings }).findings;
    return ran.code === 0;
  };
  await waitUntil("doctor finds nothing that fails", isWell, 120_000);
  expect(findings.filter(({ check }) => check === "copies").map(({ status }) => status)).toEqual(["warn", "warn"]);
}
