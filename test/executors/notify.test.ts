/** `notify.send` against a real mail server, a real web server and real commands: once, whoever dies in between. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { sealFor } from "../../src/contract/sealed.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { type ParsedMail, parseMail } from "../support/mail-text.ts";
import { testCertificates } from "../support/test-certificates.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
async function started(options: Parameters<typeof startBench>[0] = {}): Promise<ExecutorBench> {
  const bench = await startBench(options);
  ends.push(() => bench.end());
  return bench;
}
/** The claim's answer brings these secrets. */
function grant(bench: ExecutorBench, secrets: Record<string, string>): void {
  bench.owner.onClaim = ({ verb, key }) => {
    if (verb !== "claim") return YES;
    const sealed = Object.entries(secrets).map(([name, value]) => [name, sealFor(key ?? "", name, value)]);
    return { ok: true, leaseMs: 30_000, timeLeftMs: 600_000, secrets: Object.fromEntries(sealed) };
  };
}

interface MailServer {
  port: number;
  mails: ParsedMail[];
  /** What the server says to the mail itself; undefined: it takes it. */
  answer: { code: number; text: string } | "hang-up" | undefined;
}
async function mailServer(login?: { user: string; pass: string }): Promise<MailServer> {
  const it: MailServer = { port: 0, mails: [], answer: undefined };
  const server = new SMTPServer({
    ...{ authOptional: login === undefined, disabledCommands: ["STARTTLS"], logger: false },
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, done) =>
      username === login?.user && password === login?.pass ? done(null, { user: username }) : done(new Error("no such login")),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { answer } = it;
        if (answer === undefined || answer === "hang-up") it.mails.push(parseMail(Buffer.concat(chunks).toString(), session));
        // It has the mail, and its yes is lost.
        if (answer === "hang-up") for (const { _socket } of openSockets(server)) _socket.destroy();
        else if (answer) done(Object.assign(new Error(answer.text), { responseCode: answer.code }));
        else done();
      });
    },
  });
  server.on("error", () => {});
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  it.port = (server.server.address() as AddressInfo).port;
  ends.push(() => new Promise<void>((done) => server.close(() => done())));
  return it;
}
function openSockets(server: SMTPServer): Iterable<{ _socket: Socket }> {
  return (server as unknown as { connections: Set<{ _socket: Socket }> }).connections;
}
const mail = (server: MailServer, more: JsonObject = {}): JsonObject => ({
  ...{ subject: "Deploy failed", text: "Look at it." },
  smtp: { host: "127.0.0.1", port: server.port, tls: "none", from: "petrel@example.com", to: ["ada@example.com"] },
  ...more,
});

