/** `logs.read` and `logs.compare` on real files, a real web server, and the formats that servers write. */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import type { LogEntry } from "../../src/executors/hands/logs/parse.ts";
import { parseLine } from "../../src/executors/hands/logs/parse.ts";
import { signatureOf } from "../../src/executors/hands/logs/signature.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
async function started(options: Parameters<typeof startBench>[0] = {}): Promise<ExecutorBench> {
  const bench = await startBench(options);
  ends.push(() => bench.end());
  return bench;
}
function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), "petrel-logs-")));
  ends.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
const json = (at: string, level: string, msg: string, ms = 10) => JSON.stringify({ time: at, level, msg, duration_ms: ms });

/** 10 January 2026. */
const NOW = Date.UTC(2026, 0, 10);

describe("lines", () => {
  const brief = ({ format, at, level, message, latencyMs, status }: LogEntry) => ({ format, at, level, message, latencyMs, status });
  test.each([
    [
      '{"level":50,"time":1767225600000,"msg":"it broke","err":{"message":"x"},"res":{"statusCode":502},"responseTime":12.5}',
      { format: "json", at: 1767225600000, level: "error", message: "it broke", latencyMs: 12.5, status: 502 },
    ],
    [
      'time=2026-01-01T00:00:00Z level=warn msg="slow \\"thing\\"" duration=1.5s',
      { format: "logfmt", at: 1767225600000, level: "warn", message: 'slow "thing"', latencyMs: 1500, status: null },
    ],
    [
      '{"level":"info","time":1767225600000,"msg":"short","ms":7}',
      { format: "json", at: 1767225600000, level: "info", message: "short", latencyMs: 7, status: null },
    ],
    [
      "ts=2026-01-01T00:00:00Z level=info msg=short dur=15ms",
      { format: "logfmt", at: 1767225600000, level: "info", message: "short", latencyMs: 15, status: null },
    ],
    [
      '127.0.0.1 - ada [01/Jan/2026:01:00:00 +0100] "GET /a?b=1 HTTP/1.1" 500 2326 "http://r/" "curl/8" 0.250',
      { format: "common", at: 1767225600000, level: "error", message: "GET /a?b=1 HTTP/1.1", latencyMs: 250, status: 500 },
    ],
    [
      '::1 - - [01/Jan/2026:00:00:00 +0000] "POST / HTTP/2" 204 -',
      { format: "common", at: 1767225600000, level: "info", message: "POST / HTTP/2", latencyMs: null, status: 204 },
    ],
    [
      "2026-01-01 00:00:00,000 ERROR [main] TypeError: no",
      {
        format: "text",
        at: 1767225600000,
        level: "error",
        message: "2026-01-01 00:00:00,000 ERROR [main] TypeError: no",
        latencyMs: null,
        status: null,
      },
    ],
    ["a=1 b=2 is prose", { format: "text", at: null, level: "unknown", message: "a=1 b=2 is prose", latencyMs: null, status: null }],
    ["{not json", { format: "text", at: null, level: "unknown", message: "{not json", latencyMs: null, status: null }],
    [
      '{"PRIORITY":"3","MESSAGE":"disk","__REALTIME_TIMESTAMP":"1767225600000000"}',
      { format: "json", at: 1767225600000, level: "error", message: "disk", latencyMs: null, status: null },
    ],
    [
      "Jan  1 00:00:00 web-1 sshd[812]: error: no route",
      { format: "syslog", at: 1767225600000, level: "unknown", message: "error: no route", latencyMs: null, status: null },
    ],
    [
      "<11>Jan  1 00:00:00.250 web-1 shop: it broke",
      { format: "syslog", at: 1767225600250, level: "error", message: "it broke", latencyMs: null, status: null },
    ],
    [
      "<30>Dec 31 23:59:59 web-1 shop[7]: level=warn msg=slow dur=15ms",
      { format: "syslog", at: 1767225599000, level: "warn", message: "slow", latencyMs: 15, status: null },
    ],
    [
      '<165>1 2026-01-01T01:00:00.003+01:00 web-1 shop 7 ID47 [ex@32473 iut="3" event="a \\] b"][two@1] \uFEFFIt went well',
      { format: "syslog", at: 1767225600003, level: "info", message: "It went well", latencyMs: null, status: null },
    ],
    [
      '<163>1 2026-01-01T00:00:00Z - - - - - {"level":"error","msg":"no","status":503}',
      { format: "syslog", at: 1767225600000, level: "error", message: "no", latencyMs: null, status: 503 },
    ],
    [
      "1 2026-01-01T00:00:00Z web-1 su - ID47 - no priority",
      { format: "syslog", at: 1767225600000, level: "unknown", message: "no priority", latencyMs: null, status: null },
    ],
    [
      "1 - of these - has - no - time",
      { format: "text", at: null, level: "unknown", message: "1 - of these - has - no - time", latencyMs: null, status: null },
    ],
    [
      "Jan  1 00:00:00 web-1  CRON[1]: two spaces",
      { format: "syslog", at: 1767225600000, level: "unknown", message: "two spaces", latencyMs: null, status: null },
    ],
    ["<34>1 - web-1 su - - -", { format: "syslog", at: null, level: "error", message: "", latencyMs: null, status: null }],
    ["Jan is a month", { format: "text", at: null, level: "unknown", message: "Jan is a month", latencyMs: null, status: null }],
  ])("%s", (line, entry) => {
    expect(brief(parseLine(line, "auto", NOW))).toEqual(entry);
  });

  test("fields may have names of their own, and a line that is not of the format is text", () => {
    const names = { message: "body.text", latency: "t_us", level: "sev" };
    expect(parseLine('{"body":{"text":"hi"},"t_us":2500,"sev":"CRIT"}', "json", NOW, names)).toMatchObject({
      message: "hi",
      latencyMs: 2.5,
      level: "error",
    });
    expect(parseLine("plain", "json", NOW)).toMatchObject({ format: "text" });
  });

  test("a time of syslog without a year is of the last one in which it was not to come yet, but for a day", () => {
    const yearOf = (head: string) => new Date(parseLine(`${head} 12:00:00 web-1 shop: x`, "auto", NOW).at ?? 0).getUTCFullYear();
    expect(["Jan 10", "Jan 11", "Jan 12", "Dec 31", "Feb  1", "Feb 29"].map(yearOf)).toEqual([2026, 2025, 2025, 2025, 2025, 2024]);
  });

  test("two errors are the same but for what differs from one time to the next", () => {
    const same = (a: string, b: string) =>
      expect(signatureOf({ message: a, status: null })).toBe(signatureOf({ message: b, status: null }));
    same("order 1234 failed after 12.5 ms", "order 99 failed after 3 ms");
    same("user 6f9619ff-8b86-d011-b42d-00cf4fc964ff gone", "user 7f9619ff-8b86-d011-b42d-00cf4fc964fe gone");
    same("cannot reach 10.0.0.1:5432", "cannot reach 10.0.0.77:5433");
    same('bad key "a"\n  at x.js:1', 'bad key "b c"\n  at y.js:2');
    expect(signatureOf({ message: "can't open it", status: 500 })).toBe("500 can't open it");
    expect(signatureOf({ message: "timeout of db", status: null })).not.toBe(signatureOf({ message: "timeout of cache", status: null }));
  });
});

