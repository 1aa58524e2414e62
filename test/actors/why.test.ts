/** `why` as the owner answers it: with the executors that it sees, and for names that the net does not have. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Why } from "../../src/net/why.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = {
  net: "yard",
  places: { logs: { open: true }, planks: { sink: true } },
  transitions: { saw: { kind: "command", pool: "p", argv: ["true"], in: [{ place: "logs", as: "log" }], out: [{ to: "planks" }] } },
};
let kit: MasterKit;
beforeEach(async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: NET });
});
afterEach(() => kit.stop());
const why = async (name: string) => (await kit.ask("yard", "why", { name })) as Why[];

test("the owner knows whether an executor is there, and whose turn it is", async () => {
  expect((await why("saw"))[0]?.reasons).toMatchObject([{ code: "no-token" }]);
  const id = await kit.put("yard", "logs", { n: 1 });
  await waitUntil("it is offered", async () => (await why("saw"))[0]?.reasons[0]?.code === "no-executor");
  expect((await why(id))[0]?.reasons).toMatchObject([{ code: "reserved", transition: "saw" }]);
  const executor = kit.executor("e1");
  executor.beat();
  await waitUntil("the executor is seen", async () => (await why("saw"))[0]?.reasons[0]?.code === "waiting-for-executor");
  await executor.stop();
  await kit.ask("yard", "pause");
  expect((await why("saw"))[0]?.reasons[0]).toMatchObject({
    code: "paused",
    text: "the net is paused by ada",
    command: "petrel resume yard",
  });
});

test("a name that it does not have is refused with the nearest, a token that is gone with the way to its story", async () => {
  await expect(why("sav")).rejects.toMatchObject({ code: "nothing-of-that-name", hint: expect.stringContaining("saw") });
  const gone = `t-${"a".repeat(21)}`;
  await expect(why(gone)).rejects.toMatchObject({ code: "nothing-of-that-name", hint: `petrel trace ${gone} --net yard` });
});
