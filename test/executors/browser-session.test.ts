/** A browser that an agent drives by tool calls: a real Chromium on a served page (S1, S2, S3). */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ToolCallAnswer, WorkOrder } from "../../src/contract/envelope.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { sealFor } from "../../src/contract/sealed.ts";
import { netChecks } from "../../src/executors/hand-faults.ts";
import { findFfmpeg } from "../../src/executors/hands/browser/programs.ts";
import { OPEN_POLICY } from "../../src/executors/machine-policy.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { decideTool } from "../../src/personas/policy.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";
import { describeInBrowser } from "../support/browser.ts";
import { httpServer, type TestHttpServer } from "../support/http-server.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const PAGE = (elsewhere: string) => `<!doctype html><html lang="en"><head><title>Guests</title><link rel="icon" href="data:,"></head><body>
<main><h1>Guests</h1><form><label>Name <input name="name"></label><label>Word <input name="word"></label>
<label>Kind <select name="kind"><option value="f">friend</option><option value="s">stranger</option></select></label>
<label><input type="checkbox" name="ok"> I agree</label><button type="button" id="sign">Sign</button></form>
<button id="break">Break</button><a href="/away">Away</a> <a href="${elsewhere}/there">There</a><p role="status"></p></main><script>
const field = (name) => document.querySelector("[name=" + name + "]");
document.querySelector("#sign").onclick = () => {
  document.querySelector("p").textContent = field("ok").checked ? "Thanks, " + field("kind").value + " " + field("name").value : "Agree first";
};
document.querySelector("#break").onclick = () => undefined.explode();
document.addEventListener("keydown", ({ key }) => { if (key === "Enter") document.title = "Entered"; });
</script></body></html>`;
const TOOLS = [...toolCatalogue.values()].filter(({ needs }) => needs?.includes("browser")).map(({ name }) => name);
const WORD = "correct-horse-battery";

test("a net file's browser is checked, and goes with no engine; secrets of an agent go with a browser alone", () => {
  const codes = (more: object) => {
    const agent = { kind: "agent", persona: "visitor", ask: "Look.", in: [{ place: "a", as: "a" }], out: [{ to: "b" }], ...more };
    const net = { net: "n", places: { a: { open: true }, b: { sink: true } }, transitions: { t: agent } };
    return checkNetFile(JSON.stringify(net), "n.json", netChecks).problems.map(({ code }) => code);
  };
  const browser = { url: "${a.url}", hosts: ["cdn.example.com"] };
  expect(codes({ workspace: { browser }, secrets: { WORD: "house_word" } })).toEqual([]);
  expect(codes({ workspace: { browser: { ...browser, urls: [] } } })).toEqual(["hand-input"]);
  expect(codes({ workspace: { browser, repo: "${a.repo}" } })).toEqual(["hand-input"]);
  expect(codes({ workspace: { browser }, engine: { kind: "claude-code" } })).toEqual(["engine-in-browser"]);
  expect(codes({ workspace: {}, secrets: { WORD: "house_word" } })).toEqual(["secrets-without-browser"]);
  expect(codes({ secrets: { WORD: "house_word" } })).toEqual(["secrets-without-browser"]);
});

test("tools of a browser need one, and tools of files are not there beside it", () => {
  const persona = { persona: "p", flags: "rw-h-", tools: ["browser.read", "fs.read"] };
  const allowed = (wiring: { workspace: boolean; browser?: boolean }) =>
    persona.tools.filter((tool) => decideTool(persona, tool, { reads: [], writes: [], ...wiring }).allowed);
  expect(allowed({ workspace: false, browser: true })).toEqual(["browser.read"]);
  expect(allowed({ workspace: true })).toEqual(["fs.read"]);
});

describeInBrowser("a session in a real browser", () => {
  let site: TestHttpServer;
  let other: TestHttpServer;
  let bench: ExecutorBench;
  let asked: string[] = [];
  beforeAll(async () => {
    other = await httpServer(({ url }, response) => {
      asked.push(url);
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>Elsewhere</h1>");
    });
    site = await httpServer(({ url }, response) => {
      if (url === "/away") response.writeHead(302, { location: `${other.url}/led` }).end();
      else if (url === "/") response.writeHead(200, { "content-type": "text/html" }).end(PAGE(other.url));
      else response.writeHead(404).end("gone");
    });
    bench = await startBench();
  });
  afterEach(() => {
    asked = [];
  });
  afterAll(async () => {
    await bench?.end();
    await site?.stop();
    await other?.stop();
  });

  async function open(browser: JsonObject = {}, over: Partial<WorkOrder> = {}): Promise<WorkOrder> {
    const settings = { url: `${site.url}/`, stepMs: 30_000, video: false, ...browser };
    const persona = { name: "visitor", flags: "r--h-", tools: TOOLS };
    const order = bench.order("browser.session", { browser: settings }, { persona, timeoutMs: 120_000, ...over });
    bench.owner.offer(order);
    await until("the session", async () => (await bench.owner.callOnce(order, "nothing", {}, "probe")).state === "failed", 60_000);
    return order;
  }
  async function ok(order: WorkOrder, name: string, input: Json = {}): Promise<JsonObject> {
    const answer = await bench.owner.call(order, name, input);
    if (answer.state !== "done") throw new Error(`${name}: ${JSON.stringify(answer)}`);
    const fits = toolCatalogue.get(name)?.output.safeParse(answer.output);
    expect(fits?.success ?? true, `${name}: ${JSON.stringify(answer.output)} ${fits?.error}`).toBe(true);
    return answer.output as JsonObject;
  }
  const close = async (order: WorkOrder) => await ok(order, "session.close");
  const fault = (answer: ToolCallAnswer) => (answer.state === "failed" ? answer.error : { code: answer.state, message: "" });
  const fails = async (order: WorkOrder, name: string, input: Json) => fault(await bench.owner.call(order, name, input));

  test("opens, types, chooses, ticks, presses, clicks, waits, reads and takes a picture: the result is that of a flow", async () => {
    const order = await open({ video: findFfmpeg(process.env) !== null });
    expect(await ok(order, "browser.read")).toMatchObject({
      title: "Guests",
      page: expect.stringContaining('- button "Sign"'),
      truncated: false,
    });
    await ok(order, "browser.fill", { target: { label: "Name" }, with: "Ada" });
    await ok(order, "browser.select", { target: { label: "Kind" }, option: "stranger" });
    await ok(order, "browser.check", { target: "[name=ok]" });
    await ok(order, "browser.click", { target: { role: "button", name: "Sign" } });
    await ok(order, "browser.wait", { see: { text: "Thanks, s Ada" } });
    expect(await ok(order, "browser.press", { key: "Enter" })).toMatchObject({ url: `${site.url}/`, title: "Entered", errors: [] });
    const { artifact } = await ok(order, "browser.screenshot", { name: "signed" });
    expect(artifact).toMatchObject({ name: "signed.png", type: "image/png" });
    expect((await ok(order, "browser.read")).page).toContain("Thanks, s Ada");
    const work = await close(order);
    expect(work).toMatchObject({ ok: true, title: "Entered", failed: null, errors: [], told: "7 steps were done" });
    expect((work.screenshots as JsonObject[]).map(({ name }) => name)).toEqual(["signed.png", "end.png"]);
    if (findFfmpeg(process.env) !== null) expect(work.video).toMatchObject({ type: "video/webm" });
    const result = await until("the result", () => bench.owner.resultOf(order));
    expect(result.outcome).toMatchObject({ ok: true, value: { told: "7 steps were done" } });
    expect(processesWith(`HOME=${bench.dir}/work/`)).toEqual([]);
  });

  test("what the page does not do is told and does not end the work; what it throws is told once, and makes the result not ok", async () => {
    const order = await open();
    expect(await fails(order, "browser.press", { key: "NoSuchKey" })).toMatchObject({
      code: "step-failed",
      message: expect.stringContaining('“press NoSuchKey”: keyboard.press: Unknown key: "NoSuchKey"'),
    });
    const thrown = (await ok(order, "browser.click", { target: "#break" })).errors as string[];
    // The browser may tell it a moment after the click is done.
    await until("the error is told", async () => thrown.push(...((await ok(order, "browser.read")).errors as string[])) > 0);
    expect(thrown).toEqual([expect.stringContaining("TypeError")]);
    expect((await ok(order, "browser.read")).errors).toEqual([]);
    expect(await fails(order, "browser.wait", { see: "h1", at: "/" })).toMatchObject({ code: "tool-input" });
    expect(await fails(order, "fs.read", { path: "x" })).toMatchObject({ code: "tool-not-listed" });
    const work = await close(order);
    expect(work).toMatchObject({ ok: false, failed: null, told: expect.stringContaining("the page threw TypeError") });
    expect((work.steps as JsonObject[]).map((step) => step.ok)).toEqual([true, false, true]);
  });

  test("S1 hosts that the work does not name are not reached: by the tool, by a link, by a redirect; one that is named is", async () => {
    const order = await open();
    expect(await fails(order, "browser.open", { url: `${other.url}/typed` })).toMatchObject({ code: "host-not-named" });
    expect(await fails(order, "browser.open", { url: "file:///etc/passwd" })).toMatchObject({ code: "step-failed" });
    await ok(order, "browser.click", { target: { text: "There" } });
    expect(JSON.stringify(await ok(order, "browser.read"))).not.toContain("Elsewhere");
    expect(asked).toEqual([]);
    await ok(order, "browser.open", { url: "/" });
    await bench.owner.call(order, "browser.click", { target: { text: "Away" } });
    await until("the browser has left", async () => (await ok(order, "browser.read")).url === "about:blank");
    expect(await ok(order, "browser.open", { url: "/" })).toMatchObject({ title: "Guests" });
    await close(order);
    const wide = await open({ hosts: [new URL(other.url).host] });
    await ok(wide, "browser.open", { url: `${other.url}/typed` });
    expect((await ok(wide, "browser.read")).page).toContain("Elsewhere");
    await close(wide);
  });

  test("S1 and what the machine's policy does not name is not reached either", async () => {
    await bench.restart({ policy: { ...OPEN_POLICY, hosts: [new URL(site.url).host] } });
    const order = await open({ hosts: [new URL(other.url).host] });
    expect(await fails(order, "browser.open", { url: `${other.url}/` })).toMatchObject({ code: "policy-host" });
    expect(asked).toEqual([]);
    await close(order);
    await bench.restart();
  });

  test("S2 a secret is typed by its variable, and the model reads nothing of it", async () => {
    const usual = bench.owner.onClaim;
    bench.owner.onClaim = ({ key }) => ({ ...YES, secrets: { WORD: sealFor(String(key), "WORD", WORD) } });
    const order = await open();
    bench.owner.onClaim = usual;
    await ok(order, "browser.fill", { target: { label: "Word" }, with: { secret: "WORD" } });
    expect(await fails(order, "browser.fill", { target: { label: "Word" }, with: { secret: "OTHER" } })).toMatchObject({
      code: "step-failed",
    });
    const { page } = await ok(order, "browser.read");
    expect(page).toContain('textbox "Word"');
    expect(page).not.toContain(WORD);
    expect(JSON.stringify(await close(order))).not.toContain(WORD);
  });

  test("each tool needs its flag and its line on the list, where it runs; a browser that dies fails the attempt, to be tried again", async () => {
    const reader = await open({}, { persona: { name: "reader", flags: "r----", tools: TOOLS } });
    for (const name of TOOLS) {
      const needed = toolCatalogue.get(name)?.flag;
      const found = await bench.owner.call(reader, name, {});
      expect(fault(found).code === "flag-missing", name).toBe(needed === "h");
    }
    await close(reader);
    const order = await open();
    const processes = processesWith(`HOME=${bench.dir}/work/`);
    expect(processes).not.toEqual([]);
    for (const pid of processes) if (processesWith(`HOME=${bench.dir}/work/`).includes(pid)) process.kill(pid, "SIGKILL");
    await until("it is told", async () => (await fails(order, "browser.read", {})).code === "browser-gone");
    expect(fault(await bench.owner.call(order, "session.close", {}))).toMatchObject({ code: "browser-gone", outlook: "retryable" });
    bench.owner.cancel(order);
  });
});