describe("by mail", () => {
  test("also on a private network, where domains have no dots", async () => {
    const [bench, server] = [await started(), await mailServer()];
    const smtp = { host: "127.0.0.1", port: server.port, tls: "none", from: "petrel@mailhost", to: ["root@localhost", "ada@example.com"] };
    expect(goodValue(await bench.run("notify.send", mail(server, { smtp })))).toMatchObject({ sent: true });
    expect(server.mails).toMatchObject([{ to: ["root@localhost", "ada@example.com"] }]);
    for (const to of ["root@", "root", "a b@localhost", "root@localhost\r\nRCPT TO:<eve@example.com>", "Ada <ada@localhost>"])
      expect((await bench.run("notify.send", mail(server, { smtp: { ...smtp, to } }))).outcome).toMatchObject({
        error: { code: "bad-input" },
      });
    expect(server.mails).toHaveLength(1);
  });

  test("a person is told once for a firing, by whatever attempt on whatever executor (N1, N4)", async () => {
    const [bench, server] = [await started(), await mailServer()];
    const first = await bench.run("notify.send", mail(server, { link: "gate" }), { firing: "told", gateway: "http://gate:8484" });
    expect(goodValue(first)).toMatchObject({
      sent: true,
      already: false,
      via: "smtp",
      to: "ada@example.com",
      link: "http://gate:8484/n/team/gates",
    });
    expect(server.mails).toHaveLength(1);
    const [got] = server.mails;
    expect(got).toMatchObject({ to: ["ada@example.com"], subject: "Deploy failed" });
    expect(got?.text).toContain("Look at it.");
    expect(got?.text).toContain("http://gate:8484/n/team/gates");
    expect(got?.headers["x-petrel-firing"]).toBe("team/work/told");
    expect(got?.headers["message-id"]).toBe(`<${goodValue(first).id}@petrel>`);
    // The next attempt, on an executor that knows nothing of the first.
    await bench.restart({ dir: newFolder() });
    const again = await bench.run("notify.send", mail(server), { firing: "told", attempt: 2 });
    expect(goodValue(again)).toMatchObject({ sent: true, already: true });
    expect(server.mails).toHaveLength(1);
    await bench.run("notify.send", mail(server), { firing: "other" });
    expect(server.mails).toHaveLength(2);
    expect(server.mails[1]?.headers["message-id"]).not.toBe(got?.headers["message-id"]);
  });

  test("a yes that is lost leaves a doubt: sent again under the same Message-ID, or not, as the net wants (N2)", async () => {
    const [bench, server, second] = [await started(), await mailServer(), await mailServer()];
    server.answer = "hang-up";
    const lost = await bench.run("notify.send", mail(server), { firing: "told" });
    expect(lost.outcome).toMatchObject({ ok: false, error: { outlook: "retryable", code: "mail-in-doubt" } });
    const quiet = await bench.run("notify.send", mail(second, { inDoubt: "quiet" }), { firing: "told", attempt: 2 });
    expect(goodValue(quiet)).toMatchObject({ sent: false, inDoubt: true });
    expect(second.mails).toHaveLength(0);
    const again = await bench.run("notify.send", mail(second), { firing: "told", attempt: 3 });
    expect(goodValue(again)).toMatchObject({ sent: true, inDoubt: true });
    expect(second.mails[0]?.headers["message-id"]).toBe(server.mails[0]?.headers["message-id"]);
  });

  test("what a server refuses was not sent, and leaves no doubt (N3)", async () => {
    const [bench, server] = [await started(), await mailServer()];
    server.answer = { code: 451, text: "later" };
    const later = await bench.run("notify.send", mail(server), { firing: "told" });
    expect(later.outcome).toMatchObject({ error: { outlook: "retryable", code: "mail-deferred" } });
    server.answer = { code: 550, text: "no such user" };
    expect((await bench.run("notify.send", mail(server), { firing: "told", attempt: 2 })).outcome).toMatchObject({
      error: { outlook: "terminal", code: "mail-refused" },
    });
    server.answer = undefined;
    const third = await bench.run("notify.send", mail(server), { firing: "told", attempt: 3 });
    expect(goodValue(third)).toMatchObject({ sent: true, inDoubt: false, already: false });
    const nobody = { ...mail(server), smtp: { host: "127.0.0.1", port: 1, tls: "none", from: "a@example.com", to: "b@example.com" } };
    expect((await bench.run("notify.send", nobody)).outcome).toMatchObject({ error: { outlook: "retryable", code: "mail-unreachable" } });
  });

  test("the password comes by reference, and without encryption none goes out unless the net says so", async () => {
    const [bench, server] = [await started(), await mailServer({ user: "petrel", pass: "right-password" })];
    const smtp = {
      host: "127.0.0.1",
      port: server.port,
      tls: "none",
      from: "p@example.com",
      to: "a@example.com",
      user: "petrel",
      passwordFrom: "MAIL",
    };
    expect((await bench.run("notify.send", { subject: "s", smtp })).outcome).toMatchObject({ error: { code: "secret-not-granted" } });
    grant(bench, { MAIL: "wrong-password" });
    expect((await bench.run("notify.send", { subject: "s", smtp })).outcome).toMatchObject({ error: { code: "mail-login" } });
    grant(bench, { MAIL: "right-password" });
    expect(goodValue(await bench.run("notify.send", { subject: "s", smtp }))).toMatchObject({ sent: true });
    const encrypted = await bench.run("notify.send", { subject: "s", smtp: { ...smtp, tls: "starttls" } });
    expect(encrypted.outcome).toMatchObject({ ok: false });
    expect(server.mails).toHaveLength(1);
  });

  test("a subject cannot bring headers, and receivers are addresses", async () => {
    const [bench, server] = [await started(), await mailServer()];
    await bench.run("notify.send", { ...mail(server), subject: "Hi\r\nBcc: eve@example.com" });
    expect(server.mails[0]).toMatchObject({ subject: "Hi Bcc: eve@example.com", to: ["ada@example.com"] });
    const to = {
      ...mail(server),
      smtp: { host: "127.0.0.1", port: server.port, tls: "none", from: "a@example.com", to: "x, eve@example.com" },
    };
    expect((await bench.run("notify.send", to)).outcome).toMatchObject({ error: { code: "bad-input" } });
  });
});

