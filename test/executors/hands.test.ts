/** The frame of the hands: cards, loading, rights, artefacts by way of the masters, what the policy lets a hand reach. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/contract/clock.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { sealFor } from "../../src/contract/sealed.ts";
import { traceparentOf } from "../../src/contract/trace-context.ts";
import { LET_GO_MS } from "../../src/executors/attempt.ts";
import type { HandContext } from "../../src/executors/hand.ts";
import { handCards } from "../../src/executors/hand-cards.ts";
import { handFaults } from "../../src/executors/hand-faults.ts";
import { jsonSchemaOf } from "../../src/executors/hand-input.ts";
import { builtInHands, handTable } from "../../src/executors/hand-table.ts";
import { loadHands } from "../../src/executors/load-hands.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { testFolder } from "../support/nats-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { DEVELOPER, DEVOPS, type ExecutorBench, goodValue, realClock, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const HELLO = resolve("examples/hands/hello");
let bench: ExecutorBench;
afterEach(() => bench?.end());

function handFolder(name: string, source: string, more: Record<string, string> = {}): string {
  const folder = testFolder(name);
  for (const [file, text] of Object.entries({ "index.mjs": source, ...more })) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}
const minimal = (parts: string) => `export const hand = { name: "own.do", about: "Does", input: {}, async run() { return 1; }, ${parts} };`;

describe("cards", () => {
  test("every hand that comes with Petrel has one, and its schemas can be printed", () => {
    expect(builtInHands.map(({ name }) => name)).toEqual([...handCards.keys()]);
    for (const card of handCards.values()) {
      expect(card.about, card.name).toMatch(/^[A-Z].*[^.]$/);
      for (const schema of [card.input, card.output]) expect(jsonSchemaOf(schema), card.name).toMatchObject({ type: "object" });
    }
  });

  test("what a net file gives a hand is checked as far as it is no template", () => {
    const faults = (hand: string, input: JsonObject) => handFaults.faults(hand, input).filter(({ inTemplate }) => !inTemplate);
    expect(faults("shell.run", { argv: ["ls", "${a.b}"] })).toEqual([]);
    expect(faults("shell.run", { argv: "${a.argv}", env: { A: "${a}" } })).toEqual([]);
    expect(faults("shell.run", { argv: "ls" })).toMatchObject([{ path: ["argv"] }]);
    expect(faults("shell.run", { argv: ["ls"], sdtin: "x" })).toMatchObject([{ path: ["sdtin"], message: 'an unknown field "sdtin"' }]);
    expect(faults("code.deliver", { repo: "${r}", base: "main", branches: "${all}", message: "m" })).toMatchObject([
      { path: [], message: 'no "target"' },
    ]);
    const none = { subject: "s", text: "t" };
    expect(faults("notify.send", none)).toMatchObject([{ path: [], message: "a wrong input: exactly one of smtp, webhook and command" }]);
    expect(faults("hello.greet", { anything: 1 })).toEqual([]);
  });
});

describe("loading", () => {
  test("a hand from a folder works an order: schema, command, key, artefact, result", async () => {
    bench = await startBench({ hands: await loadHands([HELLO]) });
    expect(bench.owner.beats[0]?.hands).toEqual(expect.arrayContaining(["shell.run", "hello.greet"]));
    const value = goodValue(await bench.run("hello.greet", { who: "Ada" })) as JsonObject & { card: { $artifact: string } };
    expect(value).toMatchObject({ said: "Hello, Ada!", firing: "team/work/f1", card: { name: "card.txt", type: "text/plain", size: 12 } });
    expect(Buffer.from((await bench.owner.artifacts.get(value.card.$artifact)) ?? []).toString()).toBe("Hello, Ada!\n");
    expect((await bench.run("hello.greet", { whom: "Ada" })).outcome).toMatchObject({ error: { code: "bad-input", where: "team/work" } });
    const wrong = await bench.run("shell.run", { script: "true", args: ["fine", 7] });
    expect(wrong.outcome).toMatchObject({
      error: { message: "the input of shell.run is wrong: args.1: expected string, received number" },
    });
    expect((await bench.run("hello.greet", { who: "nobody" })).outcome).toMatchObject({
      error: { outlook: "terminal", code: "hand-failed", hint: "name somebody" },
    });
  });

  test("one that throws anything is named, and so is a step that is none", async () => {
    bench = await startBench({ hands: await loadHands([handFolder("throws", minimal('run() { throw new TypeError("boom"); }'))]) });
    expect((await bench.run("own.do", {})).outcome).toMatchObject({
      error: { outlook: "terminal", code: "hand-failed", message: "the hand own.do failed: boom" },
    });
    const steps = handFaults.faults("browser.flow", { url: "http://127.0.0.1/", steps: [{ jump: 1 }] });
    expect(JSON.stringify(steps)).toContain('a step is one of {\\"open\\": \\"/path\\"}');
  });

  test("what is no hand is an error at the start that names folder and fault", async () => {
    const message = async (folder: string) =>
      await loadHands([folder]).then(
        () => "loaded",
        (error: Error) => error.message,
      );
    expect(await message("/no/such/folder")).toContain("there is no such folder");
    expect(await message(testFolder("empty"))).toContain("it has no index.mjs");
    expect(await message(handFolder("bad", "export const hand = 1 +;"))).toContain("cannot be loaded");
    expect(await message(handFolder("exits", "process.exit(0);"))).toContain("cannot be loaded: it called process.exit(0)");
    expect(await message(handFolder("none", "export const other = 1;"))).toContain('neither "hand" nor "hands"');
    expect(await message(handFolder("name", minimal('name: "Own"')))).toContain("a hand is called like");
    expect(await message(handFolder("taken", minimal('name: "code.push"')))).toContain("Petrel's own");
    expect(await message(handFolder("schema", minimal('input: { type: "nonsense" }')))).toContain("is no JSON Schema");
    expect(await message(handFolder("run", minimal("run: 1")))).toContain("expected a function");
    const twice = await loadHands([handFolder("one", minimal("")), handFolder("two", minimal(""))]);
    expect(() => handTable(twice)).toThrow("there are two hands own.do");
  });

  test("a module that is never there is an error too, and a stop of the executor does not wait for it", async () => {
    const folder = handFolder("waits", "await new Promise(() => {});");
    await expect(loadHands([folder], { limitMs: 20 })).rejects.toMatchObject({
      ...{ code: "hand-unreadable", message: expect.stringContaining("it waits for something, and was not there after 0.02 s") },
    });
    const stop = new AbortController();
    const loading = loadHands([handFolder("waits-too", "await new Promise(() => {});")], { signal: stop.signal });
    stop.abort();
    await expect(loading).rejects.toMatchObject({ code: "executor-stopping", outlook: "cancelled" });
    const late = loadHands([handFolder("after-the-stop", minimal(""))], { signal: stop.signal });
    await expect(late, "nothing is loaded after it").rejects.toMatchObject({ code: "executor-stopping" });
  });

  test("its package.json may name the module, and one module may bring several hands", async () => {
    const two = `const hand = (name) => ({ name, about: "Does", input: {}, run: async () => name });\nexport const hands = [hand("own.a"), hand("own.b")];`;
    const folder = handFolder("several", "", { "package.json": '{"type":"module","main":"lib/main.js"}', "lib/main.js": two });
    expect((await loadHands([folder])).map(({ name }) => name)).toEqual(["own.a", "own.b"]);
  });

  test("a hand that this machine cannot do is not offered", async () => {
    const folder = handFolder("lacking", minimal('lack: async () => "there is no printer"'));
    bench = await startBench({ hands: await loadHands([folder]) });
    expect(bench.owner.beats[0]?.hands).not.toContain("own.do");
    expect((await bench.run("own.do", {})).outcome).toMatchObject({ error: { code: "unknown-hand" } });
  });

  test("the flag that it declares is asked for, and what it gives is held against its schema", async () => {
    const folder = handFolder("effects", minimal('flag: "x", output: { type: "string" }'));
    bench = await startBench({ hands: await loadHands([folder]) });
    expect((await bench.run("own.do", {}, { persona: DEVELOPER })).outcome).toMatchObject({ error: { code: "capability-x-missing" } });
    expect((await bench.run("own.do", {}, { persona: DEVOPS })).outcome).toMatchObject({ error: { code: "bad-output" } });
  });

  test("what is no JSON is the hand's mistake, and said so", async () => {
    const folder = handFolder("odd", minimal("run: async ({ give }) => ({ big: { n: 5n }, fn: () => 1 })[give]"));
    bench = await startBench({ hands: await loadHands([folder]) });
    for (const give of ["big", "fn"])
      expect((await bench.run("own.do", { give })).outcome, give).toMatchObject({
        error: { code: "bad-output", message: expect.stringMatching(/^what own\.do gave is no JSON: /) },
      });
  });

  test("a hand that does not let go at its time limit is left behind: the work ends, and its slot is free", async () => {
    const folder = handFolder("hung", minimal("run: () => new Promise(() => {})"));
    const clock: Clock = { ...realClock, after: (ms, call) => realClock.after(ms === LET_GO_MS ? 20 : ms, call) };
    bench = await startBench({ hands: await loadHands([folder]), clock, slots: 1 });
    for (let n = 0; n < 2; n++)
      expect((await bench.run("own.do", {}, { timeoutMs: 50 })).outcome).toMatchObject({ error: { code: "work-timed-out" } });
    await waitUntil("nothing is under way", () => bench.executor().busy() === 0);
  });

  test("an executor's policy may leave out a hand, which it then does not announce", async () => {
    bench = await startBench({ policy: machinePolicySchema.parse({ hands: ["shell.run"] }) });
    expect(bench.owner.beats[0]?.hands).toEqual(["shell.run"]);
  });
});

describe("what a hand is given", () => {
  /** A hand of a test, whose work is a function of the test's. */
  async function withHand(work: (context: HandContext) => Promise<unknown>, options: Parameters<typeof startBench>[0] = {}) {
    (globalThis as { handWork?: unknown }).handWork = work;
    const folder = handFolder("given", minimal("run: (_, context) => globalThis.handWork(context)"));
    bench = await startBench({ ...options, hands: await loadHands([folder]) });
  }

  test("artefacts come whole to the store by pieces, from bytes, texts, files and streams", async () => {
    const big = Buffer.alloc(3 * 1024 * 1024 + 17, "petrel ");
    await withHand(async (context) => {
      const file = join(context.workDir, "big.bin");
      writeFileSync(file, big);
      async function* stream() {
        for (let at = 0; at < big.length; at += 100_000) yield big.subarray(at, at + 100_000);
      }
      const about = { name: "it", mediaType: "application/octet-stream" };
      return [
        await context.artifact(new Uint8Array(big), about),
        await context.artifact({ file }, about),
        await context.artifact(stream(), about),
        await context.artifact("", { name: "nothing", mediaType: "text/plain" }),
      ];
    });
    const [bytes, file, stream, empty] = goodValue(await bench.run("own.do", {})) as unknown as { $artifact: string; size: number }[];
    expect([file, stream]).toEqual([bytes, bytes]);
    expect(bytes?.size).toBe(big.length);
    expect(Buffer.compare((await bench.owner.artifacts.get(bytes?.$artifact ?? "")) ?? new Uint8Array(), big)).toBe(0);
    expect(empty?.size).toBe(0);
    expect(await bench.owner.artifacts.get(empty?.$artifact ?? "")).toHaveLength(0);
  });

  test("a broker that is away for a moment, and an owner that changed in between, fail no artefact", async () => {
    await withHand(async (context) => await context.artifact(Buffer.alloc(900_000, "x"), { name: "a", mediaType: "text/plain" }));
    const line = bench.owner.desk;
    const take = line.take.bind(line);
    const refused: number[] = [];
    line.take = async (executor, piece) => {
      if (piece.piece === 1 && refused.length < 2) {
        refused.push(piece.piece);
        // Another master, which has not seen the beginning.
        return { state: "failed", error: { outlook: "retryable", code: "upload-unknown", message: "begun elsewhere" } };
      }
      return await take(executor, piece);
    };
    const value = goodValue(await bench.run("own.do", {})) as unknown as { $artifact: string };
    expect(refused).toHaveLength(2);
    expect(await bench.owner.artifacts.get(value.$artifact)).toHaveLength(900_000);
  });

  test("secrets of the attempt are taken out of artefacts, also where a piece ends in the middle of one (A4)", async () => {
    const secret = "s3cret-value-of-the-attempt";
    await withHand(async (context) => {
      async function* split() {
        yield Buffer.from(`one ${secret.slice(0, 9)}`);
        yield Buffer.from(`${secret.slice(9)} two ${Buffer.from(secret).toString("base64")} three`);
      }
      return await context.artifact(split(), { name: "log", mediaType: "text/plain" });
    });
    bench.owner.onClaim = ({ verb, key }) =>
      verb === "claim" && key ? { ok: true, leaseMs: 30_000, timeLeftMs: 600_000, secrets: { TOKEN: sealFor(key, "TOKEN", secret) } } : YES;
    const value = goodValue(await bench.run("own.do", {})) as unknown as { $artifact: string };
    const text = Buffer.from((await bench.owner.artifacts.get(value.$artifact)) ?? []).toString();
    expect(text).toBe("one <secret TOKEN> two <secret TOKEN> three");
  });

  test("hosts and paths are those of the machine's policy", async () => {
    const allowed = testFolder("allowed-by-policy");
    writeFileSync(join(allowed, "log"), "x");
    const policy = machinePolicySchema.parse({ hosts: ["*.example.com", "127.0.0.1:8080"], paths: [allowed] });
    await withHand(
      async (context) => {
        const said = (call: () => unknown) => {
          try {
            return String(call() ?? "yes");
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        return [
          said(() => context.checkHost("https://ci.example.com/job")),
          said(() => context.checkHost("http://127.0.0.1:8080/x")),
          said(() => context.checkHost("http://127.0.0.1:8081/x")),
          said(() => context.checkHost(new URL("https://example.com.evil.net"))),
          said(() => context.checkPath(join(allowed, "log"))) === join(allowed, "log"),
          said(() => context.checkPath(join(allowed, "..", "..", "etc", "passwd"))),
          said(() => context.checkPath(context.workDir)) === context.workDir,
        ];
      },
      { policy },
    );
    expect(goodValue(await bench.run("own.do", {}))).toEqual(["yes", "yes", "policy-host", "policy-host", true, "policy-path", true]);
  });

  test("the trace of a firing is in its context and in the environment of its commands", async () => {
    await withHand(async (context) => {
      const { stdout } = await context.run({ argv: ["sh", "-c", "echo $TRACEPARENT"], cwd: context.workDir, timeoutMs: 10_000 });
      return [context.traceparent, stdout.trim()];
    });
    const [given, seen] = goodValue(await bench.run("own.do", {})) as unknown as string[];
    expect(given).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(seen).toBe(given);
    expect(given).toBe(traceparentOf({ correlation: "c", net: "team", firing: "f1", attempt: 1 }));
    expect(traceparentOf({ correlation: "c", net: "team", firing: "f1", attempt: 2 }).split("-")[1]).toBe(given?.split("-")[1]);
  });
});

test("the example is a module of at most 40 lines", () => {
  expect(readFileSync(join(HELLO, "index.mjs"), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  expect(pathToFileURL(HELLO).protocol).toBe("file:");
});
