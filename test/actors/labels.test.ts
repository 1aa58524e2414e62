/** Pools with labels: what nobody could do is held and said, and starts by itself when somebody comes (B1, B2, B3). */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const net = {
  net: "w",
  places: { a: { open: true }, b: { sink: true } },
  transitions: {
    t: { kind: "command", pool: "p", labels: ["git", "node20"], argv: ["true"], in: [{ place: "a" }], out: [{ to: "b" }] },
  },
};
let kit: MasterKit;
const started: HandExecutor[] = [];

beforeEach(async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net });
});
afterEach(async () => {
  for (const each of started.splice(0)) await each.stop();
  await kit.stop();
});

function executor(name: string, labels: string[]): HandExecutor {
  const made = kit.executor(name, "p", labels);
  started.push(made);
  return made;
}
const why = async () =>
  ((await kit.ask("w", "why", { name: "t" })) as { reasons: { code: string; text: string; missing?: string[] }[] }[])[0];
const blocked = async () =>
  (await eventsOf(kit.broker, "w")).filter(({ type, attributes }) => type === "noted" && attributes?.blocked !== undefined);

it("what lacks a label is held, named by `why` and the event line, and offered when an executor with the label comes", async () => {
  const poor = executor("poor", ["git"]);
  poor.beat();
  kit.clock.pass(6000, 1000);
  poor.beat();
  await kit.put("w", "a", {});
  await waitUntil("it is blocked", async () => (await blocked()).length === 1);
  expect((await blocked())[0]).toMatchObject({
    ...{ status: "waiting", transition: "t", attributes: { blocked: { pool: "p", labels: ["node20"] } } },
    summary: "t is blocked: no executor of the pool p that is there has the label node20; poor comes nearest.",
  });
  expect((await why())?.reasons[0]).toMatchObject({
    code: "label-missing",
    missing: ["node20"],
    command: "petrel executor start --pool p --labels git,node20",
  });
  expect([...kit.hub.queue("p").all()]).toEqual([]);
  const rich = executor("rich", ["node20", "git", "more"]);
  rich.beat();
  await waitUntil("it is offered", () => rich.orders.length === 1);
  expect(rich.orders[0]?.labels).toEqual(["git", "node20"]);
  expect(poor.orders).toEqual([]);
  expect(await rich.ask(rich.orders[0] as never, "claim")).toMatchObject({ ok: true });
  expect((await why())?.reasons[0]?.code).toBe("claimed");
  expect(await blocked()).toHaveLength(1);
});

it("one that leaves counts for nobody from then on, and one that has left is gone at once", async () => {
  const rich = executor("rich", ["git", "node20"]);
  rich.beat();
  kit.clock.pass(5000, 1000);
  rich.beat();
  rich.leave(1);
  await kit.put("w", "a", {});
  await waitUntil("it is blocked", async () => (await blocked()).length === 1);
  expect(rich.orders).toEqual([]);
  expect((await kit.broker.work.executors()).map(({ name, leaving }) => [name, leaving])).toEqual([["rich", true]]);
  rich.leave(0);
  expect(await kit.broker.work.executors()).toEqual([]);
  rich.beat();
  await waitUntil("it is offered", () => rich.orders.length === 1);
});

it("nobody in the pool is said once, however long it lasts", async () => {
  kit.clock.pass(6000, 1000);
  await kit.put("w", "a", {});
  await waitUntil("it is blocked", async () => (await blocked()).length === 1);
  kit.clock.pass(120_000);
  expect((await blocked())[0]?.summary).toBe("t is blocked: no executor of the pool p is there.");
  expect(await blocked()).toHaveLength(1);
  expect((await why())?.reasons[0]?.code).toBe("no-executor");
});

it("before heartbeats were heard it is offered, and who lacks a label leaves it to others", async () => {
  const poor = executor("poor", ["git"]);
  const rich = executor("rich", ["git", "node20"]);
  await kit.put("w", "a", {});
  await waitUntil("the one that has the labels gets it", () => rich.orders.length === 1);
  expect(poor.orders).toEqual([]);
});

it("a claim of one that was not enrolled for it is turned down, and one that was gets it", async () => {
  const rich = executor("rich", ["git", "node20"]);
  rich.beat();
  await kit.put("w", "a", {});
  await waitUntil("it is offered", () => rich.orders.length === 1);
  const { firing = "", attempt = 1 } = rich.orders[0] ?? {};
  const claim = (labels: string[], more: object = {}) =>
    rich.line.claim("w", firing, attempt, { verb: "claim", executor: "rich", enrolled: { pools: ["p"], labels, ...more } });
  const beyond = { ok: false, code: "not-open" };
  expect(await claim(["git"])).toMatchObject({ ...beyond, message: expect.stringContaining("not enrolled with the label node20") });
  expect(await claim(["git", "node20"], { pools: ["q"] })).toMatchObject(beyond);
  expect(await claim(["git", "node20"], { hands: ["code.verify"] })).toMatchObject(beyond);
  expect(await claim(["git", "node20"], { hands: ["shell.run"] })).toMatchObject({ ok: true });
});
