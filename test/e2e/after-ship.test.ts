/** After the ship: what was pushed is deployed, clicked through and watched; what breaks is mended, and the same check closes the incident. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { findFfmpeg } from "../../src/executors/hands/browser/programs.ts";
import { processesWith } from "../../src/executors/stray-processes.ts";
import { describeInBrowser } from "../support/browser.ts";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";

interface Document {
  ok: boolean;
  seed: string;
  brokenBy: string;
  fixedBy: string;
  head: string;
  commits: string[];
  letters: { text: string; key: string | null }[];
  video: string | null;
  origin: string;
  incident: {
    flow: { ok: boolean; failed: { step: string } };
    logs: { ok: boolean; newErrors: { signature: string }[] };
    check: { flow: { ok: boolean }; logs: { ok: boolean } };
  };
}

describeInBrowser("after the ship", () => {
  const desk = new Desk("after-ship");
  beforeAll(() => builtCli(), 120_000);
  afterAll(() => desk.clear());

  test("a release that is broken for some is found by a browser, mended by the team, and the same check closes the incident", {
    timeout: 300_000,
  }, async () => {
    const demo = desk.start(["demo", "--after-ship", "--json", "--keep"]);
    await demo.says(/Everything is still up/, 240_000);
    const document = JSON.parse(demo.stdout) as Document;
    expect(document.ok).toBe(true);
    const dir = desk.path(".petrel", "demo");
    // The incident: the browser saw it, and the log has an error that was not there before.
    expect(document.incident.flow).toMatchObject({ ok: false, failed: { step: "see a visitor: I leave no name" } });
    expect(document.incident.logs).toMatchObject({
      ok: false,
      newErrors: [{ signature: expect.stringMatching(/TypeError: Cannot read properties of undefined/) }],
    });
    expect(document.incident.check).toMatchObject({ flow: { ok: true }, logs: { ok: true } });
    // Two deliveries, one after the other, and nothing else on main.
    const git = (...args: string[]) => execFileSync("git", ["--git-dir", document.origin, ...args], { encoding: "utf8" }).trim();
    expect(git("rev-parse", "main")).toBe(document.fixedBy);
    expect(git("merge-base", "--is-ancestor", document.brokenBy, document.fixedBy)).toBe("");
    const heads = git("reflog", "show", "--format=%H", "main").split("\n");
    expect(heads).toEqual([document.fixedBy, document.brokenBy, document.seed]);
    // A person was told once.
    expect(document.letters).toHaveLength(1);
    expect(document.letters[0]?.text).toContain(document.fixedBy.slice(0, 8));
    // The nets tell the same story, each token handed over once.
    const [watch, team] = [await desk.events("after-ship", dir), await desk.events("safe-teams", dir)];
    const fired = (events: NetEvent[], name: string) =>
      events.filter(({ type, transition }) => type === "fired" && transition === name).length;
    expect([fired(watch, "deploy"), fired(watch, "click"), fired(watch, "read-logs")]).toEqual([3, 3, 3]);
    expect([fired(watch, "all-is-well"), fired(watch, "open-incident"), fired(watch, "close-incident"), fired(watch, "tell")]).toEqual([
      1, 1, 1, 1,
    ]);
    expect(watch.filter(({ type }) => type === "sent")).toHaveLength(1);
    expect(team.filter(({ type }) => type === "sent")).toHaveLength(2);
    expect(fired(team, "deliver")).toBe(2);
    if (findFfmpeg(process.env) !== null || process.env.CI) expect(reddest(document.video ?? "")).toBeGreaterThan(0.5);
    const ended = await demo.stop("SIGINT");
    expect(ended.code).toBe(0);
    await waitUntil("nothing of it runs any more", () => processesWith(dir).length === 0);
  });

  test("it does not go with what has answers of its own", async () => {
    const ran = await desk.run(["demo", "--after-ship", "--chaos"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/does not go with --chaos/);
  });
});

test("without a browser it says so before anything is started", async () => {
  await builtCli();
  const desk = new Desk("no-browser");
  try {
    desk.env.PETREL_BROWSER = "/nowhere/chromium";
    const ran = await desk.run(["demo", "--after-ship"]);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(/there is no Chromium or Chrome here[\s\S]*apt-get install chromium/);
  } finally {
    await desk.clear();
  }
}, 180_000);

/** How much of the red of the page's alarm the film shows, at most: 0 to 1. */
function reddest(film: string): number {
  const dir = mkdtempSync(join(tmpdir(), "petrel-film-"));
  try {
    const argv = [
      "-loglevel",
      "error",
      "-i",
      film,
      "-vf",
      "crop=200:12:iw/2-100:ih/2-60,scale=1:1",
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      "-",
    ];
    const bytes = execFileSync("ffmpeg", ["-loglevel", "error", "-i", film, "-vf", "scale=64:40", ...argv.slice(6)]);
    let most = 0;
    for (let at = 0; at + 64 * 40 * 3 <= bytes.length; at += 64 * 40 * 3) {
      let red = 0;
      for (let pixel = at; pixel < at + 64 * 40 * 3; pixel += 3)
        if ((bytes[pixel] ?? 0) > 140 && (bytes[pixel + 1] ?? 0) < 80 && (bytes[pixel + 2] ?? 0) < 90) red += 1;
      most = Math.max(most, red);
    }
    // The alarm is about a tenth of the page.
    return most / (64 * 40 * 0.04);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