interface Hook {
  url: string;
  asked: { headers: IncomingHttpHeaders; body: JsonObject }[];
  /** Answers in turn; then 200. */
  answers: { status: number; headers?: Record<string, string> }[];
}
async function hookServer(): Promise<Hook> {
  const hook: Hook = { url: "", asked: [], answers: [] };
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    hook.asked.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) as JsonObject });
    const { status, headers = {} } = hook.answers.shift() ?? { status: 200 };
    response.writeHead(status, headers).end("ok");
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  hook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  ends.push(() => new Promise((done) => server.close(done)));
  return hook;
}

describe("by webhook", () => {
  test("Slack's form, with text that cannot mention or link, under one key for all attempts", async () => {
    const [bench, hook] = [await started(), await hookServer()];
    grant(bench, { HOOK_URL: hook.url });
    hook.answers = [{ status: 503 }];
    const input = { subject: "Errors <!channel>", text: "a & b", webhook: { urlFrom: "HOOK_URL" }, link: "https://example.com/x" };
    const busy = await bench.run("notify.send", input, { firing: "told" });
    expect(busy.outcome).toMatchObject({ error: { outlook: "retryable", code: "webhook-busy" } });
    expect(goodValue(await bench.run("notify.send", input, { firing: "told", attempt: 2 }))).toMatchObject({ sent: true });
    expect(goodValue(await bench.run("notify.send", input, { firing: "told", attempt: 3 }))).toMatchObject({ already: true });
    expect(hook.asked).toHaveLength(2);
    expect(hook.asked[1]?.body).toEqual({ text: "*Errors &lt;!channel&gt;*\na &amp; b\n<https://example.com/x|Open in Petrel>" });
    expect(new Set(hook.asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(hook.asked[0]?.headers.traceparent).toMatch(/^00-/);
  });

  test("plain JSON with a bearer token; a redirect and a refusal are final, and the machine's policy holds", async () => {
    const hook = await hookServer();
    const bench = await started({ policy: machinePolicySchema.parse({ hosts: [new URL(hook.url).host] }) });
    grant(bench, { TOKEN: "token-of-the-hook" });
    const webhook = { url: hook.url, format: "json", tokenFrom: "TOKEN" };
    hook.answers = [{ status: 302, headers: { location: "http://127.0.0.1:1/" } }, { status: 403 }];
    for (const _ of [1, 2])
      expect((await bench.run("notify.send", { subject: "s", webhook })).outcome).toMatchObject({
        error: { code: "webhook-refused", outlook: "terminal" },
      });
    expect(
      goodValue(await bench.run("notify.send", { subject: "s", text: "t", webhook, link: "net" }, { gateway: "http://g" })),
    ).toMatchObject({ sent: true });
    expect(hook.asked[2]?.body).toMatchObject({ subject: "s", text: "t", link: "http://g/n/team/net", net: "team", transition: "work" });
    expect(hook.asked[2]?.headers.authorization).toBe("Bearer token-of-the-hook");
    const elsewhere = await bench.run("notify.send", { subject: "s", webhook: { url: "http://127.0.0.1:9/" } });
    expect(elsewhere.outcome).toMatchObject({ error: { outlook: "refused", code: "policy-host" } });
  });

  test("a server whose certificate is not good was told nothing: a later attempt is in no doubt", async (context) => {
    const certificates = testCertificates(newFolder(), "IP:127.0.0.1");
    if (certificates === null) return context.skip("openssl is not here");
    let asked = 0;
    const server = createTlsServer({ cert: readFileSync(certificates.cert), key: readFileSync(certificates.key) }, (_, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    ends.push(() => server.close());
    const [bench, hook] = [await started(), await hookServer()];
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const told = { subject: "s", inDoubt: "quiet" };
    const failed = await bench.run("notify.send", { ...told, webhook: { url } }, { firing: "tls" });
    expect(failed.outcome).toMatchObject({
      error: { code: "webhook-unreachable", message: expect.stringMatching(/UNABLE_TO|SELF_SIGNED/) },
    });
    expect(asked).toBe(0);
    const again = await bench.run("notify.send", { ...told, webhook: { url: hook.url } }, { firing: "tls", attempt: 2 });
    expect(goodValue(again)).toMatchObject({ sent: true, inDoubt: false });
  });
});

describe("by command, and how often", () => {
  test("the command is given the message as JSON, and the firing's key", async () => {
    const bench = await started();
    const file = join(newFolder(), "told");
    const command = { argv: ["sh", "-c", `cat >> ${file}; echo "$PETREL_FIRING" >> ${file}`] };
    for (const attempt of [1, 2]) await bench.run("notify.send", { subject: "s", text: "t", command }, { firing: "told", attempt });
    const [message = "", key] = readFileSync(file, "utf8").trim().split("\n");
    expect(JSON.parse(message)).toMatchObject({ subject: "s", text: "t", firing: "told" });
    expect(key).toBe("team/work/told");
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(2);
    const failing = await bench.run("notify.send", { subject: "s", command: { argv: ["sh", "-c", "echo broken >&2; exit 3"] } });
    expect(failing.outcome).toMatchObject({ error: { outlook: "retryable", code: "notify-command-failed" } });
  });

  test("what is too long is cut, and what has no subject is called by its step: nobody goes without", async () => {
    const bench = await started();
    const long = `The build is red: ${"a word of a longer tale ".repeat(30)}🙂`;
    const told = async (subject: string, text: string): Promise<{ subject: string; text: string }> => {
      const file = join(newFolder(), "told");
      goodValue(await bench.run("notify.send", { subject, text, command: { argv: ["sh", "-c", `cat > ${file}`] } }));
      return JSON.parse(readFileSync(file, "utf8"));
    };
    const words = await told(long, "Look at it.");
    expect(words.subject).toMatch(/^The build is red: a word .*\w…$/);
    expect(words.subject.length).toBeLessThanOrEqual(200);
    expect(long.startsWith(`${words.subject.slice(0, -1)} `), "it ends with a word").toBe(true);
    expect(words.text).toBe(`${long}\n\nLook at it.`);
    expect((await told("🙂".repeat(300), "")).subject).toBe(`${"🙂".repeat(99)}…`);
    expect(await told(" \n", "z".repeat(50_000))).toMatchObject({ subject: "team/work", text: `${"z".repeat(19_999)}…` });
  });

  test("a receiver is told no more than the limit says, also after a restart; another receiver has room of its own", async () => {
    const [bench, server] = [await started(), await mailServer()];
    const limit = { most: 2, per: "hour" };
    for (const _ of [1, 2]) expect(goodValue(await bench.run("notify.send", mail(server, { limit })))).toMatchObject({ sent: true });
    await bench.restart();
    const third = await bench.run("notify.send", mail(server, { limit }));
    expect(third.outcome).toMatchObject({ error: { outlook: "retryable", code: "notify-limited" } });
    expect((third.outcome as { error: { retryAfterMs: number } }).error.retryAfterMs).toBeGreaterThan(3_000_000);
    expect(goodValue(await bench.run("notify.send", mail(server, { limit: { ...limit, over: "drop" } })))).toMatchObject({
      sent: false,
      limited: true,
    });
    expect(server.mails).toHaveLength(2);
    const other = { host: "127.0.0.1", port: server.port, tls: "none", from: "petrel@example.com", to: "grace@example.com" };
    expect(goodValue(await bench.run("notify.send", mail(server, { limit, smtp: other })))).toMatchObject({ sent: true });
  });

  test("two webhooks of one host are two receivers, and a link that leads nowhere is told in the result", async () => {
    const [bench, hook] = [await started(), await hookServer()];
    const limit = { most: 1, per: "hour", over: "drop" };
    const told = async (room: string, more: object = {}) =>
      goodValue(await bench.run("notify.send", { subject: "s", webhook: { url: `${hook.url}/${room}` }, limit, ...more }));
    expect(await told("ada")).toMatchObject({ sent: true, to: new URL(hook.url).host });
    expect(await told("ada")).toMatchObject({ sent: false, limited: true });
    const linked = await told("grace", { link: "gate" });
    expect(linked).toMatchObject({ sent: true, link: null, noLink: expect.stringContaining("PETREL_GATEWAY_URL") });
    expect(await told("alan", { link: "https://example.com/x" })).not.toHaveProperty("noLink");
    expect(await told("alonzo")).not.toHaveProperty("noLink");
  });

  test("an owner who does not confirm has nobody told", async () => {
    const [bench, server] = [await started(), await mailServer()];
    bench.owner.onClaim = ({ verb }) => (verb === "confirm" ? { ok: false, code: "paused", message: "the net is paused" } : YES);
    const result = await bench.run("notify.send", mail(server));
    expect(result.outcome).toMatchObject({ error: { outlook: "cancelled", code: "not-confirmed" } });
    expect(server.mails).toEqual([]);
  });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "petrel-notify-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
