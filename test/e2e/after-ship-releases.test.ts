/** nets/after-ship.json on a service of its own: releases that come at once are watched one after the other, and one that is only slow is an incident. */
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/contract/json.ts";
import { describeInBrowser } from "../support/browser.ts";
import { builtCli, Desk, ROOT } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = "after-ship";
const head = (letter: string) => letter.repeat(40);
const [OLD, GOOD, SLOW, MENDED] = [head("a"), head("b"), head("c"), head("d")] as const;

/** What runs, and how long it says that it took. */
class Service {
  readonly letters: string[] = [];
  readonly deployed: string[] = [];
  readonly #logs: string;
  readonly #server: Server;

  constructor(logs: string) {
    this.#logs = logs;
    this.log(OLD);
    this.#server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk) => (text += String(chunk)));
      request.on("end", () => {
        response.setHeader("content-type", "text/html");
        if (request.url === "/deploy") this.deployed.push((JSON.parse(text) as { head: string }).head);
        else if (request.url === "/letters") this.letters.push(text);
        else if (request.url === "/") this.log(this.deployed.at(-1) ?? OLD);
        response.end(request.url === "/deploy" ? "{}" : "<!doctype html><html lang=en><title>It</title><p>It works</p></html>");
      });
    });
  }
  log(of: string): void {
    const ms = of === SLOW ? 900 : 5;
    appendFileSync(join(this.#logs, `${of}.log`), `${JSON.stringify({ level: "info", msg: "GET /", ms })}\n`);
  }
  async url(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  end(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describeInBrowser("releases of a service", () => {
  const desk = new Desk("after-ship-releases");
  let service: Service;
  beforeAll(async () => {
    await builtCli();
    mkdirSync(desk.path("logs"));
    service = new Service(desk.path("logs"));
    const system = desk.start(["up", "--json", "--models", "rules"]);
    await system.says(/"ready":true/);
    for (const persona of ["devops", "on-call-sre", "incident-commander"])
      await desk.json(["persona", "apply", join(ROOT, "personas", `${persona}.json`)]);
    await desk.json(["net", "apply", join(ROOT, "nets", `${NET}.json`)]);
  }, 180_000);
  afterAll(async () => {
    service?.end();
    await desk.clear();
  });

  test("that come at once are each watched as themselves, the slow one is an incident, and a person is told once", {
    timeout: 240_000,
  }, async () => {
    const url = await service.url();
    const put = async (place: string, data: Json) => await desk.json(["put", NET, place, JSON.stringify(data)]);
    const repo = "/srv/shop.git";
    await put("baseline", { repo, head: OLD });
    // Before there are settings all three wait, so that they come at once.
    for (const [title, commit] of Object.entries({ good: GOOD, slow: SLOW, mended: MENDED }))
      await put("shipped", { repo, head: commit, title });
    await put("settings", {
      ...{
        repo,
        host: url,
        deploy: join(ROOT, "examples", "after-ship", "deploy.mjs"),
        service: url,
        steps: [{ see: { text: "It works" } }],
      },
      ...{ logs: desk.path("logs"), letters: `${url}/letters`, allow: { latency: 3, latencyMs: 200 } },
    });
    const tokens = async (place: string) =>
      (await desk.json<{ tokens: { data: { [name: string]: Json } }[] }>(["tokens", NET, place])).tokens;
    await waitUntil("a person is told", async () => (await tokens("told")).length + (await tokens("trouble")).length > 0, 180_000);
    expect(await tokens("trouble")).toEqual([]);
    expect(service.deployed).toEqual([GOOD, SLOW, MENDED]);
    expect((await tokens("healthy")).map(({ data }) => data.head)).toEqual([GOOD]);
    expect(await tokens("told")).toMatchObject([{ data: { brokenBy: SLOW, fixed: true, head: MENDED } }]);
    expect((await tokens("baseline")).map(({ data }) => data.head)).toContain(MENDED);
    expect(await tokens("incidents")).toEqual([]);
    expect(service.letters).toHaveLength(1);
    expect(service.letters[0]).toMatch(/the p95 of latency is 8\d\d ms.*It is mended: the same check passes with dddddddd\./);
    // Each was asked for its page while it ran, and no other was.
    for (const commit of [GOOD, SLOW, MENDED])
      expect(
        readFileSync(desk.path("logs", `${commit}.log`), "utf8")
          .trim()
          .split("\n"),
      ).toHaveLength(1);
    const ends = (await desk.events(NET, ".petrel")).filter(({ type }) => type === "fired").map(({ transition }) => transition);
    expect(ends.filter((name) => ["deploy", "click", "read-logs"].includes(name ?? ""))).toEqual(
      Array.from({ length: 3 }, () => ["deploy", "click", "read-logs"]).flat(),
    );
  });
});
