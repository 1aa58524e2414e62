import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { findFfmpeg } from "../../src/executors/hands/browser/programs.ts";
import { listOf } from "../../src/executors/hands/browser/screencast.ts";
import { stepWords } from "../../src/executors/hands/browser/steps.ts";
import { OPEN_POLICY } from "../../src/executors/machine-policy.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { describeInBrowser } from "../support/browser.ts";
import { httpServer, json, type TestHttpServer } from "../support/http-server.ts";
import { until } from "../support/wait-until.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";

/** A shop: what is typed in is greeted; "break" makes the page red and throws. */
const PAGE = `<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,"></head><body style="background:#ffffff">
<main><h1>Shop</h1><label>Name <input name="name"></label><button id="greet">Greet</button><button id="break">Break</button>
<button id="away">Away</button><p role="status"></p></main><script>
document.querySelector("#greet").onclick = async () => {
  const answer = await (await fetch("/greet?name=" + document.querySelector("input").value)).json();
  document.querySelector("p").textContent = answer.text;
};
document.querySelector("#break").onclick = () => {
  document.body.style.background = "#ff0000"; console.error("it goes wrong"); fetch("/gone"); undefined.explode();
};
document.querySelector("#away").onclick = () => { location.href = "/away"; };
</script></body></html>`;
const POOR = `<!doctype html><html><body><img src="/x.png"><input></body></html>`;

const LOOP = `<!doctype html><html><body><button onclick="for (;;);">Loop</button></body></html>`;

