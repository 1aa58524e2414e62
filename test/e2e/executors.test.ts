/** Executors as an operator has them: enrolled, listed, labelled, killed, revoked; real processes with credentials alone. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { builtCli, Desk, descendants, type Running } from "../support/petrel-process.ts";
import { until, waitUntil } from "../support/wait-until.ts";

/** Of this run alone: processes are looked for by it on the whole machine. */
const NET = `yard-${process.pid}`;
const net = {
  net: NET,
  places: { jobs: { open: true }, special: { open: true }, done: { sink: true } },
  transitions: {
    long: {
      ...{ kind: "command", pool: "code", concurrency: 50, in: [{ place: "jobs" }], out: [{ to: "done" }], timeout: "1h" },
      argv: ["sh", "-c", "trap '' TERM; sleep 3600 & sleep 3600; wait"],
    },
    labelled: {
      ...{ kind: "command", pool: "code", labels: ["git", "node20"], in: [{ place: "special" }] },
      ...{ argv: ["echo", "hello"], out: [{ to: "done", value: { said: "${$result.stdout}" } }] },
    },
  },
};
interface Row {
  name: string;
  state: string;
  labels: string[];
  version: string | null;
  busy: number | null;
  slots: number | null;
  leases: string[];
  heard: string | null;
}

const desk = new Desk("executors");
const rows = async () => new Map((await desk.json<Row[]>(["executor", "ls"])).map((row) => [row.name, row]));
const tokens = async (place: string) => (await desk.json<{ tokens: { data: unknown }[] }>(["tokens", NET, place])).tokens;
const at = (name: string) => desk.path(`machine-${name}`);
const join = async (name: string, labels: string): Promise<Running> => {
  await desk.json(["executor", "enroll", name, "--labels", labels]);
  const running = desk.start(["executor", "start", "--creds", `${name}.creds`, "--dir", at(name), "--slots", "20"]);
  await running.says(/"ready":true/);
  return running;
};

let system: Running;
let second: Running;
beforeAll(async () => {
  await builtCli();
  system = desk.start(["up", "--json", "--models", "recorded", "--slots", "20"]);
  await system.says(/"ready":true/);
  writeFileSync(desk.path("yard.json"), JSON.stringify(net));
  await desk.json(["net", "apply", "yard.json"]);
}, 180_000);
afterAll(async () => {
  await desk.clear();
  // The machine is clean after: whatever carries a firing of this net is a left-over.
  expect(processesWith(`PETREL_FIRING=${NET}/`)).toEqual([]);
});

test("what needs a label that nobody has is blocked, and starts by itself when an executor with it joins", {
  timeout: 180_000,
}, async () => {
  await waitUntil("the local executor is heard", async () => (await rows()).get("local")?.state === "here", 60_000);
  await desk.json(["put", NET, "special", "{}"]);
  let hint: string | undefined;
  await waitUntil("why says so", async () => {
    const [why] = await desk.json<{ reasons: { code: string; missing?: string[]; command?: string }[] }[]>(["why", NET, "labelled"]);
    hint = why?.reasons[0]?.command;
    return why?.reasons[0]?.code === "label-missing" && why.reasons[0].missing?.join() === "node20";
  });
  expect(hint, "a name that is free").toBe("petrel executor start --name executor-2 --pool code --labels git,node20");
  await waitUntil("the event line says so", async () =>
    (await desk.events(NET, ".petrel")).some(({ summary }) =>
      /^labelled is blocked: .* the label node20; local comes nearest\.$/.test(summary),
    ),
  );
  expect(await tokens("done")).toEqual([]);
  const one = await join("yard-one", "git,node20");
  await waitUntil("it is done", async () => (await tokens("done")).length === 1);
  expect((await tokens("done"))[0]?.data).toEqual({ said: "hello\n" });
  // What it says of itself follows a heartbeat later.
  const row = await until("it is idle again", async () => {
    const found = (await rows()).get("yard-one");
    return found?.state === "here" && found.busy === 0 ? found : null;
  });
  expect(row).toMatchObject({
    labels: ["git", "node20"],
    slots: 20,
    version: expect.any(String),
    heard: expect.any(String),
  });
  expect((await desk.run(["executor", "ls"])).stdout).toMatch(/yard-one +here +code +git, node20 .*ago/);
  if (process.platform === "linux") expect(listens(one.pid)).toEqual([]);
  // Its folder holds no secret of the masters', and no more than its own key was given to it.
  expect(readdirSync(at("yard-one")).sort()).toEqual(["executors", "logs"]);
});

