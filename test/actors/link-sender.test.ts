/** What a link's sender hands over, by its ports alone (N1, N2). */
import { expect, test } from "vitest";
import { LinkSender } from "../../src/actors/term/link-sender.ts";
import type { HandoverAnswer, HandoverBatch } from "../../src/contract/broker.ts";
import type { EventDraft, NetEvent } from "../../src/contract/event.ts";
import { silentLogger } from "../../src/contract/logger.ts";
import { IN_TRANSIT } from "../../src/net/built-in-places.ts";
import { applyEvent } from "../../src/net/fold.ts";
import { emptyState } from "../../src/net/state.ts";
import { JumpClock } from "../support/master-kit.ts";
import { tokenOf } from "../support/net-state.ts";
import { waitUntil } from "../support/wait-until.ts";

test("N1: a token whose `sent` is decided and not in the log yet is not handed over with those before it", async () => {
  const state = emptyState("shop");
  const event = (type: NetEvent["type"], parts: Partial<EventDraft>): NetEvent => {
    const made = {
      category: "token",
      type,
      status: "ok",
      summary: "",
      seq: state.seq + 1,
      net: "shop",
      ts: "2026-01-01T00:00:00.000Z",
      ...parts,
    };
    applyEvent(state, made as NetEvent);
    return made as NetEvent;
  };
  const sent = (number: number) =>
    event("sent", {
      transition: "ship",
      firing: `f${number}`,
      produced: [{ place: IN_TRANSIT, token: tokenOf(`t${number}`, { number }) }],
      attributes: { link: { net: "depot", place: "inbox", number } },
    });
  event("epoch", { attributes: { epoch: 1, born: "b1" } });
  const batches: HandoverBatch[] = [];
  const sender = new LinkSender({
    ...{ state, clock: new JumpClock(), logger: silentLogger, random: () => 0, isOver: () => false },
    handover: {
      serve: () => Promise.reject(new Error("nobody comes")),
      hand: async (_, batch): Promise<HandoverAnswer> => {
        batches.push(batch);
        return { ok: true, identity: "d1", taken: batch.first + batch.tokens.length - 1 };
      },
    },
    commit: async (draft) => event(draft.type, draft),
  });
  const first = sent(1);
  const second = sent(2);
  sender.follow(first);
  await waitUntil("the first is delivered", () => state.outbox.get("depot")?.delivered === 1);
  expect(batches.map(({ tokens }) => tokens.map(({ token }) => token.id))).toEqual([["t1"]]);
  expect([...state.transit.keys()]).toEqual(["t2"]);
  sender.follow(second);
  await waitUntil("and then the second", () => state.transit.size === 0);
  expect(batches.map(({ first: number, peer }) => [number, peer])).toEqual([
    [1, null],
    [2, "d1"],
  ]);
  sender.stop();
});
