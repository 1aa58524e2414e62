/** An agent whose workspace is a browser: a model at the wire, a master, an executor and a real Chromium, up to the token. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { describeInBrowser } from "../support/browser.ts";
import { httpServer, type TestHttpServer } from "../support/http-server.ts";
import { builtCli, CLI, Desk } from "../support/petrel-process.ts";
import type { Stub, StubTurn } from "../support/stub-turn.ts";
import { waitUntil } from "../support/wait-until.ts";

const PAGE = `<!doctype html><html lang="en"><head><title>Guests</title><link rel="icon" href="data:,"></head><body><main><h1>Guests</h1>
<label>Name <input name="name"></label><label>Word <input name="word"></label><button>Sign</button><p role="status"></p></main><script>
document.querySelector("button").onclick = () => {
  const known = document.querySelector("[name=word]").value === "the-word-of-the-house";
  document.querySelector("p").textContent = known ? "Thanks, " + document.querySelector("input").value : "Who are you?";
};
</script></body></html>`;
const WORD = "the-word-of-the-house";
const turn = (name: string, input: Json): StubTurn => ({
  tools: [{ name: `browser__${name}`, input }],
  usage: { input: 1000, output: 50 },
});
const done = (found: string): StubTurn => ({ tools: [{ name: "done", input: { found } }], usage: { input: 1000, output: 50 } });
const SCRIPTS: Record<string, StubTurn[]> = {
  sign: [
    turn("read", {}),
    turn("fill", { target: { label: "Name" }, with: "Ada" }),
    turn("press", { key: "NoSuchKey" }),
    turn("fill", { target: { label: "Word" }, with: { secret: "WORD" } }),
    turn("click", { target: { role: "button", name: "Sign" } }),
    turn("wait", { see: { text: "Thanks, Ada" } }),
    turn("screenshot", { name: "signed" }),
    turn("read", {}),
    done("Ada is thanked"),
  ],
  // Types without end: the persona's limit of turns is what stops it.
  wander: Array.from({ length: 30 }, (_, n) => turn("fill", { target: { label: "Name" }, with: `guest ${n}` })),
  forbidden: [turn("click", { target: "button" }), done("I may not click")],
};
const persona = (name: string, flags: string, turns: number) => ({
  ...{ persona: name, title: name, flags, tier: "standard", prompt: "You visit a page.", secrets: ["house_word"] },
  tools: ["read", "fill", "click", "press", "wait", "screenshot"]
    .map((tool) => `browser.${tool}`)
    .filter((tool) => flags.includes("h") || !/fill|click|press/.test(tool)),
  output: { type: "object", required: ["found"], properties: { found: { type: "string" } }, additionalProperties: false },
  budget: { turns, usd: 1 },
});
const visit = (who: string, place: string) => ({
  ...{ kind: "agent", persona: who, pool: "code", ask: "Do ${job.what}.", onError: "failed", retry: { max: 0 } },
  in: [{ place, as: "job" }],
  workspace: { browser: { url: "${job.url}", stepMs: 30_000 } },
  secrets: { WORD: "house_word" },
  out: [{ to: "seen", value: { found: "${$result.found}", work: "${$result.work}" } }],
});

describeInBrowser("a model drives a browser", () => {
  const desk = new Desk("browser-agent");
  let site: TestHttpServer;
  let stub: Stub;
  beforeAll(async () => {
    await builtCli();
    site = await httpServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE));
    stub = await startAnthropicStub([], (prompt) => SCRIPTS[/Do (\w+)\./.exec(prompt)?.[1] ?? ""] ?? null);
    desk.env.STUB_KEY = "key-of-the-stub";
    const model = [{ provider: "anthropic", model: "claude-sonnet-5-5" }];
    const config = {
      ...{ tiers: { frontier: model, standard: model, economy: model }, prices: {} },
      providers: { anthropic: { apiKey: "env:STUB_KEY", baseURL: stub.url } },
    };
    writeFileSync(desk.path("petrel.config.json"), JSON.stringify(config));
    await desk.start(["up", "--json"]).says(/\{"ready":true.*\n/);
    const set = spawnSync(process.execPath, [CLI, "secret", "set", "house_word"], {
      ...{ cwd: desk.cwd, env: desk.env as NodeJS.ProcessEnv, input: WORD, encoding: "utf8" },
    });
    expect(set.status, set.stderr).toBe(0);
    for (const one of [persona("visitor", "r--h-", 12), persona("reader", "r----", 12)]) {
      writeFileSync(desk.path(`${one.persona}.json`), JSON.stringify(one));
      await desk.json(["persona", "apply", `${one.persona}.json`]);
    }
    const net = {
      net: "visits",
      places: { jobs: { open: true }, reads: { open: true }, seen: { sink: true }, failed: { sink: true } },
      transitions: { drive: visit("visitor", "jobs"), look: visit("reader", "reads") },
    };
    writeFileSync(desk.path("net.json"), JSON.stringify(net));
    await desk.json(["net", "apply", "net.json"]);
  }, 180_000);
  afterAll(async () => {
    await desk.clear();
    await stub?.close();
    await site?.stop();
  });
  const tokens = async (place: string) => (await desk.json<{ tokens: { data: JsonObject }[] }>(["tokens", "visits", place])).tokens;
  const put = (place: string, what: string) => desk.json(["put", "visits", place, JSON.stringify({ what, url: `${site.url}/` })]);
  const arrived = async (place: string, count: number) => {
    await waitUntil(`${count} in ${place}`, async () => (await tokens(place)).length >= count, 120_000);
    return (await tokens(place)).map(({ data }) => data);
  };

  test("it opens, types, clicks, reads and takes a picture; the token is a flow's, and no secret is told", {
    timeout: 180_000,
  }, async () => {
    await put("jobs", "sign");
    const [seen] = await arrived("seen", 1);
    expect(await tokens("failed")).toEqual([]);
    const work = seen?.work as JsonObject;
    expect(seen).toMatchObject({
      found: "Ada is thanked",
      work: { ok: true, url: `${site.url}/`, title: "Guests", errors: [], accessibility: [] },
    });
    expect((work.steps as JsonObject[]).map(({ step, ok }) => `${step} ${ok}`)).toEqual([
      `open ${site.url}/ true`,
      "fill Name true",
      "press NoSuchKey false",
      "fill Word true",
      "click button Sign true",
      "see Thanks, Ada true",
    ]);
    const [picture] = work.screenshots as JsonObject[];
    expect(picture).toMatchObject({ name: "signed.png", type: "image/png" });
    await desk.json(["artifact", "get", String(picture?.$artifact), "--out", "signed.png"]);
    expect(readFileSync(desk.path("signed.png")).subarray(1, 4).toString()).toBe("PNG");
    // The model saw what the page said, what could not be done, and no secret.
    const heard = JSON.stringify(stub.requests.map(({ body }) => body));
    expect(heard).toContain("Thanks, Ada");
    expect(heard).toContain("Unknown key");
    expect(heard).not.toContain(WORD);
    const offered = ((stub.requests[0]?.body.tools ?? []) as { name: string }[]).map(({ name }) => name);
    expect(offered).toEqual(expect.arrayContaining(["browser__read", "browser__click", "done"]));
    const events = await desk.json<JsonObject[]>(["events", "visits", "--limit", "0"]);
    expect(events.find(({ type, transition }) => type === "fired" && transition === "drive")).toMatchObject({
      model: { calls: 9, costUsd: expect.any(Number) },
    });
    expect(JSON.stringify(events)).not.toContain(WORD);
  });

  test("the persona's turns and flags hold: it is stopped in the middle, and cannot click without h", { timeout: 180_000 }, async () => {
    const before = stub.requests.length;
    await put("jobs", "wander");
    const [failed] = await arrived("failed", 1);
    expect(JSON.stringify(failed)).toMatch(/turns/);
    expect(stub.requests.length - before).toBeLessThanOrEqual(13);
    await put("reads", "forbidden");
    const seen = await arrived("seen", 2);
    expect(seen.find(({ found }) => found === "I may not click")).toMatchObject({ work: { steps: [{ step: `open ${site.url}/` }] } });
    const events = await desk.json<JsonObject[]>(["events", "visits", "--limit", "0"]);
    expect(events.filter(({ type, transition }) => type === "denied" && transition === "look")).toHaveLength(1);
  });
});