test("what a loaded hand leaves behind may fail: the executor says it, and goes on", { timeout: 180_000 }, async () => {
  mkdirSync(desk.path("untidy"));
  const run = `async run({ how }) {
    if (how === "promise") void Promise.reject(new Error("nobody waited for the promise"));
    if (how === "timer") setTimeout(() => { throw new Error("the timer threw"); }, 0);
    if (how === "exit") process.exit(0);
    if (how === "late-exit") setTimeout(exit, 0);
    if (how === "signal") process.on("SIGTERM", () => process.exit(0));
    return { pid: process.pid };
  }`;
  writeFileSync(
    desk.path("untidy", "index.mjs"),
    `import { exit } from "node:process";\nexport const hand = { name: "untidy.leave", about: "Leaves things", input: {}, ${run} };`,
  );
  const name = `untidy-${process.pid}`;
  const leave = { kind: "command", pool: "code", hand: "untidy.leave", input: { how: "${how.by}" }, in: [{ place: "asked", as: "how" }] };
  const places = { asked: { open: true }, done: { sink: true }, failed: { sink: true } };
  writeFileSync(
    desk.path("untidy.json"),
    JSON.stringify({ net: name, places, transitions: { leave: { ...leave, out: [{ to: "done" }], onError: "failed" } } }),
  );
  await desk.json(["net", "apply", "untidy.json"]);
  const executor = desk.start(["executor", "start", "--name", "untidy", "--hand", "untidy"]);
  await executor.says(/"ready":true/);
  for (const [by, said] of [
    ["promise", /the executor goes on: nobody waited for the promise/],
    ["timer", /the executor goes on: the timer threw/],
    ["late-exit", /the executor goes on: the hand untidy\.leave called process\.exit\(\)/],
    ["exit", null],
    ["signal", null],
  ] as const) {
    await desk.json(["put", name, "asked", JSON.stringify({ by })]);
    if (said) await executor.says(said);
  }
  const data = async (place: string) =>
    (await desk.json<{ tokens: { data: unknown }[] }>(["tokens", name, place])).tokens.map((token) => token.data);
  const done = () => data("done");
  const failed = () => data("failed");
  await waitUntil("all is done", async () => (await done()).length === 4, 60_000);
  expect(await done()).toEqual(Array(4).fill({ pid: executor.pid }));
  await waitUntil("the step of the one that exits has failed", async () => JSON.stringify(await failed()).includes("hand-exit"), 60_000);
  // What it added to a listener of ours ends the process, and that is told.
  const { code, stderr } = await executor.stop();
  expect([code, stderr]).toEqual([1, expect.stringContaining("process.exit(0) was called, which Petrel did not")]);
});

test("an order for a hand that nobody has is blocked, and is done when an executor has loaded it; its artefact can be fetched", {
  timeout: 180_000,
}, async () => {
  const folder = resolve("examples/hands/hello");
  await desk.json(["net", "apply", `${folder}/net.json`]);
  await desk.json(["put", "hello-hand", "people", '{"name":"Ada"}']);
  await waitUntil("why names the hand", async () => {
    const [why] = await desk.json<{ reasons: { code: string; missing?: string[] }[] }[]>(["why", "hello-hand", "greet"]);
    return why?.reasons[0]?.code === "hand-missing" && why.reasons[0].missing?.join() === "hello.greet";
  });
  await desk.json(["executor", "enroll", "greeter"]);
  const greeter = desk.start(["executor", "start", "--creds", "greeter.creds", "--dir", at("greeter"), "--hand", folder]);
  await greeter.says(/"ready":true/);
  type Greeted = { said: string; firing: string; card: { $artifact: string; name: string } };
  const greeted = async () => (await desk.json<{ tokens: { data: Greeted }[] }>(["tokens", "hello-hand", "greeted"])).tokens[0]?.data;
  await waitUntil("Ada is greeted", async () => (await greeted()) !== undefined);
  const data = (await greeted()) as Greeted;
  expect(data).toMatchObject({ said: "Hello, Ada!", card: { name: "card.txt" } });
  expect((await desk.run(["artifact", "get", data.card.$artifact])).stdout).toBe("Hello, Ada!\n");
  const hands = await desk.json<{ name: string; executors: string[] }[]>(["hands", "ls"]);
  expect(hands.find(({ name }) => name === "hello.greet")?.executors).toEqual(["greeter"]);
  expect(hands.find(({ name }) => name === "shell.run")?.executors).toEqual(expect.arrayContaining(["greeter", "local"]));
  greeter.child.kill("SIGTERM");
  await greeter.ended;
});

