/** An order over the size of a message ends its firing once, in sight, whenever it is that it was to be offered. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const net = {
  net: "w",
  places: { a: { open: true }, b: { sink: true }, errors: { sink: true } },
  transitions: {
    t: {
      ...{ kind: "command", pool: "p", labels: ["git"], retry: { max: 3, delay: "1s" } },
      argv: ["true", ...Array.from({ length: 20 }, () => "${job.text}")],
      in: [{ place: "a", as: "job" }],
      out: [{ to: "b" }],
      onError: "errors",
    },
  },
};
let kit: MasterKit;
let rich: HandExecutor;
beforeEach(async () => {
  kit = await masterKit();
  rich = kit.executor("rich", "p", ["git"]);
  await kit.ask(null, "apply-net", { definition: net });
});
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "w");
  await rich.stop();
  await kit.stop();
});
const errors = () => [...(kit.stateOf("w").places.get("errors")?.values() ?? [])].map(({ token }) => token.data);
const put = (kib: number) => kit.put("w", "a", { text: "x".repeat(kib * 1024) });

async function failedOnce() {
  await waitUntil("it has failed", () => errors().length === 1);
  expect(errors()).toMatchObject([
    {
      transition: "t",
      error: { code: "order-too-large", message: expect.stringContaining("1024 KiB"), hint: expect.stringContaining("artefacts") },
    },
  ]);
  const failed = (await eventsOf(kit.broker, "w")).filter(({ type }) => type === "failed");
  expect(failed).toMatchObject([{ attempt: 1, status: "error", attributes: { final: true } }]);
  expect(rich.orders).toEqual([]);
  expect(kit.stateOf("w").firings.size).toBe(0);
}

it("fails at once, without the retries that would change nothing, and the next one comes through", async () => {
  rich.beat();
  await put(60);
  await failedOnce();
  await put(40);
  await waitUntil("the smaller one is offered", () => rich.orders.length === 1);
  expect(await rich.ask(rich.orders[0] as never, "claim")).toMatchObject({ ok: true });
  await rich.deliver(rich.orders[0] as never, { exitCode: 0 });
  await waitUntil("it is done", () => kit.stateOf("w").places.get("b")?.size === 1);
});

it("fails also where it waited for an executor with the label, when that comes", async () => {
  const poor = kit.executor("poor", "p");
  poor.beat();
  kit.clock.pass(6000, 1000);
  poor.beat();
  await put(60);
  const blocked = async () => (await eventsOf(kit.broker, "w")).some(({ attributes }) => attributes?.blocked !== undefined);
  await waitUntil("it is blocked", blocked);
  expect(errors()).toEqual([]);
  rich.beat();
  await failedOnce();
  await poor.stop();
});