describe("reading", () => {
  test("counts, latencies and errors by signature, and those that a baseline does not name", async () => {
    const [bench, dir] = [await started(), folder()];
    const lines = Array.from({ length: 100 }, (_, at) =>
      json(new Date(1767225600000 + at * 1000).toISOString(), "info", `served ${at}`, at + 1),
    );
    lines.push(json("2026-01-01T00:01:40Z", "error", "order 7 failed"), json("2026-01-01T00:01:41Z", "error", "order 8 failed"));
    lines.push(json("2026-01-01T00:01:42Z", "error", "cache is away"), "");
    writeFileSync(join(dir, "app.log"), lines.join("\n"));
    const value = goodValue(await bench.run("logs.read", { source: { file: join(dir, "app.log") }, baseline: ["cache is away"] }));
    expect(value).toMatchObject({
      ...{ entries: 103, errors: 3, levels: { info: 100, error: 3 }, formats: { json: 103 }, errorRate: 0.02913 },
      ...{ from: "2026-01-01T00:00:00.000Z", to: "2026-01-01T00:01:42.000Z", perSecond: 1.01 },
      latency: { count: 103, max: 100 },
      newErrors: [{ signature: "order <number> failed", count: 2, first: "2026-01-01T00:01:40.000Z" }],
    });
    expect((value.signatures as JsonObject[]).map(({ signature }) => signature)).toEqual(["order <number> failed", "cache is away"]);
    // Buckets of 2 %: the median of these 103 is 49 or near to it.
    const { p50, p95 } = value.latency as { p50: number; p95: number };
    expect(Math.abs(p50 - 49)).toBeLessThan(2);
    expect(Math.abs(p95 - 95)).toBeLessThan(3);
    const full = value.full as { $artifact: string };
    expect(
      Buffer.from((await bench.owner.artifacts.get(full.$artifact)) ?? [])
        .toString()
        .split("\n"),
    ).toHaveLength(104);
    expect(value.lines).toHaveLength(20);
  });

  test("a span of time and a word choose the entries; a packed file is unpacked; a line without end is cut", async () => {
    const [bench, dir] = [await started(), folder()];
    const text = [
      json("2026-01-01T00:00:00Z", "info", "early"),
      json("2026-01-01T01:00:00Z", "info", "in time"),
      json("2026-01-01T02:00:00Z", "info", "late"),
    ];
    writeFileSync(join(dir, "app.log.gz"), gzipSync(text.join("\n")));
    const source = { file: join(dir, "app.log.gz") };
    const span = { since: "2026-01-01T00:30:00Z", before: "2026-01-01T01:30:00+00:00" };
    expect(goodValue(await bench.run("logs.read", { source, ...span }))).toMatchObject({ entries: 1, lines: [text[1]] });
    expect(goodValue(await bench.run("logs.read", { source, contains: "late" }))).toMatchObject({ entries: 1 });
    writeFileSync(join(dir, "long"), `${"x".repeat(3_000_000)}\nshort\n`);
    expect(goodValue(await bench.run("logs.read", { source: { file: join(dir, "long") } }))).toMatchObject({ entries: 2 });
    expect(goodValue(await bench.run("logs.read", { source: { text: "ERROR a\nb" } }))).toMatchObject({ entries: 2, errors: 1 });
  });

  test("follows what is appended, over a rotation, until a line comes", async () => {
    const [bench, dir] = [await started(), folder()];
    const file = join(dir, "app.log");
    writeFileSync(file, "old line\n");
    const input = { source: { file }, follow: { seconds: 60, until: "the end", fromEnd: true } };
    const running = bench.run("logs.read", input);
    // A file that grows while it is not followed yet would be passed over: the order is claimed, then lines come until it has seen one.
    let n = 0;
    const feeding = setInterval(() => appendFileSync(file, `line ${n++}\n`), 50);
    ends.push(() => clearInterval(feeding));
    await until("some lines", () => n > 10);
    clearInterval(feeding);
    renameSync(file, `${file}.1`);
    writeFileSync(file, "ERROR after the rotation\n");
    appendFileSync(file, "this is the end\nnever read\n");
    const value = goodValue(await running);
    expect(value).toMatchObject({ matched: true, errors: 1 });
    expect(value.lines).not.toContain("old line");
    expect(value.lines).not.toContain("never read");
  });

  test("over HTTP, with a token by reference; hosts and files are those of the machine's policy", async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization);
      if (request.url === "/moved") response.writeHead(302, { location: "/log" }).end();
      else if (request.url === "/busy") response.writeHead(503).end();
      else response.end("level=error msg=broken\nlevel=info msg=fine\n");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    ends.push(() => new Promise((done) => server.close(done)));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bench = await started({ policy: machinePolicySchema.parse({ hosts: [host], paths: ["/var/log/nothing-here"] }) });
    const read = (source: JsonObject) => bench.run("logs.read", { source });
    expect(goodValue(await read({ url: `http://${host}/log` }))).toMatchObject({ entries: 2, errors: 1, formats: { logfmt: 2 } });
    expect((await read({ url: `http://${host}/busy` })).outcome).toMatchObject({
      error: { outlook: "retryable", code: "log-unreachable" },
    });
    expect((await read({ url: `http://${host}/moved` })).outcome).toMatchObject({ error: { outlook: "terminal", code: "log-refused" } });
    expect((await read({ url: "http://127.0.0.1:1/" })).outcome).toMatchObject({ error: { outlook: "refused", code: "policy-host" } });
    expect((await read({ file: "/etc/passwd" })).outcome).toMatchObject({ error: { outlook: "refused", code: "policy-path" } });
    expect((await read({ url: `http://${host}/log`, tokenFrom: "NOT_GRANTED" })).outcome).toMatchObject({
      error: { code: "secret-not-granted" },
    });
    expect(asked).toHaveLength(3);
  });

  test("a file that is not there, a relative one and two sources at once are said", async () => {
    const bench = await started();
    const code = async (source: JsonObject) => (await bench.run("logs.read", { source })).outcome;
    expect(await code({ file: "/no/such/file" })).toMatchObject({ error: { code: "log-not-there" } });
    expect(await code({ file: "app.log" })).toMatchObject({ error: { code: "log-not-there" } });
    expect(await code({ file: "/a", text: "b" })).toMatchObject({ error: { code: "bad-input" } });
    // A pipe that nobody writes to holds nobody up, also where it is followed.
    const pipe = join(folder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(await code({ file: pipe })).toMatchObject({ error: { code: "log-not-there" } });
    const followed = await bench.run("logs.read", { source: { file: pipe }, follow: { seconds: 1 } });
    expect(followed.outcome).toMatchObject({ ok: true, value: { entries: 0 } });
  });

  test("systemd's journal, by the machine's journalctl", async () => {
    const dir = folder();
    const entry = (priority: number, message: string) =>
      JSON.stringify({ PRIORITY: String(priority), MESSAGE: message, __REALTIME_TIMESTAMP: "1767225600000000" });
    const script = `#!/bin/sh
case "$*" in
  *--field=_SYSTEMD_UNIT) printf 'shop.service\\ninit.scope\\n'; exit 0 ;;
  *--since=-1hh*) echo 'Failed to parse timestamp: -1hh' >&2; exit 1 ;;
  *--lines=0) exit 0 ;;
  *--unit=shop.service*--since=-1h*) echo '${entry(3, "disk 3 failed")}'; echo '${entry(6, "fine")}' ;;
esac
`;
    writeFileSync(join(dir, "journalctl"), script, { mode: 0o755 });
    const known = '#!/bin/sh\ncase "$*" in *quiet.service) echo loaded ;; *) echo not-found ;; esac\n';
    writeFileSync(join(dir, "systemctl"), known, { mode: 0o755 });
    const bench = await started({ environment: { PATH: `${dir}:${process.env.PATH}` } });
    const value = goodValue(await bench.run("logs.read", { source: { journal: { unit: "shop.service", since: "-1h" } } }));
    expect(value).toMatchObject({ entries: 2, errors: 1, signatures: [{ signature: "disk <number> failed" }] });
    const journal = async (about: JsonObject) => (await bench.run("logs.read", { source: { journal: about } })).outcome;
    // A unit that has written nothing of late, or ever, is no mistake; one that there is not is.
    for (const unit of ["shop", "shop.service", "quiet.service"])
      expect(await journal({ unit, since: "-2m" })).toMatchObject({ ok: true, value: { entries: 0 } });
    expect(await journal({ unit: "shopp" })).toMatchObject({ error: { code: "unknown-unit", hint: "did you mean shop?" } });
    expect(await journal({ since: "-1hh" })).toMatchObject({
      error: { code: "journal-failed", message: expect.stringContaining("Failed to parse timestamp") },
    });
    const none = await started({ environment: { PATH: "/nowhere" }, name: "hands-2" });
    expect((await none.run("logs.read", { source: { journal: {} } })).outcome).toMatchObject({ error: { code: "command-not-found" } });
  });
});