test("a kill ends 50 commands on three executors with all that they started; a resume begins exactly these again", {
  timeout: 600_000,
}, async () => {
  second = await join("yard-two", "git");
  for (let n = 0; n < 50; n++) await desk.json(["put", NET, "jobs", `{"n":${n}}`]);
  const running = () => new Set(processesWith(`PETREL_FIRING=${NET}/long/`));
  // A shell and two sleeps each.
  await waitUntil("all 50 run", () => running().size >= 150, 240_000);
  const busy = await until("all three say that they work", async () => {
    const found = [...(await rows()).values()].filter((row) => (row.busy ?? 0) > 0);
    return found.length === 3 ? found : null;
  });
  expect(busy.map(({ name }) => name).sort()).toEqual(["local", "yard-one", "yard-two"]);
  expect(busy.some(({ leases }) => leases.every((lease) => lease.startsWith(`${NET}/long/`)))).toBe(true);
  // A second process of an executor that works is refused, and ends nothing of the first.
  const before = [...running()].sort();
  const again = await desk.run(["executor", "start"]);
  expect([again.code === 0, again.stderr]).toEqual([
    false,
    expect.stringMatching(/local runs already \(process \d+\)[\s\S]*--name another/),
  ]);
  expect([...running()].sort()).toEqual(before);
  const asked = Date.now();
  const kill = await desk.kill<{ answer: { nets: { stopped: { firing: string }[] }[] } }>();
  const stopped = kill.answer.nets[0]?.stopped.map(({ firing }) => firing) ?? [];
  await waitUntil("nothing of it lives", () => running().size === 0);
  process.stderr.write(
    `50 commands on 3 executors, ${stopped.length} firings: dead ${Date.now() - asked} ms after the command was typed\n`,
  );
  expect(stopped).toHaveLength(50);
  await desk.json(["resume"]);
  await waitUntil("all 50 run again", () => running().size >= 150, 240_000);
  const events = await desk.events(NET, ".petrel");
  const after = events.slice(events.findIndex(({ type }) => type === "resumed"));
  const claims = after.flatMap(({ type, transition, firing }) => (type === "claimed" && transition === "long" ? [firing] : []));
  expect([...new Set(claims)].sort()).toEqual([...stopped].sort());
  // One executor alone: its work goes to others only when they have room.
  await desk.kill("yard-two");
  await waitUntil("it is idle", async () => (await rows()).get("yard-two")?.busy === 0);
  expect((await rows()).get("yard-two")?.state).toBe("stopped");
  await desk.kill(NET);
  await waitUntil("nothing of it lives", () => running().size === 0);
  // What its own name has stopped is told as that, with the resume that goes on with it.
  const [long] = await desk.json<{ reasons: { code: string; command?: string }[] }[]>(["why", NET, "long"]);
  expect(long?.reasons[0]).toMatchObject({ code: "killed", command: `petrel resume ${NET}` });
  const { findings } = await desk.json<{ findings: { check: string; status: string; says: string }[] }>(["doctor"]);
  expect(findings.filter(({ check }) => check === "control").map(({ status, says }) => `${status} ${says}`)).toEqual([
    `warn the net ${NET} is stopped by a kill`,
    "warn the executor yard-two is stopped by a kill",
  ]);
  await desk.json(["resume", "yard-two"]);
});

test("an enrolment says where its credentials lead, and binds who is started by its name", { timeout: 180_000 }, async () => {
  const made = await desk.run(["executor", "enroll", "bound", "--labels", "git"]);
  expect(made.stdout).toMatch(/on this machine alone; .*executor enroll bound --url tls:\/\/HOST:PORT --force/);
  const started = await desk.run(["executor", "start", "--name", "bound", "--labels", "gpu"]);
  expect([started.code, started.stderr]).toEqual([
    2,
    expect.stringContaining("bound was not enrolled for the label gpu; it was enrolled for git"),
  ]);
});

