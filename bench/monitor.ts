/**
 * The monitor in a real headless Chromium, on a gateway of its own: how soon something useful is painted and how much is loaded for
 * it, frames a second while 60 events a second come, how soon a firing is told, and the console with 100,000 events.
 */
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { browserPath, openBrowser, type TestBrowser } from "../test/support/browser.ts";
import { type Bed, nowMs, onBed, quantile, until } from "./bed.ts";
import { fill } from "./filled.ts";
import { type Door, openDoor } from "./gateway-door.ts";
import { type Row, report } from "./report.ts";

const EVENTS = Number(process.env.BENCH_EVENTS ?? 100_000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 10);
/** Each makes two events: it arrives, and it is worked on. */
const PUTS_A_SECOND = 30;
const NET = "flow";
const definition = {
  net: NET,
  title: "A flow",
  places: { ask: { open: true }, done: { sink: true } },
  transitions: {
    work: { kind: "map", in: [{ place: "ask", as: "job" }], value: { title: "${job.title}", done: true }, out: [{ to: "done" }] },
  },
};

/** In the page: when a condition holds in a frame, ms since the navigation began. */
const once = (condition: string) =>
  `new Promise((done) => { const look = () => ((${condition}) ? done(performance.now()) : requestAnimationFrame(look)); look(); })`;

/** The net with its places in sight, from an empty cache: ms since the navigation began, and bytes on the wire for it. */
async function firstPaint({ context }: TestBrowser, { url, key }: Door): Promise<{ ms: number; bytes: number; page: Page }> {
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  await wire.send("Network.enable");
  let bytes = 0;
  wire.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await page.goto(`${url}/n/${NET}/net#key=${key}`, { waitUntil: "commit" });
  const ms = Number(await page.evaluate(once(`document.querySelector('[aria-label^="place done"]')`)));
  await wire.detach();
  return { ms, bytes, page };
}

interface Seen {
  frames: number;
  seconds: number;
  longest: number;
  /** ms from an event's time to the frame after its row has come. */
  late: number[];
}

/** In the page: counts frames, notes when each row is there at first, and the longest time that something held it up. */
const WATCH = `
  window.seen = { frames: 0, began: performance.now(), longest: 0, shown: new Map() };
  const frame = () => {
    seen.frames += 1;
    const now = Date.now();
    for (const row of document.querySelectorAll("[data-seq]")) {
      const seq = Number(row.dataset.seq);
      if (!seen.shown.has(seq)) seen.shown.set(seq, now);
    }
    requestAnimationFrame(frame);
  };
  if (!window.watching) {
    window.watching = true;
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
    }).observe({ type: "longtask" });
  }
`;

/** What the page goes through while `SECONDS` of events come. */
async function watched(page: Page, bed: Bed): Promise<Seen> {
  await page.evaluate(WATCH);
  const first = (await bed.master.termOf(NET)).state.seq;
  const began = nowMs();
  for (let n = 0; n < SECONDS * PUTS_A_SECOND; n++) {
    const due = began + (n * 1000) / PUTS_A_SECOND;
    while (nowMs() < due) await new Promise((again) => setTimeout(again, 1));
    void bed.outside.door.put(NET, "ask", Buffer.from(`{"title":"item ${n}"}`));
  }
  const seen = (await page.evaluate("({ ...seen, seconds: (performance.now() - seen.began) / 1000, shown: [...seen.shown] })")) as Omit<
    Seen,
    "late"
  > & { shown: [number, number][] };
  const times = new Map<number, number>();
  const log = bed.outside.log(NET);
  const { last } = await log.bounds();
  await log.read(Math.max(0, last - SECONDS * PUTS_A_SECOND * 2 - 10), ({ events }) => {
    for (const event of events) if (event.seq > first) times.set(event.seq, Date.parse(event.ts));
  });
  const late = seen.shown.flatMap(([seq, at]) => (times.has(seq) ? [at - (times.get(seq) ?? 0)] : []));
  return { frames: seen.frames, seconds: seen.seconds, longest: seen.longest, late };
}

