/** examples/kinds/link*.json, run: each leaves the events that its golden file says. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
let running = false;
afterEach(async () => {
  if (running) await kit.stop();
  running = false;
});
const begin = async () => {
  kit = await masterKit();
  running = true;
};

const text = (name: string) => readFileSync(`examples/kinds/${name}`, "utf8");
const apply = (name: string) => kit.ask(null, "apply-net", { definition: JSON.parse(text(`${name}.json`)) });
const size = (net: string, place: string) => kit.stateOf(net).places.get(place)?.size ?? 0;

/** Ids and times left out. */
function golden({ type, transition, consumed = [], produced = [], attributes = {} }: NetEvent): object {
  const { number, upTo } = (attributes.link ?? {}) as { number?: number; upTo?: number };
  return {
    type,
    ...(transition === undefined ? {} : { transition }),
    ...(consumed.length > 0 ? { consumed: consumed.map(({ place }) => place) } : {}),
    ...(produced.length > 0 ? { produced: produced.map(({ place }) => place) } : {}),
    ...(number === undefined ? {} : { number }),
    ...(upTo === undefined ? {} : { upTo }),
    ...(attributes.closes === undefined ? {} : { closes: attributes.closes, left: attributes.left }),
  };
}
const goldenOf = async (net: string) =>
  (await eventsOf(kit.broker, net)).filter(({ type }) => type !== "epoch" && type !== "edited").map(golden);

describe("the examples of links", () => {
  it.each(["link", "link-out", "link-in"])("%s.json is sound", (name) => {
    expect(checkNetFile(text(`${name}.json`), `${name}.json`).problems).toEqual([]);
  });

  it("lead into a shared sub-net with one event, and into an instance that is gone with its result", async () => {
    await begin();
    await apply("link");
    await kit.put("link", "orders", { n: 7 });
    await waitUntil("it is done", () => size("link", "done") === 1);
    const [done] = [...(kit.stateOf("link").places.get("done")?.values() ?? [])];
    expect(done?.token.data).toEqual({ goods: 7, bill: 7, order: 7 });
    await waitUntil("the log has it", async () => (await goldenOf("link")).length === 8);
    expect(await goldenOf("link")).toEqual(JSON.parse(text("link.events.json")));
  });

  it("send to another net, numbered, and say when it has arrived", async () => {
    await begin();
    await apply("link-in");
    await apply("link-out");
    await kit.put("link-out", "orders", { n: 1 });
    await waitUntil("it has arrived", () => size("link-in", "shelf") === 1 && kit.stateOf("link-out").transit.size === 0);
    await waitUntil("both logs have it", async () => (await goldenOf("link-out")).length === 3 && (await goldenOf("link-in")).length === 2);
    expect(await goldenOf("link-out")).toEqual(JSON.parse(text("link-out.events.json")));
    expect(await goldenOf("link-in")).toEqual(JSON.parse(text("link-in.events.json")));
  });
});
