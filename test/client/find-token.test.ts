/** A token is looked for in all nets: the damaged log of one hides nothing of another. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { findToken } from "../../src/client/history/find-token.ts";
import { storyOf } from "../../src/client/history/story.ts";
import type { Broker } from "../../src/contract/broker.ts";
import { Retryable } from "../../src/contract/errors.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";

let kit: MasterKit;
const net = (name: string) => ({ net: name, places: { a: { open: true, sink: true } }, transitions: {} });
beforeEach(async () => {
  kit = await masterKit({});
  for (const name of ["good", "torn"]) await kit.ask(null, "apply-net", { definition: net(name) });
});
afterEach(() => kit.stop());

/** What the real log throws where an entry of it cannot be had. */
function torn(broker: Broker): Broker {
  const gap = new Retryable({ code: "log-gap", message: "net torn: sequence 2 of the log is not to be had" });
  return new Proxy(broker, {
    get: (target, key) => {
      if (key !== "log") return Reflect.get(target, key, target) as unknown;
      return (name: string) => {
        const log = target.log(name);
        if (name !== "torn") return log;
        return { read: () => Promise.reject(gap), bounds: () => log.bounds() };
      };
    },
  });
}

test("with a gap in the log of one net, the tokens of the others are found, and the gap is told where none is", async () => {
  await kit.put("good", "a", { n: 1 });
  const [id = ""] = kit.stateOf("good").places.get("a")?.keys() ?? [];
  const broker = torn(kit.broker);
  const nets = ["torn", "good"];
  expect(await findToken(broker, id, nets)).toMatchObject({ net: "good" });
  await expect(findToken(broker, "t-none", nets)).rejects.toMatchObject({
    code: "no-such-token",
    message: expect.stringContaining("the log of torn has a gap"),
  });
  await expect(findToken(broker, id, ["torn"])).rejects.toMatchObject({ code: "log-gap" });
});

test("with a gap in the log of one net, the stories of the others are told", async () => {
  const id = await kit.put("good", "a", { n: 1 });
  const broker = torn(kit.broker);
  for (const text of [id, `c-${id.slice(2)}`]) expect(await storyOf(broker, text, ["torn", "good"])).toMatchObject({ net: "good" });
  await expect(storyOf(broker, id, ["torn"])).rejects.toMatchObject({ code: "log-gap" });
});