/** A page that knows the newest events, scrolled up until it has `count`. */
async function scrolledBack(page: Page, count: number): Promise<{ ms: number; longest: number }> {
  await page.evaluate(WATCH);
  const began = nowMs();
  const up = `(() => { document.querySelector("[role=log]").scrollTop = 0; return ${COUNTED}; })()`;
  while (Number(await page.evaluate(up)) < count) await new Promise((again) => setTimeout(again, 20));
  return { ms: nowMs() - began, longest: Number(await page.evaluate("seen.longest")) };
}

async function heapMb(page: Page): Promise<number> {
  const wire = await page.context().newCDPSession(page);
  await wire.send("HeapProfiler.collectGarbage");
  await wire.send("Performance.enable");
  const { metrics } = await wire.send("Performance.getMetrics");
  await wire.detach();
  return (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN) / 2 ** 20;
}

/** In the page: the events that it says it has. */
const COUNTED = 'Number(document.querySelector(".stories .story").textContent.replace(/\\D/g, ""))';

const line = (what: string, value: number, unit: string, target: number | null, better: Row["better"] = "less"): Row =>
  target === null ? { case: what, value, unit, target } : { case: what, value, unit, target, better };

if (browserPath() === null) throw new Error("no Chromium or Chrome is here: install one, or name one in PETREL_BROWSER");
await onBed(async (bed) => {
  const term = await bed.apply(definition);
  await fill(term, "ask", 100, (n) => ({ title: `item ${n}` }));
  const door = await openDoor(bed, { monitor: resolve("dist/monitor"), scope: "petrel:read" });
  const rows: Row[] = [];
  const browser = await openBrowser();
  try {
    const { ms, bytes, page } = await firstPaint(browser, door);
    rows.push(line("monitor: first useful paint, the net with its places", ms, "ms", 1500));
    rows.push(line("monitor: loaded for it, compressed", bytes / 2 ** 20, "MB", 1));
    const net = await watched(page, bed);
    rows.push(line("net at 60 events/s: frames a second", net.frames / net.seconds, "/s", 30, "more"));
    rows.push(line("net at 60 events/s: longest task", net.longest, "ms", null));
    await page.goto(`${door.url}/n/${NET}/console`);
    await page.getByRole("log").locator("[data-seq]").first().waitFor();
    const told = await watched(page, bed);
    rows.push(line("console at 60 events/s: frames a second", told.frames / told.seconds, "/s", 30, "more"));
    rows.push(line("console at 60 events/s: an event is on the screen after, p50", quantile(told.late, 0.5), "ms", null));
    rows.push(line("console at 60 events/s: an event is on the screen after, p99", quantile(told.late, 0.99), "ms", 1000));
    // They come as fast as the net goes, while the page follows.
    const burst = nowMs();
    await fill(term, "ask", EVENTS / 2, (n) => ({ title: `item ${n}` }));
    await until(() => (term.state.places.get("ask")?.size ?? 0) === 0 && term.loop.backlog === 0);
    const worked = nowMs() - burst;
    const known = async () => Number(await page.evaluate(COUNTED));
    const last = String(term.state.seq);
    while (!(await page.evaluate(`document.querySelector('[data-seq="${last}"]') !== null`)))
      await new Promise((again) => setTimeout(again, 20));
    rows.push(line(`console: ${EVENTS} events at once are there, after the net has them`, nowMs() - burst - worked, "ms", null));
    const many = await watched(page, bed);
    rows.push(line("console, events in it", await known(), "", null));
    rows.push(line("console with them, at 60 events/s: frames a second", many.frames / many.seconds, "/s", 30, "more"));
    rows.push(line("console with them, at 60 events/s: longest task", many.longest, "ms", 100));
    rows.push(line("console with them: an event is on the screen after, p99", quantile(many.late, 0.99), "ms", 1000));
    rows.push(line("console with them: heap", await heapMb(page), "MB", null));
    await page.goto(`${door.url}/n/${NET}/console`);
    await page.getByRole("log").locator("[data-seq]").first().waitFor();
    const back = await scrolledBack(page, EVENTS);
    rows.push(line(`console, scrolled up to ${EVENTS} events`, back.ms, "ms", null));
    rows.push(line("console, scrolled up: longest task", back.longest, "ms", null));
  } finally {
    await browser.close();
    door.stop();
  }
  report(rows);
});
process.exit();