describeInBrowser("in a real browser", () => {
  let site: TestHttpServer;
  let bench: ExecutorBench;
  beforeEach(async () => {
    site = await httpServer(({ url }, response) => {
      if (url === "/") response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
      else if (url === "/poor") response.writeHead(200, { "content-type": "text/html" }).end(POOR);
      else if (url.startsWith("/greet")) json(response, { text: `Hello ${new URL(url, "http://a").searchParams.get("name")}` });
      else if (url === "/loop") response.writeHead(200, { "content-type": "text/html" }).end(LOOP);
      else if (url === "/never") return;
      else if (url === "/away") response.writeHead(302, { location: "http://localhost.invalid/" }).end();
      else response.writeHead(404).end();
    });
    bench = await startBench();
  });
  afterEach(async () => {
    await bench?.end();
    await site?.stop();
  });
  const flow = (steps: JsonObject[], more: JsonObject = {}, over = {}) =>
    bench.run("browser.flow", { url: `${site.url}/`, steps, stepMs: 30_000, ...more }, { timeoutMs: 120_000, ...over });
  /** As little time for a step as does it: a machine that stands still may use a short limit up before the page has come. */
  const flowToThat = async (steps: JsonObject[], more: JsonObject, came: (value: JsonObject) => boolean): Promise<JsonObject> => {
    for (const stepMs of [1500, 10_000]) {
      const value = goodValue(await flow(steps, { ...more, stepMs }));
      if (came(value)) return value;
    }
    return goodValue(await flow(steps, { ...more, stepMs: 30_000 }));
  };
  const bytesOf = async (kept: unknown): Promise<Buffer> =>
    Buffer.from((await bench.owner.artifacts.get(String((kept as JsonObject).$artifact))) ?? []);

  test("a page that never comes is a step that could not be done, with a picture", async () => {
    const value = goodValue(await flow([{ see: { text: "Hello" } }], { url: `${site.url}/never`, stepMs: 1500 }));
    expect(value).toMatchObject({ ok: false, told: expect.stringMatching(/^the step “open .*never” could not be done: .*Timeout/) });
    expect(value.screenshots).toMatchObject([{ name: "failed.png" }]);
  });

  test("a page that hangs in its own script is told, and what was seen before is kept", async () => {
    const steps: JsonObject[] = [{ screenshot: "before" }, { click: { role: "button", name: "Loop" } }, { see: "button" }];
    const value = await flowToThat(steps, { url: `${site.url}/loop` }, ({ screenshots }) => JSON.stringify(screenshots).includes("before"));
    expect(value).toMatchObject({ ok: false, told: expect.stringMatching(/could not be done|answered no more/) });
    expect(value.screenshots).toMatchObject([{ name: "before.png" }]);
  });

  test("a flow is clicked through: what was seen, how long answers took, and a picture of the end", async () => {
    const value = goodValue(
      await flow(
        [
          { fill: { label: "Name" }, with: "Ada" },
          { click: { role: "button", name: "Greet" } },
          { see: { text: "Hello Ada" } },
          { screenshot: "greeted" },
          { gone: "text=Hello Bob" },
        ],
        { video: false },
      ),
    );
    expect(value).toMatchObject({ ok: true, title: "Shop", failed: null, errors: [], console: [], failedRequests: [], accessibility: [] });
    expect(value.steps).toHaveLength(6);
    expect(value.times).toMatchObject({ count: 2, failed: 0 });
    const names = (value.screenshots as JsonObject[]).map(({ name, type }) => `${name} ${type}`);
    expect(names).toEqual(["greeted.png image/png", "end.png image/png"]);
    expect((await bytesOf((value.screenshots as JsonObject[])[0])).subarray(1, 4).toString()).toBe("PNG");
    expect(value).toMatchObject({ video: null, videoMissing: null, told: "6 steps were done" });
  });

  test("a page that breaks is a result: the step, the uncaught error, the console, the request, and a picture", async () => {
    const steps: JsonObject[] = [{ click: "#break" }, { see: { text: "All is well" } }, { click: "#greet" }];
    const value = await flowToThat(steps, { video: false }, ({ steps: done }) => (done as JsonObject[]).length === 3);
    expect(value).toMatchObject({
      ok: false,
      failed: { step: "see All is well", ok: false, error: expect.stringMatching(/Timeout \d+ms exceeded/) },
      errors: [expect.stringMatching(/TypeError: Cannot read properties of undefined/)],
      failedRequests: [{ method: "GET", url: `${site.url}/gone`, status: 404 }],
    });
    expect(value.console).toEqual(expect.arrayContaining([expect.objectContaining({ type: "error", text: "it goes wrong" })]));
    expect((value.screenshots as JsonObject[]).map(({ name }) => name)).toEqual(["failed.png"]);
    // What comes after the failed step is not done.
    expect(value.steps).toHaveLength(3);
  });

  test("the film of a flow shows the broken state, and the time before it", async ({ skip }) => {
    skip(findFfmpeg(process.env) === null && !process.env.CI, "no ffmpeg is here");
    expect(findFfmpeg(process.env), "CI runs this, and there is no ffmpeg: apt-get install ffmpeg").not.toBeNull();
    const value = goodValue(await flow([{ see: "#break" }, { click: "#break" }, { see: "h1" }]));
    expect(value.video).toMatchObject({ type: "video/webm", name: "flow.webm" });
    const colours = decode(await bytesOf(value.video));
    expect(colours.length).toBeGreaterThan(4);
    // The middle of the first pictures is white, and of the last ones red.
    expect(colours[0]).toBe("white");
    expect(colours.at(-1)).toBe("red");
  });

  /** What the executor says that it lacks for this hand; other hands have needs of their own. */
  const lacking = () => bench.owner.beats.at(-1)?.lacks?.filter((said) => said.startsWith("browser.flow"));

  test("an executor without ffmpeg says so in the token, and one without a browser does not offer the hand", async () => {
    await bench.restart({ environment: { PATH: process.env.PATH, PETREL_FFMPEG: "/nowhere/ffmpeg" } });
    expect(goodValue(await flow([]))).toMatchObject({ ok: true, video: null, videoMissing: expect.stringMatching(/no ffmpeg/) });
    expect(lacking()).toEqual([expect.stringMatching(/^browser\.flow: no videos, there is no ffmpeg/)]);
    await bench.restart({ environment: { PATH: process.env.PATH, PETREL_BROWSER: "/nowhere/chromium" } });
    await until("it says what it has", () => bench.owner.beats.at(-1)?.hands?.includes("shell.run"));
    expect(bench.owner.beats.at(-1)?.hands).not.toContain("browser.flow");
    expect(lacking()).toEqual([expect.stringMatching(/^browser\.flow is not offered: there is no Chromium/)]);
  });

  test("axe says what keeps people from using a page, and makes the result not ok where that is wanted", async () => {
    const value = goodValue(await flow([], { url: `${site.url}/poor`, video: false, fails: ["accessibility"] }));
    const found = value.accessibility as JsonObject[];
    expect(found.map(({ rule }) => rule)).toEqual(expect.arrayContaining(["image-alt", "label", "html-has-lang"]));
    expect(found.find(({ rule }) => rule === "image-alt")).toMatchObject({ impact: "critical", nodes: ["img"] });
    expect(value.ok).toBe(false);
  });

  test("a host that the policy does not name is not asked: not at first, and not after a redirect", async () => {
    const host = new URL(site.url).host;
    await bench.restart({ policy: { ...OPEN_POLICY, hosts: [host] } });
    expect(goodValue(await flow([], { video: false }))).toMatchObject({ ok: true });
    const away = await flow([{ click: "#away" }, { see: "text=never" }], { video: false });
    expect(away.outcome).toMatchObject({
      ok: false,
      error: { outlook: "refused", code: "policy-host", message: expect.stringMatching(/localhost\.invalid/) },
    });
    await bench.restart({ policy: { ...OPEN_POLICY, hosts: ["example.com"] } });
    const before = site.asked.length;
    expect((await flow([], { video: false })).outcome).toMatchObject({ error: { code: "policy-host" } });
    expect(site.asked.length).toBe(before);
  });

  test("called off or out of time, no process of the browser is left", async () => {
    const made = bench.order(
      "browser.flow",
      { url: `${site.url}/`, steps: [{ see: "text=never" }], stepMs: 60_000 },
      { timeoutMs: 120_000 },
    );
    bench.owner.offer(made);
    const mine = `HOME=${bench.dir}/work/`;
    await until("the browser runs", () => site.asked.length > 0 && processesWith(mine).length > 0);
    bench.owner.cancel(made);
    await until("it is over", () => bench.executor().busy() === 0);
    expect(processesWith(mine)).toEqual([]);
    const late = await flow([{ see: "text=never" }], { stepMs: 60_000 }, { timeoutMs: 4000 });
    expect(late.outcome).toMatchObject({ error: { code: "work-timed-out" } });
    expect(processesWith(mine)).toEqual([]);
  });
});

