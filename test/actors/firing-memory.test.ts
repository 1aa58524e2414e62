/** What attempts remember: for the attempts of the same firing alone, by the holder of the claim alone, over a change of masters. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const net = {
  net: "calls",
  places: { asked: { open: true }, done: { sink: true } },
  transitions: {
    call: { kind: "command", pool: "p", in: [{ place: "asked" }], argv: ["true"], out: [{ to: "done" }], retry: { delay: "1ms" } },
  },
};
let kit: MasterKit;
beforeEach(async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net });
});
afterEach(() => kit.stop());

test("what one attempt has remembered, the next recalls on another executor and under another master", async () => {
  const [one, two] = [kit.executor("one"), kit.executor("two")];
  one.beat();
  await kit.put("calls", "asked", {});
  await waitUntil("the offer", () => one.orders.length + two.orders.length === 1);
  const [order] = [...one.orders, ...two.orders];
  if (!order) throw new Error("no order");
  const { net: name, firing } = order;
  const ask = (who: typeof one, executor: string, attempt: number, value?: string) =>
    who.line.claim(name, firing, attempt, {
      ...{ verb: value === undefined ? "recall" : "remember", executor },
      memory: { name: "told", ...(value === undefined ? {} : { value }) },
    });
  await one.ask(order, "claim");
  expect(await ask(one, "one", 1)).toMatchObject({ ok: true, memory: null });
  expect(await ask(one, "one", 1, "ada")).toMatchObject({ ok: true, memory: "ada" });
  expect(await ask(two, "two", 1, "eve")).toMatchObject({ ok: false, code: "taken" });
  expect(
    await one.line.claim(name, firing, 1, { verb: "remember", executor: "one", memory: { name: "No word", value: 1 } }).catch(() => null),
  ).toMatchObject({
    ok: false,
  });
  await one.ask(order, "release");
  await kit.crash();
  await waitUntil("the second attempt", () => [...one.orders, ...two.orders].some(({ attempt }) => attempt === 2));
  const next = [...one.orders, ...two.orders].find(({ attempt }) => attempt === 2);
  await two.ask({ net: name, firing, attempt: 2 }, "claim");
  expect(next?.key).toBe(order.key);
  expect(await ask(two, "two", 2)).toMatchObject({ ok: true, memory: "ada" });
});

test("room is shared by all firings of the net, on whatever executor and under whatever master, and a firing takes it once", async () => {
  const [one, two] = [kit.executor("one"), kit.executor("two")];
  one.beat();
  two.beat();
  for (const _ of [1, 2, 3]) await kit.put("calls", "asked", {});
  const orders = () => [...one.orders, ...two.orders];
  await waitUntil("the offers", () => orders().length === 3);
  const [first, second, third] = orders().map(({ net: name, firing, attempt }) => ({ net: name, firing, attempt }));
  if (!first || !second || !third) throw new Error("no orders");
  const take = async (who: typeof one, executor: string, order: typeof first) => {
    const memory = { name: "mails", room: { most: 2, spanMs: 60_000 } };
    return await who.line.claim(order.net, order.firing, order.attempt, { verb: "recall", executor, memory });
  };
  await one.ask(first, "claim");
  await two.ask(second, "claim");
  await two.ask(third, "claim");
  const [a, b] = await Promise.all([take(one, "one", first), take(two, "two", second)]);
  expect([a, b].map((answer) => (answer as { memory?: { free: boolean } }).memory?.free)).toEqual([true, true]);
  expect(await take(one, "one", first)).toMatchObject({ memory: { free: true, taken: 2 } });
  expect(await take(two, "two", third)).toMatchObject({ memory: { free: false, taken: 2, waitMs: expect.any(Number) as unknown } });
  await kit.crash();
  await waitUntil("the new master knows the claims", async () => (await one.ask(first, "renew").catch(() => null))?.ok === true);
  expect(await take(two, "two", third)).toMatchObject({ memory: { free: false, taken: 2 } });
  kit.clock.pass(60_001, 60_001);
  expect(await take(two, "two", third)).toMatchObject({ memory: { free: true, taken: 1, waitMs: 0 } });
});
