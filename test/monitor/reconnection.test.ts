/**
 * A gateway that is a process of its own is killed without warning and started again: the page goes on by the last number that it has, and
 * of what happened meanwhile it gets each event once.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { up } from "../e2e/team.ts";
import { describeInBrowser, openBrowser, type TestBrowser } from "../support/browser.ts";
import { freePort } from "../support/free-port.ts";
import { builtCli, Desk, isAlive, type Running } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const PATIENCE = 180_000;
const NET = {
  net: "shop",
  places: { inbox: { open: true }, done: { sink: true } },
  transitions: { sort: { kind: "pass", in: [{ place: "inbox", as: "order" }], out: [{ to: "done" }] } },
};

interface Heard {
  /** `Last-Event-ID` of each stream that was opened; null for none. */
  asked: (string | null)[];
  /** Numbers of all events, in the order in which the page got them. */
  ids: number[];
}

/** As `listenAtWorker`, in a browser that has no such worker. */
function listenIn(): void {
  const heard: Heard = { asked: [], ids: [] };
  (globalThis as unknown as { heard: Heard }).heard = heard;
  Object.defineProperty(globalThis, "SharedWorker", { value: undefined });
  const own = globalThis.fetch;
  globalThis.fetch = async (address, init) => {
    const response = await own(address, init);
    if (!String(address).includes("/api/event-line/") || !String(address).includes("/stream") || !response.body) return response;
    heard.asked.push(new Headers(init?.headers).get("last-event-id"));
    const [one, other] = response.body.tee();
    void (async () => {
      let text = "";
      const decoder = new TextDecoder();
      const reader = other.getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        text += decoder.decode(piece.value, { stream: true });
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) if (line.startsWith("id: ")) heard.ids.push(Number(line.slice(4)));
      }
    })().catch(() => undefined);
    return new Response(one, { status: response.status, headers: response.headers });
  };
}

describeInBrowser("a gateway that is killed", () => {
  const desk = new Desk("gateway-kill");
  let browser: TestBrowser;

  const serve = async (port: string) => {
    const running = desk.start(["gateway", "--port", port, "--expert", "rules", "--json"]);
    const [, url = ""] = await running.says(/"gateway":"([^"]+)"/, PATIENCE);
    return { running, url };
  };
  const put = (text: string) => desk.json(["put", "shop", "inbox", JSON.stringify({ text })]);

  beforeAll(async () => {
    await builtCli();
    browser = await openBrowser();
    await up(desk);
    writeFileSync(desk.path("shop.json"), JSON.stringify(NET));
    await desk.json(["net", "apply", "shop.json"]);
  }, PATIENCE);
  afterAll(async () => {
    await browser?.close();
    await desk.clear();
  }, PATIENCE);

  test(
    "comes back, and the page has each event once, without a gap",
    async () => {
      const first = await serve(String(await freePort()));
      const { running: gateway }: { running: Running } = first;
      const { port } = new URL(first.url);
      const keys = JSON.parse(readFileSync(desk.path(".petrel", "gateway", "clients.json"), "utf8")) as Record<string, string>;
      const { listenAtWorker } = (await import("./in-page.mjs" as string)) as { listenAtWorker: () => void };
      const open = async (listen: () => void) => {
        const page = await browser.context.newPage();
        await page.addInitScript(listen);
        await page.goto(`${first.url}/n/shop/console#key=petrel-readonly.${keys["petrel-readonly"]}`);
        await page.getByRole("status").getByText("live").waitFor();
        return page;
      };
      const pages = [await open(listenAtWorker), await open(listenIn), await open(listenAtWorker)];
      const heard = () => Promise.all(pages.map((page) => page.evaluate(() => (globalThis as unknown as { heard: Heard }).heard)));
      const newest = async () => (await desk.events("shop", desk.path(".petrel"))).at(-1)?.seq ?? 0;
      const haveNewest = async () => {
        const last = await newest();
        return (await heard()).every(({ ids }) => ids.at(-1) === last);
      };
      await put("before");
      await waitUntil("the pages have what was before", haveNewest, PATIENCE);
      const known = await newest();

      process.kill(gateway.pid, "SIGKILL");
      await gateway.ended;
      expect(isAlive(gateway.pid)).toBe(false);
      for (const page of pages) await page.getByRole("status").getByText("connection lost, trying again").waitFor();
      for (const n of [1, 2, 3]) await put(`while away ${n}`);
      for (const { ids } of await heard()) expect(ids.at(-1)).toBe(known);

      await serve(port);
      for (const page of pages) await page.getByRole("status").getByText("live").waitFor({ timeout: PATIENCE });
      await put("behind");
      await waitUntil("the pages have all of it", haveNewest, PATIENCE);
      for (const { asked, ids } of await heard()) {
        expect(asked.at(-1)).toBe(String(known));
        expect(ids).toEqual(ids.map((_, at) => (ids[0] ?? 0) + at));
      }
      for (const page of pages) {
        await page.getByPlaceholder("words").fill("arrived");
        const rows = page.getByRole("log").getByText(/arrived in inbox/);
        await waitUntil("each arrival has its line", async () => (await rows.count()) === 5);
      }
    },
    PATIENCE * 2,
  );
});
