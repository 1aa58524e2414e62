/** The sandbox around commands (S1 to S3), with the real bubblewrap where it is to be had. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { enclosed, findSandbox, isEnclosed, isolationText, mayRunOutside } from "../../src/executors/sandbox.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { testFolder } from "../support/nats-server.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

const sandbox = await findSandbox(process.env);
let bench: ExecutorBench | null = null;
afterEach(async () => {
  const dir = bench?.dir;
  await bench?.end();
  bench = null;
  if (dir) expect(processesWith(`HOME=${join(dir, "work")}/`)).toEqual([]);
});
const policy = (fields: object) => machinePolicySchema.parse(fields);
const started = async (fields: object) => {
  bench = await startBench({ policy: policy(fields) });
  return bench;
};
const sh = async (script: string, over: object = {}) => {
  const value = goodValue(await (bench as ExecutorBench).run("shell.run", { argv: ["sh", "-c", script], ...over }));
  return { ...value, out: String(value.stdout).trim(), err: String(value.stderr) };
};

const goodOutput = async (...argv: string[]) => String(goodValue(await (bench as ExecutorBench).run("shell.run", { argv })).stdout).trim();

describe("in a sandbox", () => {
  beforeEach(({ skip }) => skip(sandbox.kind === "none", "why" in sandbox ? sandbox.why : ""));
  test("the work directory can be written, the system read, and nothing else seen or changed", async () => {
    const { dir } = await started({ sandbox: "required" });
    const secret = join(testFolder("home"), "key");
    writeFileSync(secret, "hush");
    expect((await sh("echo mine > file && cat file && ls /usr/bin/env")).out).toBe("mine\n/usr/bin/env");
    for (const path of [secret, join(dir, "results"), join(dir, "claims"), "/root", "/home", "/var/lib", "/etc/shadow"])
      expect([path, (await sh(`cat ${path}/* ${path} 2>/dev/null; true`)).out]).toEqual([path, expect.not.stringMatching(/hush|root:/)]);
    for (const path of ["/usr/planted", "/etc/planted", "/bin/planted", "/planted"])
      expect([path, (await sh(`echo x > ${path}; echo $?`)).out === "0" && existsSync(path)]).toEqual([path, false]);
    await sh("echo x > /tmp/planted-by-a-test");
    expect(existsSync("/tmp/planted-by-a-test")).toBe(false);
  });

  test("keys are not seen where they lie below a folder of PATH, and the work there goes on", async () => {
    const above = testFolder("programs");
    const [state, creds] = [join(above, "state"), join(above, "builder.creds")];
    mkdirSync(join(state, "keys"), { recursive: true });
    for (const file of [join(state, "keys", "orders.json"), creds]) writeFileSync(file, "hush");
    writeFileSync(join(above, "program"), "seen");
    const dir = join(state, "executors", "builder");
    const environment = { ...process.env, PATH: `${above}:${process.env.PATH}` };
    bench = await startBench({ policy: policy({ sandbox: "required" }), dir, hidden: [state, creds], environment });
    expect(
      (await sh(`cat ${above}/program; cat ${state}/keys/orders.json ${creds}; ls ${state}/keys; echo mine > file && cat file`)).out,
    ).toBe("seenmine");
    expect((await sh(`ls ${dir}`)).out.split("\n")).not.toContain("results");
    expect(existsSync(join(dir, "results"))).toBe(true);
  });

  test("what lies in memory without a bound cannot be written: the root, /dev, and what stands in for hidden folders", async () => {
    const above = testFolder("programs");
    const hidden = join(above, "state");
    mkdirSync(hidden);
    const environment = { ...process.env, PATH: `${above}:${process.env.PATH}` };
    bench = await startBench({ policy: policy({ sandbox: "required" }), hidden: [hidden], environment });
    const folders = ["/", "/dev", "/run", "/var", hidden, ...["/etc/ssh", "/etc/ssl/private"].filter((folder) => existsSync(folder))];
    for (const folder of folders) {
      const tried = `mkdir -p ${folder}/planted 2>/dev/null && echo made; echo x 2>/dev/null >${folder}/file && echo written; true`;
      expect([folder, (await sh(tried)).out]).toEqual([folder, ""]);
    }
    expect((await sh("echo x >/dev/null && echo y >/dev/shm/y && cat /dev/shm/y && echo mine >file && cat file")).out).toBe("y\nmine");
  });

  test("what is inside cannot undo it, also not as root: no mount is made, changed or taken away, and the kernel is not steered (S4)", async () => {
    const above = testFolder("programs");
    const hidden = join(above, "state");
    mkdirSync(hidden);
    writeFileSync(join(hidden, "key"), "hush");
    const environment = { ...process.env, PATH: `${above}:${process.env.PATH}` };
    bench = await startBench({ policy: policy({ sandbox: "required" }), hidden: [hidden], environment });
    const kernel = "find /proc/sys/kernel /proc/sys/vm /proc/sysrq-trigger -writable 2>/dev/null";
    const undo = [
      `umount ${hidden}; cat ${hidden}/key`,
      "umount /proc/sys; mount -o remount,bind,rw /proc/sys",
      kernel,
      "mkdir -p new; mount -t proc proc new && echo mounted; find new/sys/kernel -writable",
      "mount -t tmpfs -o size=64g none new && echo mounted",
      "mount -o remount,bind,rw /usr; mount -o remount,rw /usr; test -w /usr && echo writable",
    ].join("; ");
    expect((await sh("grep CapEff /proc/self/status")).out).toMatch(/\s0+$/);
    expect((await sh(`{ ${undo}; } 2>/dev/null; true`)).out).toBe("");
    // In namespaces of its own, where it may make them, what it was given stays as it was given.
    const nested = undo.replace(/mount -t tmpfs[^;]*; /, "");
    writeFileSync(join(above, "undo.sh"), nested);
    expect((await sh(`{ unshare -Urpmf sh ${above}/undo.sh; } 2>/dev/null; true`)).out).toBe("");
  });

  test("the program that makes the sandbox is not reached from inside, which could keep the next one from being made (S4)", async ({
    skip,
  }) => {
    if (sandbox.kind === "none") return skip(sandbox.why);
    const folder = testFolder("programs");
    const program = join(folder, "bwrap");
    copyFileSync(sandbox.path, program);
    chmodSync(program, 0o755);
    const environment = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    // Where only one that belongs to root may make namespaces.
    if ((await findSandbox(environment)).kind === "none") return skip("a copy of bubblewrap makes no sandbox here");
    bench = await startBench({ policy: policy({ sandbox: "required" }), environment });
    expect((await sh("for each in /proc/[0-9]*; do readlink $each/exe; chmod 744 $each/exe; done 2>/dev/null; true")).out).not.toContain(
      "bwrap",
    );
    expect(statSync(program).mode & 0o777).toBe(0o755);
  });

  test("what the executor keeps of an output is written nowhere else, and nothing else is taken for it", async () => {
    await started({ sandbox: "required" });
    const elsewhere = testFolder("elsewhere");
    const lead = `cd ..; for each in outputs artifacts; do rm -rf $each; mv $each former; ln -sfn ${elsewhere} $each; ln -sf ${elsewhere}/planted $each/stdout; done`;
    const value = await sh(`{ ${lead}; } 2>/dev/null; head -c 100000 /dev/zero | tr '\\0' x`);
    expect(readdirSync(elsewhere)).toEqual([]);
    expect((value as JsonObject).full).toMatchObject({ stdout: { size: 100_000 } });
  });

  test("no process of the machine is seen, and none inside is left behind", async () => {
    await started({ sandbox: "required" });
    const pids = Number((await sh("ls -d /proc/[0-9]* | wc -l")).out);
    expect(pids).toBeGreaterThan(0);
    expect(pids).toBeLessThan(8);
    await sh("setsid sleep 600 & nohup sleep 600 >/dev/null 2>&1 & sleep 600 & echo gone");
  });

  test("with the network off only its own loopback is there; open, it is the machine's", async () => {
    const server = createServer((_request, response) => response.end("heard")).listen(0, "127.0.0.1");
    await until("the server listens", () => server.address());
    const ask = `node -e 'fetch("http://127.0.0.1:${(server.address() as AddressInfo).port}").then(r=>r.text()).then(console.log,()=>console.log("no way"))'`;
    await started({ sandbox: "required", network: "off" });
    expect((await sh(ask)).out).toBe("no way");
    await bench?.end();
    await started({ sandbox: "required" });
    expect((await sh(ask)).out).toBe("heard");
    await new Promise((done) => server.close(done));
  });

  test("with a list of hosts these are reached by a proxy, and no other way leads out", async () => {
    const seen: string[] = [];
    const answering = () =>
      createServer((request, response) => {
        seen.push(`${request.method} ${request.url} ${request.headers.host}`);
        request.pipe(response);
      }).listen(0, "127.0.0.1");
    const [listed, other] = [answering(), answering()];
    await until("both listen", () => listed.address() && other.address());
    const port = (server: typeof listed) => (server.address() as AddressInfo).port;
    await started({ sandbox: "required", network: [`127.0.0.1:${port(listed)}`, "localhost.example.com"] });
    expect(bench?.owner.beats[0]?.isolation).toMatch(/network by a proxy to 127\.0\.0\.1:\d+, localhost\.example\.com only/);
    // As any program asks a proxy: by absolute address, and by CONNECT.
    const node = (script: string, ...words: string[]) => goodOutput("node", "-e", script, ...words);
    const PLAIN = `const [path, host] = process.argv.slice(1);
      require("http").request({ host: "127.0.0.1", port: 3128, method: "POST", path, headers: { host } }, (r) => {
        let text = "";
        r.on("data", (d) => (text += d)).on("end", () => console.log(r.statusCode, text.trim()));
      }).on("error", (e) => console.log(e.code)).end("said");`;
    const TUNNEL = `require("http").request({ host: "127.0.0.1", port: 3128, method: "CONNECT", path: process.argv[1] }).on("connect", (r, s) => {
        if (r.statusCode !== 200) return console.log(r.statusCode), process.exit();
        s.on("data", (d) => (console.log(String(d).split("\\r\\n")[0]), process.exit()));
        s.write("GET /by-tunnel HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n");
      }).on("error", (e) => console.log(e.code)).end();`;
    const open = `127.0.0.1:${port(listed)}`;
    const shut = `127.0.0.1:${port(other)}`;
    expect(await node(PLAIN, `http://${open}/a`, shut)).toBe("200 said");
    expect(seen).toEqual([`POST /a ${open}`]);
    expect(await node(TUNNEL, open)).toBe("HTTP/1.1 200 OK");
    expect(seen).toHaveLength(2);
    expect(await node(PLAIN, `http://${shut}/b`, open)).toMatch(/^403 the policy of this executor does not let commands reach/);
    expect(await node(PLAIN, "/b", open)).toMatch(/^400/);
    for (const to of [shut, `localhost:${port(listed)}`, `127.1:${port(listed)}`, `[::ffff:127.0.0.1]:${port(listed)}`, "127.0.0.1:22"])
      expect([to, await node(TUNNEL, to)]).toEqual([to, "403"]);
    // Past the proxy there is nothing but the sandbox's own loopback.
    const DIRECT = `require("net").connect(+process.argv[1], "127.0.0.1").on("connect", () => console.log("out")).on("error", (e) => console.log(e.code));`;
    expect(await node(DIRECT, String(port(listed)))).toBe("ECONNREFUSED");
    expect(seen).toHaveLength(2);
    for (const server of [listed, other]) await new Promise((done) => server.close(done));
  });

  test("what stands before a command for its proxy hands on how it ends, and lets it have its last words", async () => {
    const folder = testFolder("last-words-by-proxy");
    await started({ sandbox: "required", network: ["example.com"], paths: [folder] });
    const run = bench as ExecutorBench;
    expect(goodValue(await run.run("shell.run", { argv: ["sh", "-c", "exit 7"] })).exitCode).toBe(7);
    const killed = { argv: ["sh", "-c", "kill -9 $$"] };
    expect(goodValue(await run.run("shell.run", { ...killed, exits: { "137": "killed" } })).exitCode).toBe(137);
    expect((await run.run("shell.run", killed)).outcome).toMatchObject({ ok: false, error: { code: "killed-from-outside" } });
    const missing = await run.run("shell.run", { argv: ["no-such-program-here"] });
    expect(missing.outcome).toMatchObject({ ok: false, error: { code: "command-not-found" } });
    const polite = "trap 'echo told > told; exit 0' TERM; echo ready > ready; sleep 600 & wait";
    const order = run.order("shell.run", { argv: ["sh", "-c", polite], cwd: folder });
    run.owner.offer(order);
    await until("it runs", () => existsSync(join(folder, "ready")));
    run.owner.cancel(order);
    await until("it had its last words", () => existsSync(join(folder, "told")));
    await until("it is over", () => run.executor().busy() === 0);
  });

  test("what it keeps in memory as files is bounded by its memory limit", async ({ skip }) => {
    skip(sandbox.kind !== "none" && !sandbox.sizes, "this bubblewrap is older than 0.7, and bounds no folder in memory");
    await started({ sandbox: "required", limits: { memoryMb: 64 } });
    for (const [folder, kb] of [
      ["/tmp", 32],
      ["/var/tmp", 16],
      ["/dev/shm", 16],
    ] as const) {
      const said = await sh(`head -c 60000000 /dev/zero > ${folder}/fill; echo $?; stat -c %s ${folder}/fill`);
      expect([folder, said.out]).toEqual([folder, `1\n${kb * 1024 * 1024}`]);
      expect(said.err).toContain("No space left on device");
    }
  });

  test("a named folder is the one that can be written besides", async () => {
    const folder = testFolder("named");
    mkdirSync(join(folder, "in"));
    await started({ sandbox: "preferred", paths: [folder] });
    await sh("echo there > file; echo x > ../beside", { cwd: join(folder, "in") });
    expect(readFileSync(join(folder, "in", "file"), "utf8")).toBe("there\n");
    expect(existsSync(join(folder, "beside"))).toBe(false);
  });

  test("a time limit tells the command first, and ends what does not listen", async () => {
    const folder = testFolder("last-words");
    await started({ sandbox: "required", paths: [folder] });
    const run = bench as ExecutorBench;
    const polite = "trap 'echo told > told; exit 0' TERM; sleep 600 & wait";
    const order = { argv: ["sh", "-c", polite], cwd: folder };
    // A machine that stands still may use a short limit up before the command listens.
    for (const timeoutMs of [1500, 10_000, 40_000]) {
      const result = await run.run("shell.run", order, { timeoutMs });
      expect(result.outcome).toMatchObject({ ok: false, error: { code: expect.stringMatching(/timed-out/) } });
      if (existsSync(join(folder, "told"))) break;
    }
    expect(readFileSync(join(folder, "told"), "utf8")).toBe("told\n");
    const deaf = await run.run("shell.run", { argv: ["sh", "-c", "trap '' TERM; sleep 600; sleep 600"] }, { timeoutMs: 1000 });
    expect(deaf.outcome).toMatchObject({ ok: false, error: { code: expect.stringMatching(/timed-out/) } });
  });

  test("a program that is not there is said to be missing, as without a sandbox", async () => {
    await started({ sandbox: "required" });
    const result = await (bench as ExecutorBench).run("shell.run", { argv: ["no-such-program-here"] });
    expect(result.outcome).toMatchObject({ ok: false, error: { code: "command-not-found" } });
  });

  test("by default it stands around what code hands run, and says so", async () => {
    expect(isEnclosed({ enclosed: true }, sandbox, policy({}))).toBe(true);
    expect(isEnclosed({ enclosed: false }, sandbox, policy({}))).toBe(false);
    expect(isEnclosed({ enclosed: false }, sandbox, policy({ sandbox: "preferred" }))).toBe(true);
    expect(isEnclosed({ enclosed: true }, sandbox, policy({ sandbox: "off" }))).toBe(false);
    await started({});
    expect(bench?.owner.beats[0]?.isolation).toMatch(/^bubblewrap [\d.]+ around the commands of code hands/);
  });
});

test("`required` runs nothing where there is none, and what is only preferred goes without", async () => {
  const folder = testFolder("nothing");
  const nothing = testFolder("no-programs");
  bench = await startBench({ policy: policy({ sandbox: "required" }), environment: { PATH: nothing } });
  const touch = { argv: [process.execPath, "-e", `require("fs").writeFileSync(${JSON.stringify(join(folder, "ran"))}, "")`] };
  const refused = await bench.run("shell.run", touch);
  expect(refused.outcome).toMatchObject({ ok: false, error: { outlook: "refused", code: "sandbox-missing" } });
  expect(existsSync(join(folder, "ran"))).toBe(false);
  expect(bench.owner.beats[0]?.isolation).toMatch(/^none, and commands are refused/);
  await bench.end();
  bench = await startBench({ policy: policy({ sandbox: "preferred" }), environment: { PATH: nothing } });
  expect(goodValue(await bench.run("shell.run", touch)).exitCode).toBe(0);
});

test("words for what a machine offers", () => {
  const none = { kind: "none", why: "bubblewrap (bwrap) is not installed" } as const;
  expect(isolationText(none, policy({}))).toBe("none: bubblewrap (bwrap) is not installed");
  expect(
    isolationText({ kind: "bubblewrap", path: "/usr/bin/bwrap", version: "0.8.0" }, policy({ sandbox: "required", network: "off" })),
  ).toBe("bubblewrap 0.8.0 around every command; network off");
  expect(isolationText(none, policy({ sandbox: "off" }))).toMatch(/^none: the policy/);
  const there = { kind: "bubblewrap", path: "/usr/bin/bwrap", version: "0.8.0" } as const;
  expect(isolationText(there, policy({}), ["browser.flow"])).toMatch(/; the browser runs outside$/);
  expect(isolationText(there, policy({ sandbox: "required" }), ["browser.flow"])).toMatch(
    /; the browser is refused: it would run outside$/,
  );
});

test("`required` refuses what a library would start outside, also where there is a sandbox", () => {
  for (const sandbox of ["code", "preferred", "off"] as const) expect(() => mayRunOutside("chromium", policy({ sandbox }))).not.toThrow();
  expect(() => mayRunOutside("chromium", policy({ sandbox: "required" }))).toThrow(expect.objectContaining({ code: "sandbox-outside" }));
});

test("programs beside a home are mounted without the home", () => {
  const home = testFolder("somebody");
  mkdirSync(join(home, "bin"));
  mkdirSync(join(home, "lib"));
  mkdirSync(join(home, "tools", "node", "bin"), { recursive: true });
  mkdirSync(join(home, "tools", "node", "lib"));
  const argv = enclosed("bwrap", ["true"], {
    ...{ cwd: "/", writable: [], readable: [], hidden: [], network: false, home },
    path: `${home}/bin:${home}/tools/node/bin:/usr/bin:relative`,
  });
  expect(argv).toContain(`${home}/bin`);
  expect(argv).toContain(`${home}/tools/node`);
  expect(argv).not.toContain(home);
  expect(argv).not.toContain("--share-net");
});