describe("a deploy", () => {
  const log = (count: number, of: (at: number) => { level?: string; msg?: string; ms: number }, stepMs = 1000) =>
    Array.from({ length: count }, (_, at) => {
      const { level = "info", msg = "served", ms } = of(at);
      return json(new Date(1767225600000 + at * stepMs).toISOString(), level, msg, ms);
    }).join("\n");
  const before = {
    source: { text: log(200, (at) => ({ ms: 20 + (at % 10), ...(at === 5 ? { level: "error", msg: "order 5 failed" } : {}) })) },
  };
  const compare = async (after: string, more: JsonObject = {}) => {
    const bench = await started();
    return goodValue(await bench.run("logs.compare", { before, after: { source: { text: after } }, ...more }));
  };
  const codes = (value: JsonObject) => (value.reasons as { code: string }[]).map(({ code }) => code);

  test("that changed nothing is good, with the figures of both sides", async () => {
    const value = await compare(
      log(150, (at) => ({ ms: 21 + (at % 10), ...(at === 9 ? { level: "error", msg: "order 777 failed" } : {}) })),
    );
    expect(value).toMatchObject({
      verdict: "good",
      reasons: [],
      newErrors: [],
      before: { entries: 200, errors: 1 },
      after: { entries: 150, errors: 1 },
    });
    expect(value.told).toMatch(/^As good as before: 150 entries, 1 error, 0 new, p95 \d/);
  });

  test("that brought an error, errors, slowness or less work is bad, and says which", async () => {
    const error = await compare(log(150, (at) => ({ ms: 20, ...(at === 3 ? { level: "error", msg: "TypeError: x is undefined" } : {}) })));
    expect(error).toMatchObject({ verdict: "bad", newErrors: [{ signature: "TypeError: x is undefined", count: 1 }] });
    expect(codes(error)).toEqual(["new-errors"]);
    const more = await compare(log(150, (at) => ({ ms: 20, ...(at % 10 === 0 ? { level: "error", msg: `order ${at} failed` } : {}) })));
    expect(codes(more)).toEqual(["error-rate"]);
    expect(codes(await compare(log(150, () => ({ ms: 95 }))))).toEqual(["latency", "latency"]);
    const less = await compare(log(50, () => ({ ms: 20 }), 10_000));
    expect(codes(less)).toEqual(["throughput"]);
    expect(less.told).toBe("Worse than before: 0.102 entries a second, before it were 1.005.");
  });

  test("of which too little is known is unclear; what the net allows is no reason", async () => {
    expect(await compare(log(5, () => ({ ms: 20 })))).toMatchObject({ verdict: "unclear", reasons: [{ code: "few-entries" }] });
    const slow = log(150, () => ({ ms: 95 }));
    expect(await compare(slow, { allow: { latency: 10 } })).toMatchObject({ verdict: "good" });
  });
});
