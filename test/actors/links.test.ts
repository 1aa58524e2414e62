/** Links between nets on the in-memory broker (E10): each token once, whatever dies or comes again. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { afterEach, describe, expect, it } from "vitest";
import type { HandoverAnswer, HandoverBatch } from "../../src/contract/broker.ts";
import { Retryable } from "../../src/contract/errors.ts";
import { foldEvents } from "../../src/net/fold.ts";
import type { NetState } from "../../src/net/state.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

const sender = {
  net: "shop",
  places: { orders: { open: true } },
  transitions: {
    ship: { kind: "link", in: [{ place: "orders", as: "order" }], to: { net: "depot", place: "inbox" }, value: { n: "${order.n}" } },
  },
};
const receiver = (place: object = { accepts: ["shop"] }) => ({
  net: "depot",
  places: { inbox: place, shelf: { sink: true } },
  transitions: { store: { kind: "pass", in: [{ place: "inbox" }], out: [{ to: "shelf" }] } },
});
const apply = (definition: object) => kit.ask(null, "apply-net", { definition });
const numbers = (state: NetState, place: string) =>
  [...(state.places.get(place)?.values() ?? [])].map(({ token }) => (token.data as { n: number }).n).sort((a, b) => a - b);
const shelf = () => numbers(kit.stateOf("depot"), "shelf");
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const putAll = async (count: number, from = 0) => {
  for (let n = from; n < from + count; n++) await kit.put("shop", "orders", { n }, `p${n}`);
};
const transit = () => kit.stateOf("shop").transit.size;
type PlaceRow = { place: string; tokens: number; links?: { net: string; waiting: number; problem: { code: string } | null }[] };
const linkRow = async () =>
  ((await kit.ask("shop", "places")) as PlaceRow[]).find(({ place }) => place === "in-transit")?.links?.find(({ net }) => net === "depot");
const eventsOf = async (net: string) => {
  const events: import("../../src/contract/event.ts").NetEvent[] = [];
  await kit.broker.log(net).read(0, (entry) => void events.push(...entry.events));
  return events;
};

describe("a link between two nets", () => {
  it("carries each token once, with its provenance, in order and numbered without gaps", async () => {
    kit = await masterKit();
    await apply(receiver());
    await apply(sender);
    await putAll(50);
    await waitUntil("all are on the shelf", () => shelf().length === 50 && transit() === 0);
    expect(shelf()).toEqual(upTo(50));
    const sent = (await eventsOf("shop")).filter(({ type }) => type === "sent");
    expect(sent.map(({ attributes }) => (attributes?.link as { number: number } | undefined)?.number)).toEqual(upTo(50).map((n) => n + 1));
    const arrived = (await eventsOf("depot")).filter(({ type }) => type === "arrived");
    expect(arrived.map(({ attributes }) => (attributes?.link as { number: number } | undefined)?.number)).toEqual(
      upTo(50).map((n) => n + 1),
    );
    expect(arrived[0]?.produced?.[0]?.token).toMatchObject({
      from: { net: "shop", transition: "ship" },
      id: sent[0]?.produced?.[0]?.token.id,
    });
    await logAgreesWithPlaces(kit.broker, "shop");
    await logAgreesWithPlaces(kit.broker, "depot");
  });

  it("keeps tokens in transit, in sight, while nobody owns the target, and none when it is there", async () => {
    kit = await masterKit();
    await apply(sender);
    await putAll(3);
    await waitUntil("they wait", async () => (await linkRow())?.problem?.code === "no-owner");
    expect(await linkRow()).toMatchObject({ waiting: 3 });
    const { tokens } = (await kit.ask("shop", "tokens", { place: "in-transit" })) as {
      tokens: { link: { net: string; number: number } }[];
    };
    expect(tokens.map(({ link }) => [link.net, link.number])).toEqual([
      ["depot", 1],
      ["depot", 2],
      ["depot", 3],
    ]);
    const [id] = [...kit.stateOf("shop").transit.keys()];
    const told = { code: "link", place: "in-transit" };
    expect(await kit.ask("shop", "why", { name: "in-transit" })).toMatchObject([
      { fires: false, reasons: [{ ...told, text: expect.stringMatching(/^3 on the way to \w+ of depot: nobody /) }] },
    ]);
    expect(await kit.ask("shop", "why", { name: id })).toMatchObject([
      { kind: "token", reasons: [{ ...told, token: id, text: expect.stringMatching(/^it is on its way to \w+ of depot: nobody /) }] },
    ]);
    await expect(kit.ask("shop", "close", { place: "in-transit", id })).rejects.toMatchObject({ code: "token-in-transit" });
    await expect(kit.ask("shop", "move", { place: "in-transit", id, to: "orders" })).rejects.toMatchObject({ code: "token-in-transit" });
    await apply(receiver());
    await waitUntil("they have arrived", () => shelf().length === 3 && transit() === 0);
    expect(await linkRow()).toMatchObject({ waiting: 0, problem: null });
  });

  it("is for links alone: nobody takes over what is on its way, nor hands anything back to there", async () => {
    kit = await masterKit();
    await apply(sender);
    await putAll(1);
    await waitUntil("it waits", () => transit() === 1);
    const [id] = [...kit.stateOf("shop").transit.keys()];
    await expect(kit.ask("shop", "takeover", { place: "in-transit", id })).rejects.toMatchObject({ code: "token-in-transit" });
    await kit.ask("shop", "pause");
    const task = await kit.put("shop", "orders", { n: 9, repo: "file:///nowhere", branch: "work" }, "p9");
    const taken = (await kit.ask("shop", "takeover", { place: "orders", id: task })) as { id: string };
    await expect(kit.ask("shop", "handback", { id: taken.id, to: "in-transit" })).rejects.toMatchObject({ code: "reserved-place" });
    expect(await kit.ask("shop", "handback", { id: taken.id })).toMatchObject({ place: "orders" });
  });

  it("says that a token is lost which was numbered and does not lie there, and goes round for nothing", async () => {
    kit = await masterKit();
    await apply(sender);
    await putAll(1);
    await waitUntil("it waits", async () => (await linkRow())?.problem?.code === "no-owner");
    // As a log may be in which somebody took it away by hand.
    kit.stateOf("shop").places.get("in-transit")?.clear();
    await apply(receiver());
    await waitUntil("that is told", async () => (await linkRow())?.problem?.code === "transit-lost");
  });

  it("waits for a place that does not take them, says so in the log, and goes on when it does", async () => {
    kit = await masterKit();
    await apply(receiver({ accepts: ["other"] }));
    await apply(sender);
    await putAll(2);
    await waitUntil("it is said", async () => (await eventsOf("shop")).some(({ type, status }) => type === "noted" && status === "error"));
    expect((await linkRow())?.problem?.code).toBe("not-accepted");
    expect(shelf()).toEqual([]);
    await apply(receiver({ accepts: ["other", "shop"] }));
    await waitUntil("they have arrived", () => shelf().length === 2);
  });

  it("puts what does not meet the schema into rejected, and goes on with the next", async () => {
    kit = await masterKit();
    await apply(receiver({ open: true, schema: { type: "object", properties: { n: { type: "integer", minimum: 1 } } } }));
    await apply(sender);
    await putAll(3);
    await waitUntil("the others have arrived", () => shelf().length === 2 && transit() === 0);
    expect(shelf()).toEqual([1, 2]);
    const [rejected] = [...(kit.stateOf("depot").places.get("rejected")?.values() ?? [])];
    expect(rejected?.token.data).toMatchObject({ code: "schema", payload: { n: 0 } });
  });

  it("respects the capacity of its target, and the limit of what may be on its way", async () => {
    kit = await masterKit();
    const { transitions: _, ...still } = receiver({ accepts: ["shop"], capacity: 2, sink: true });
    await apply({ ...still, transitions: {} });
    await apply({ ...sender, transitions: { ship: { ...sender.transitions.ship, concurrency: 3 } } });
    await putAll(10);
    await waitUntil("the place is full", () => numbers(kit.stateOf("depot"), "inbox").length === 2 && transit() === 3);
    await waitUntil("that is said", async () => (await linkRow())?.problem?.code === "place-full");
    expect(numbers(kit.stateOf("depot"), "inbox")).toEqual([0, 1]);
    expect(kit.stateOf("shop").places.get("orders")?.size).toBe(5);
  });

  it("loses and doubles nothing over crashes of both owners with lost answers", async () => {
    kit = await masterKit();
    await apply(receiver());
    await apply(sender);
    for (let round = 0; round < 8; round++) {
      const puts = putAll(10, round * 10).catch(() => null);
      await waitUntil("some have arrived", () => shelf().length > round * 8);
      kit.broker.faults.dropAnswers = 2;
      await kit.crash();
      await puts;
      await kit.master.termOf("shop");
      await putAll(10, round * 10);
    }
    await waitUntil("all are on the shelf", () => shelf().length >= 80 && transit() === 0);
    expect(shelf()).toEqual(upTo(80));
    await logAgreesWithPlaces(kit.broker, "shop");
    await logAgreesWithPlaces(kit.broker, "depot");
  }, 180_000);
});

describe("answers that get lost", () => {
  it("make the same tokens come again, and the receiver take none of them twice", async () => {
    kit = await masterKit();
    await apply(receiver());
    await apply(sender);
    let lost = 0;
    const losing = () => {
      const { handover } = kit.broker;
      const hand = handover.hand.bind(handover);
      handover.hand = async (...args) => {
        const answer = await hand(...args);
        if (lost >= 6) return answer;
        lost += 1;
        // The receiver has it in its log, and the sender dies before it hears of that, every other time.
        if (lost % 2 === 0) void kit.crash().then(losing);
        throw new Retryable({ code: "no-answer", message: "lost" });
      };
    };
    losing();
    for (let round = 0; round < 10; round++) {
      await waitUntil("the sender is served", () => kit.master.terms.has("shop"));
      await putAll(3, round * 3).catch(() => null);
    }
    await waitUntil("all came through", async () => {
      await putAll(30).catch(() => null);
      return shelf().length >= 30 && transit() === 0;
    });
    expect(lost).toBe(6);
    expect(shelf()).toEqual(upTo(30));
    const numbered = (await eventsOf("depot")).flatMap(({ type, attributes }) =>
      type === "arrived" ? [(attributes?.link as { number: number } | undefined)?.number] : [],
    );
    expect(numbered).toEqual(upTo(30).map((n) => n + 1));
  }, 180_000);
});

describe("the handover", () => {
  const batch = (more: Partial<HandoverBatch>, tokens = 1): HandoverBatch => ({
    from: "shop",
    identity: "one.0",
    peer: null,
    first: 1,
    tokens: Array.from({ length: tokens }, (_, at) => {
      const n = (more.first ?? 1) + at;
      const token = {
        id: `t${n}`,
        data: { n },
        from: { outside: "x" },
        by: "x",
        at: "2026-01-01T00:00:00.000Z",
        correlation: `c${n}`,
        v: 1 as const,
      };
      return { place: "inbox", token, author: null };
    }),
    ...more,
  });
  const hand = (more: Partial<HandoverBatch>, tokens = 1) => kit.broker.handover.hand("depot", batch(more, tokens));
  const codeOf = (answer: HandoverAnswer) => (answer.ok ? null : answer.error.code);

  it("takes the next number only, says yes to older ones, and refuses newer ones", async () => {
    kit = await masterKit();
    await apply(receiver());
    expect(await hand({ first: 1 }, 2)).toMatchObject({ ok: true, taken: 2 });
    expect(await hand({ first: 1 }, 2)).toMatchObject({ ok: true, taken: 2 });
    expect(await hand({ first: 2 }, 2)).toMatchObject({ ok: true, taken: 3 });
    expect(codeOf(await hand({ first: 5 }))).toBe("link-gap");
    await waitUntil("each is there once", () => shelf().length === 3);
    expect(shelf()).toEqual([1, 2, 3]);
    expect(await Promise.all([hand({ first: 4 }, 3), hand({ first: 4 }, 3), hand({ first: 4 }, 2)])).toEqual([
      expect.objectContaining({ ok: true, taken: 6 }),
      expect.objectContaining({ ok: true, taken: 6 }),
      expect.objectContaining({ ok: true, taken: 6 }),
    ]);
    await waitUntil("each is there once", () => shelf().length === 6);
  });

  it("takes another log of the sender or of its own for an alarm, until a person ties them anew", async () => {
    kit = await masterKit();
    await apply(receiver());
    await hand({ first: 1 }, 2);
    expect(codeOf(await hand({ identity: "two.0", first: 1 }))).toBe("sender-recreated");
    expect(codeOf(await hand({ peer: "another", first: 3 }))).toBe("target-recreated");
    await kit.ask("depot", "relink", { net: "shop" });
    expect(await hand({ identity: "two.0", first: 1 })).toMatchObject({ ok: true, taken: 1 });
    await expect(kit.ask("depot", "relink", { net: "nobody" })).rejects.toMatchObject({ code: "no-such-link" });
  });

  it("remembers over a crash, from the log alone", async () => {
    kit = await masterKit();
    await apply(receiver());
    const first = await hand({ first: 1 }, 2);
    await kit.crash();
    await kit.master.termOf("depot");
    await waitUntil("it serves again", async () => (await hand({ first: 1 }, 2).catch(() => ({ ok: false }))).ok);
    expect(await hand({ first: 1 }, 2)).toEqual(first);
    await waitUntil("the log has all", () => shelf().length === 2);
    const state = kit.stateOf("depot");
    await waitUntil("nothing is under way", () => kit.master.terms.get("depot")?.loop.backlog === 0);
    expect(stateHash(foldEvents("depot", await eventsOf("depot")))).toBe(stateHash(state));
  });
});

describe("a target that was deleted and made anew", () => {
  it("gets nothing until a person has said so, and then each token that is still on its way, once", async () => {
    kit = await masterKit();
    await apply(receiver());
    await apply(sender);
    await putAll(2);
    await waitUntil("the first have arrived", () => shelf().length === 2 && transit() === 0);
    await kit.die();
    for (const map of [kit.hub.logs, kit.hub.checkpoints]) map.delete("depot");
    for (const key of [...kit.hub.versions.keys()]) if (key.includes("depot")) kit.hub.versions.delete(key);
    await kit.crash();
    await apply(receiver());
    await putAll(3, 2);
    await waitUntil("the alarm is in the log", async () =>
      (await eventsOf("shop")).some(({ attributes }) => (attributes?.error as { code?: string } | undefined)?.code === "target-recreated"),
    );
    expect(shelf()).toEqual([]);
    expect(transit()).toBe(3);
    expect(await kit.ask("shop", "relink", { net: "depot" })).toEqual({ net: "shop", to: "depot", waiting: 3 });
    await waitUntil("they have arrived", () => shelf().length === 3 && transit() === 0);
    await putAll(2, 5);
    await waitUntil("and so do others", () => shelf().length === 5 && transit() === 0);
    expect(shelf()).toEqual([2, 3, 4, 5, 6]);
  });
});
