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