/** The colour in the middle of each picture of a film, in words. */
function decode(film: Buffer): string[] {
  const dir = mkdtempSync(join(tmpdir(), "petrel-film-"));
  try {
    writeFileSync(join(dir, "film.webm"), film);
    const filter = "crop=40:40:iw/2:ih-60,scale=1:1";
    const argv = ["-loglevel", "error", "-i", join(dir, "film.webm"), "-vf", filter, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    const bytes = execFileSync("ffmpeg", argv);
    return Array.from({ length: bytes.length / 3 }, (_, at) => {
      const [red = 0, green = 0, blue = 0] = bytes.subarray(at * 3, at * 3 + 3);
      if (red > 200 && green > 200 && blue > 200) return "white";
      return red > 180 && green < 80 && blue < 80 ? "red" : `${red},${green},${blue}`;
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test("every picture of a film stands as long as it stood on the page", () => {
  const list = listOf([
    { file: "/a/1.jpg", at: 10 },
    { file: "/a/it's.jpg", at: 12.5 },
  ]);
  expect(list.split("\n")).toEqual([
    "file '/a/1.jpg'",
    "duration 2.500",
    "file '/a/it'\\''s.jpg'",
    "duration 1.000",
    "file '/a/it'\\''s.jpg'",
    "",
  ]);
});

test("steps are told in a few words", () => {
  expect(stepWords({ click: { role: "button", name: "Save" } })).toBe("click button Save");
  expect(stepWords({ fill: { label: "Name" }, with: { secret: "X" } })).toBe("fill Name");
});
