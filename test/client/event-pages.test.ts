/** Pages of a long event line, from its end to its beginning. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EventPage, pageOfEvents } from "../../src/client/event-pages.ts";
import type { Broker } from "../../src/contract/broker.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = { net: "line", places: { a: { open: true } }, transitions: {} };
const TOKENS = 300;
const LIMIT = 20;
let kit: MasterKit;
beforeAll(async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: NET, by: { user: "ada", roles: [] } });
  for (let n = 0; n < TOKENS; n++) await kit.put("line", "a", { n });
  await waitUntil("all are there", () => kit.stateOf("line").seq >= TOKENS);
});
afterAll(() => kit.stop());

/** The same broker, which counts how often its log is read. */
function counting(): { broker: Broker; reads: () => number } {
  let reads = 0;
  const log = (net: string) => {
    const own = kit.broker.log(net);
    return new Proxy(own, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name === "read") reads += 1;
          return (value as (...given: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  };
  const broker = new Proxy(kit.broker, { get: (target, name) => (name === "log" ? log : Reflect.get(target, name)) });
  return { broker, reads: () => reads };
}

test("whoever goes on back finds the next page without a search, and every event once", async () => {
  const { broker, reads } = counting();
  const seqs: number[] = [];
  const perPage: number[] = [];
  for (let before: number | undefined; ; ) {
    const began = reads();
    const page: EventPage = await pageOfEvents(broker, "line", { filter: {}, limit: LIMIT, before });
    perPage.push(reads() - began);
    seqs.unshift(...page.events.map(({ seq }) => seq));
    if (page.nextBeforeSeq === null) break;
    before = page.nextBeforeSeq;
  }
  expect(seqs).toEqual(seqs.map((_, at) => at + 1));
  // Windows of 4, 8 and 16 entries hold a page of 20.
  expect(Math.max(...perPage)).toBeLessThanOrEqual(4);
  // A number that no page began with is searched for, and found.
  const page = await pageOfEvents(broker, "line", { filter: {}, limit: 3, before: 150 });
  expect(page.events.map(({ seq }) => seq)).toEqual([147, 148, 149]);
});
