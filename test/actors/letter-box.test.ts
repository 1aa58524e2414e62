/** The letter box follows the definition (B1, B2): also when two declare it at one moment, and when the broker is away. */
import { expect, test } from "vitest";
import { LetterBox } from "../../src/actors/term/letter-box.ts";
import type { Delivery, Door } from "../../src/contract/broker.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { memoryBroker } from "../../src/jetstream/memory/broker.ts";
import { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { compileNet } from "../../src/net/compiled-net.ts";
import { emptyState } from "../../src/net/state.ts";
import { JumpClock } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

function stage() {
  const clock = new JumpClock();
  const hub = new MemoryHub(clock);
  const { door: inner } = memoryBroker(hub);
  let open: string[] = [];
  let failures = 0;
  let waiting: (() => void)[] = [];
  let slow = false;
  const asked: string[][] = [];
  const door: Door = {
    ...inner,
    openLetterBox: async (net, places, after, take) => {
      asked.push(places);
      if (slow) await new Promise<void>((resolve) => waiting.push(resolve));
      if (failures-- > 0) throw new Error("the broker is away");
      return inner.openLetterBox(net, places, after, take);
    },
  };
  const taken: Delivery[] = [];
  const box = new LetterBox({
    ...{ state: emptyState("n"), door, clock, logger: silentLogger, anew: () => {}, take: (each) => taken.push(each) },
    net: () => compileNet({ net: "n", places: Object.fromEntries(open.map((place) => [place, { open: true }])), transitions: {} }, "v1"),
  });
  return {
    ...{ box, clock, hub, taken, asked },
    edit: (...places: string[]) => {
      open = places;
    },
    fail: (times: number) => {
      failures = times;
    },
    hold: () => {
      slow = true;
    },
    letGo: () => {
      slow = false;
      for (const call of waiting.splice(0)) call();
      waiting = [];
    },
    places: () => [...(hub.letterBoxes.get("n")?.open ?? [])],
  };
}

test("B1: an edit while the box is declared for the definition before it is not lost", async () => {
  const { box, edit, hold, letGo, places, hub, taken, asked } = stage();
  hold();
  const first = box.declare();
  await waitUntil("the first is on its way", () => asked.length === 1);
  edit("inbox");
  const second = box.follow();
  letGo();
  await Promise.all([first, second]);
  expect(places()).toEqual(["inbox"]);
  hub.letter("n", "inbox", Buffer.from("{}"));
  await waitUntil("it is read", () => taken.length > 0);
  await box.close();
  // One reader, not two.
  expect(taken).toHaveLength(1);
});

test("B2: a declaration that fails after an edit is tried again, until it is done or the term ends", async () => {
  const { box, edit, fail, places, clock, asked } = stage();
  edit("inbox");
  fail(2);
  await box.follow();
  expect(places()).toEqual([]);
  await waitUntil("it stands", () => {
    clock.jump(1000);
    return places().length === 1;
  });
  const tries = asked.length;
  fail(10);
  edit("inbox", "other");
  await box.follow();
  await box.close();
  clock.jump(60_000);
  expect(asked.length).toBe(tries + 1);
  await expect(box.declare()).resolves.toBeUndefined();
  expect(places()).toEqual(["inbox"]);
});