test("a revoked executor is cut off, and its credentials let nobody in any more", { timeout: 180_000 }, async () => {
  const asked = Date.now();
  await desk.json(["executor", "revoke", "yard-two"]);
  await waitUntil("its connection is gone", async () => !(await connected()).includes("yard-two"));
  process.stderr.write(`revoked: cut off ${Date.now() - asked} ms after the command was typed\n`);
  await waitUntil("its own process says so", () => second.stderr.includes("lets this executor in no more"));
  expect((await desk.run(["executor", "start", "--creds", "yard-two.creds", "--dir", at("again")])).stderr).toContain(
    "refuses these credentials",
  );
  await waitUntil("it is listed as revoked", async () => (await rows()).get("yard-two")?.state === "revoked");
  expect((await desk.run(["executor", "start", "--name", "yard-two"])).stderr).toContain("executor enroll yard-two");
  await waitUntil("yard-one is there as before", async () => (await rows()).get("yard-one")?.state === "here");
  expect((await desk.run(["executor", "revoke", "nobody"])).code).toBe(1);
  expect((await desk.run(["executor", "enroll", "yard-one"])).stderr).toContain("--force");
  // Whoever only wants a file again cuts nobody off, and is told.
  const again = await desk.run(["executor", "enroll", "yard-one", "--labels", "git,node20", "--force"]);
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("credentials that were given then stay good")]);
  expect(again.stdout).toContain("petrel executor revoke yard-one, then");
  await waitUntil("yard-one is there as before", async () => (await rows()).get("yard-one")?.state === "here");
  expect((await desk.run(["executor", "enroll", "yard-two", "--force"])).stdout).not.toContain("stay good");
  // What cannot be written down lets nobody in.
  writeFileSync(desk.path("no.pem"), "no certificate\n");
  for (const [wrong, said] of [
    [["--out", "yard.json/x.creds"], /yard\.json is no folder/],
    [["--out", "."], /is a folder/],
    [["--ca", "nowhere.pem"], /there is no file .*nowhere\.pem/],
    [["--ca", "no.pem"], /holds no certificate/],
    [["--url", "http://broker.example.com"], /is no address of a broker/],
    [["--hands", "shel.run"], /there is no hand "shel.run"/],
  ] as const) {
    const refused = await desk.run(["executor", "enroll", "yard-wrong", ...wrong]);
    expect(refused.code, wrong.join(" ")).toBeGreaterThan(0);
    expect(refused.stderr).toMatch(said);
  }
  expect((await rows()).has("yard-wrong")).toBe(false);
});

test("a system whose own executor was revoked comes up without it, and lets it in again once it is enrolled", {
  timeout: 300_000,
}, async () => {
  // Beside its masters it has no terminal of its own.
  await desk.json(["executor", "revoke", "local"]);
  await waitUntil("who started it is told", () =>
    /lets this executor in no more.*executor enroll local/.test(system.stdout + system.stderr),
  );
  const own = descendants(system.pid).find(({ command }) => command.includes(" executor start "));
  if (!own) throw new Error("it has no executor");
  process.kill(own.pid, "SIGKILL");
  await system.says(/The executor local was revoked and has ended\. .*executor enroll local/);
  expect((await system.stop()).code).toBe(0);

  const git = "git -c user.name=a -c user.email=a@example.org";
  await desk.paste(`git init -q -b main app && ${git} -C app commit -q --allow-empty -m first`);
  const run = await desk.run(["run", "safe-teams", "--repo", "app", "--test", "true", "--request", "More", "--models", "recorded"]);
  expect([run.code, run.stderr]).toEqual([1, expect.stringMatching(/local was revoked.*\n.*next: .* up, .* executor enroll local/)]);

  const without = desk.start(["up", "--json", "--models", "recorded"]);
  await without.says(/"ready":true/);
  expect(without.stderr).toMatch(/local was revoked: no executor is started here\. .*executor enroll local/);
  expect((await rows()).get("local")?.state).toBe("revoked");
  expect((await desk.json<{ executor: string }>(["executor", "enroll", "local", "--force"])).executor).toBe("local");
  expect((await without.stop()).code).toBe(0);

  const again = desk.start(["up", "--json", "--models", "recorded"]);
  await again.says(/"ready":true/);
  await waitUntil("it is there", async () => (await rows()).get("local")?.state === "here", 90_000);
  expect((await again.stop()).code).toBe(0);
});

/** Names of connected executors, as the broker's monitor has them. */
async function connected(): Promise<string[]> {
  const { nats } = JSON.parse(readFileSync(desk.path(".petrel", "runtime.json"), "utf8")) as { nats: { monitor: string } };
  const answer = (await (await fetch(`${nats.monitor}/connz`)).json()) as { connections: { name?: string }[] };
  return answer.connections.flatMap(({ name }) => name ?? []);
}

/** TCP and UDP sockets on which a process of this tree waits for others. */
function listens(pid: number): string[] {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const link = execFileSync("readlink", [`/proc/${pid}/fd/${fd}`], { encoding: "utf8" });
      const inode = /socket:\[(\d+)\]/.exec(link)?.[1];
      if (inode) inodes.add(inode);
    } catch {
      // Closed meanwhile.
    }
  }
  expect(inodes.size).toBeGreaterThan(0);
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((kind) => {
    const file = `/proc/${pid}/net/${kind}`;
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").trim().split("\n").slice(1);
    return lines.filter((line) => {
      const fields = line.trim().split(/\s+/);
      // 0A is LISTEN; an unconnected UDP socket has no remote end.
      const waits = kind.startsWith("tcp") ? fields[3] === "0A" : /^0+:0000$/.test(fields[2] ?? "");
      return waits && inodes.has(fields[9] ?? "");
    });
  });
}
