/** Everything by TLS: the managed broker with a certificate, its masters, an enrolled executor in a folder of its own, a task. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { builtCli, Desk, type Running } from "../support/petrel-process.ts";
import { type TestCertificates, testCertificates } from "../support/test-certificates.ts";
import { waitUntil } from "../support/wait-until.ts";

const net = {
  net: "yard",
  places: { asked: { open: true }, done: { sink: true }, stuck: { sink: true } },
  transitions: {
    local: {
      ...{ kind: "command", pool: "code", argv: ["node", "-p", "6*7"], onError: "stuck" },
      ...{
        in: [{ place: "asked", as: "it", where: '$.where == "local"' }],
        out: [{ to: "done", value: { said: "${$result.stdout}", where: "${it.where}" } }],
      },
    },
    far: {
      ...{ kind: "command", pool: "far", argv: ["node", "-p", "6*7"], onError: "stuck" },
      ...{
        in: [{ place: "asked", as: "it", where: '$.where == "far"' }],
        out: [{ to: "done", value: { said: "${$result.stdout}", where: "${it.where}" } }],
      },
    },
  },
};
const desk = new Desk("tls");
let certificates: TestCertificates | null = null;
let system: Running;
let port: number;

/** The first line that the broker says to whoever connects. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1").once("error", reject);
    socket.setEncoding("utf8").once("data", (text: string) => {
      socket.destroy();
      resolve(text);
    });
  });
}

beforeAll(async () => {
  certificates = testCertificates(desk.cwd, "IP:127.0.0.1");
  if (!certificates) return;
  await builtCli();
  const { ca, cert, key } = certificates;
  port = await freePort();
  system = desk.start([
    "up",
    "--listen",
    `127.0.0.1:${port}`,
    "--json",
    "--gateway-port",
    "0",
    "--models",
    "recorded",
    "--tls-cert",
    cert,
    "--tls-key",
    key,
    "--tls-ca",
    ca,
  ]);
  await system.says(/"ready":true/);
  writeFileSync(desk.path("net.json"), JSON.stringify(net));
  await desk.json(["net", "apply", "net.json"]);
}, 180_000);
afterAll(() => desk.clear());

describe("with a certificate", { timeout: 240_000 }, () => {
  test("a task is done by the local executor and by an enrolled one, and the broker speaks to nobody without TLS", async ({ skip }) => {
    if (!certificates) return skip("openssl, which makes the test's certificates, is not installed here");
    const runtime = JSON.parse(readFileSync(desk.path(".petrel", "runtime.json"), "utf8")) as { nats: { url: string } };
    expect(runtime.nats.url).toBe(`tls://127.0.0.1:${port}`);
    expect(await greeting(port)).toContain('"tls_required":true');

    const { file } = await desk.json<{ file: string }>(["executor", "enroll", "far-one", "--pool", "far"]);
    const begun = desk.start(["executor", "start", "--creds", file, "--dir", desk.path("far")]);
    await begun.says(/"ready":true/);
    for (const where of ["local", "far"]) await desk.json(["put", "yard", "asked", JSON.stringify({ where })]);
    const tokens = async () => (await desk.json<{ tokens: { data: object }[] }>(["tokens", "yard", "done"])).tokens;
    await waitUntil("both are done", async () => (await tokens()).length === 2, 120_000);
    expect((await tokens()).map(({ data }) => data)).toEqual(
      expect.arrayContaining([
        { said: "42\n", where: "local" },
        { said: "42\n", where: "far" },
      ]),
    );
    await begun.stop();
  });

  test("who does not know the authority is not let to speak, and a broker that other machines reach has a certificate", async ({
    skip,
  }) => {
    if (!certificates) return skip("openssl, which makes the test's certificates, is not installed here");
    const { file } = await desk.json<{ file: string }>(["executor", "enroll", "stranger"]);
    const text = readFileSync(file, "utf8");
    const about = /BEGIN PETREL EXECUTOR-----\s+([^-]+)/.exec(text)?.[1] ?? "";
    const { ca: _, ...rest } = JSON.parse(Buffer.from(about, "base64").toString()) as { ca: string };
    writeFileSync(desk.path("no-ca.creds"), text.replace(about, `${Buffer.from(JSON.stringify(rest)).toString("base64")}\n`));
    const refused = await desk.run(["executor", "start", "--creds", "no-ca.creds", "--dir", desk.path("stranger")]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/certificate/);

    mkdirSync(desk.path("other"));
    const open = await desk.run(["up", "--dir", desk.path("open"), "--listen", "0.0.0.0"]);
    expect([open.code, open.stderr]).toEqual([2, expect.stringContaining("--tls-cert")]);
    const others = testCertificates(desk.path("other"), "DNS:broker.example.org");
    const named = await desk.run(["up", "--dir", desk.path("named"), "--tls-cert", others?.cert ?? "", "--tls-key", others?.key ?? ""]);
    expect([named.code, named.stderr]).toEqual([1, expect.stringContaining("127.0.0.1 or localhost among its alternative names")]);
    const mixed = await desk.run(["up", "--dir", desk.path("mixed"), "--tls-cert", others?.cert ?? "", "--tls-key", certificates.key]);
    expect([mixed.code, mixed.stderr]).toEqual([1, expect.stringContaining("not that of the certificate")]);
  });
});
