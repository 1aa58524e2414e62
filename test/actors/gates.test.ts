/** Gates on a running engine: people decide, whatever dies meanwhile and however long it takes. */
import { afterEach, describe, expect, it } from "vitest";
import { gatesOf } from "../../src/client/gates-of.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const HOUR = 3_600_000;
let kit: MasterKit;
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "gated");
  await kit.stop();
});

const places = { inbox: { open: true }, done: { sink: true }, escalations: { sink: true } };
const gate = { name: "release", approvers: ["role:maintainer"] };
const net = (more: object = {}, transition: object = {}) => ({
  net: "gated",
  places,
  transitions: {
    release: { kind: "pass", in: [{ place: "inbox", as: "job" }], out: [{ to: "done" }], gate: { ...gate, ...more }, ...transition },
  },
});
const state = () => kit.stateOf("gated");
const at = (place: string) => state().places.get(place)?.size ?? 0;
const waiting = async () => (await kit.ask("gated", "gates")) as { firing: string; approvals: number; inputs: object }[];
const decide = (by: string, id: string, more: object = {}) =>
  kit.ask("gated", "decide", { gate: "release", decision: "approve", id, by: { user: by, roles: ["maintainer"] }, ...more });
async function begin(more: object = {}, transition: object = {}, by?: string): Promise<void> {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net(more, transition) });
  await kit.put("gated", "inbox", { title: "x" }, undefined, by);
  await waitUntil("the gate holds it", async () => (await waiting()).length === 1);
}

describe("a gate", () => {
  it("waits through a crash and 24 hours, and is then approved", async () => {
    await begin();
    await kit.crash();
    await kit.master.termOf("gated");
    kit.clock.jump(24 * HOUR);
    await kit.master.termOf("gated");
    expect(await waiting()).toMatchObject([{ approvals: 0, inputs: { job: { title: "x" } } }]);
    expect(at("done")).toBe(0);
    expect(await decide("ada", "d1")).toMatchObject({ counted: true, passed: true });
    await waitUntil("it is done", () => at("done") === 1);
  });

  it("lists more than one message carries, page by page, and a decision between two pages makes no other pass by", async () => {
    await begin();
    for (let n = 1; n < 16; n++) await kit.put("gated", "inbox", { title: `large ${n}`, text: "x".repeat(30_000) });
    await waitUntil("all wait", async () => (await waiting()).length === 16);
    const order = (await waiting()).map(({ firing }) => firing).sort();
    expect((await gatesOf(kit.broker, "gated")).map(({ firing }) => firing).sort()).toEqual(order);
    type Page = { gates: { firing: string }[]; next: string | null };
    const page = async (after: string) => (await kit.ask("gated", "gates", { after })) as unknown as Page;
    const first = await page("");
    expect(JSON.stringify(first).length).toBeLessThan(1_000_000 / 3);
    expect(first.gates.length).toBeLessThan(16);
    const seen = first.gates.map(({ firing }) => firing);
    await kit.ask("gated", "decide", { firing: seen.at(-1), decision: "approve", id: "d1", by: { user: "ada", roles: ["maintainer"] } });
    for (let next = first.next; next !== null; ) {
      const more = await page(next);
      seen.push(...more.gates.map(({ firing }) => firing));
      next = more.next;
    }
    expect(seen.sort()).toEqual(order);
  });

  it("lets a person change the work and approve that: the firing goes on with the new token, also after a crash", async () => {
    await begin({ quorum: 2 });
    const [{ tokens, correlation }] = (await waiting()) as unknown as [{ tokens: { id: string; place: string }[]; correlation: string }];
    const [held] = tokens;
    expect(held).toMatchObject({ input: "job", place: "inbox", data: { title: "x" } });
    const edits = { [held?.id ?? ""]: { title: "better" } };
    await expect(decide("ada", "d0", { decision: "reject", edits })).rejects.toMatchObject({ code: "usage" });
    await expect(decide("ada", "d0", { edits: { "t-none": {} } })).rejects.toMatchObject({ code: "no-such-token" });
    expect(await decide("ada", "d1", { edits })).toMatchObject({ counted: true, approvals: 1, passed: false });
    expect(await waiting()).toMatchObject([{ inputs: { job: { title: "better" } }, correlation }]);
    await logAgreesWithPlaces(kit.broker, "gated");
    const again = (await waiting()) as unknown as [{ tokens: { id: string }[] }];
    await expect(decide("bob", "d2", { edits: { [again[0].tokens[0]?.id ?? ""]: { title: "mine" } } })).rejects.toMatchObject({
      code: "already-approved",
    });
    await kit.crash();
    await kit.master.termOf("gated");
    expect(await decide("bob", "d3")).toMatchObject({ counted: true, passed: true });
    await waitUntil("it is done", () => at("done") === 1);
    expect([...(state().places.get("done")?.values() ?? [])].map(({ token }) => token.data)).toEqual([{ title: "better" }]);
    expect(at("inbox")).toBe(0);
    const [event] = (await eventsOf(kit.broker, "gated")).filter(({ attributes }) => attributes?.edited === true);
    expect(event).toMatchObject({
      summary: "ada changed and approved release; 1 of 2 so far.",
      consumed: [{ place: "inbox", id: held?.id }],
    });
  });

  it("takes no change that the schema of the place forbids", async () => {
    kit = await masterKit();
    const strict = { ...places, inbox: { open: true, schema: { type: "object", properties: { title: { type: "string" } } } } };
    await kit.ask(null, "apply-net", { definition: { ...net(), places: strict } });
    await kit.put("gated", "inbox", { title: "x" });
    await waitUntil("the gate holds it", async () => (await waiting()).length === 1);
    const [{ tokens, schemas }] = (await waiting()) as unknown as [{ tokens: { id: string }[]; schemas: object }];
    expect(schemas).toMatchObject({ inbox: { type: "object" } });
    await expect(decide("ada", "d1", { edits: { [tokens[0]?.id ?? ""]: { title: 7 } } })).rejects.toMatchObject({ code: "schema" });
    expect(await waiting()).toMatchObject([{ approvals: 0 }]);
  });

  it("with a quorum takes two people: the same one twice and one decision sent twice count once", async () => {
    await begin({ quorum: 2 });
    expect(await decide("ada", "d1")).toMatchObject({ counted: true, approvals: 1, passed: false });
    expect(await decide("ada", "d1")).toMatchObject({ counted: false, approvals: 1 });
    expect(await decide("ada", "d2")).toMatchObject({ counted: false, approvals: 1 });
    await expect(decide("ada", "d3", { decision: "reject" })).rejects.toMatchObject({ code: "already-decided" });
    await kit.crash();
    await kit.master.termOf("gated");
    expect(await decide("ada", "d1")).toMatchObject({ counted: false, approvals: 1 });
    expect(await decide("bob", "d4")).toMatchObject({ counted: true, passed: true });
    await waitUntil("it is done", () => at("done") === 1);
    expect((await eventsOf(kit.broker, "gated")).filter(({ type }) => type === "decided")).toHaveLength(2);
  });

  it("expires to where it escalates, exactly once", async () => {
    await begin({ expires: "24h", escalate: "escalations" });
    kit.clock.jump(23 * HOUR);
    await kit.master.termOf("gated");
    expect(await waiting()).toHaveLength(1);
    kit.clock.jump(HOUR);
    await waitUntil("it escalates", () => (kit.master.terms.get("gated")?.state.places.get("escalations")?.size ?? 0) === 1);
    await expect(decide("ada", "d1")).rejects.toMatchObject({ code: "no-such-gate" });
    expect((await eventsOf(kit.broker, "gated")).filter(({ type }) => type === "expired")).toHaveLength(1);
  });

  it("expires exactly once also when the master is down at that moment", async () => {
    await begin({ expires: "24h", escalate: "escalations" });
    await kit.die();
    kit.clock.jump(25 * HOUR);
    await kit.crash();
    await kit.master.termOf("gated");
    await waitUntil("it escalates", () => at("escalations") === 1);
    await kit.crash();
    await kit.master.termOf("gated");
    expect(at("inbox")).toBe(0);
    expect((await eventsOf(kit.broker, "gated")).filter(({ type }) => type === "expired")).toHaveLength(1);
  });

  it("rejected sends the work with the comment to where it escalates", async () => {
    await begin({ escalate: "escalations" });
    await decide("ada", "d1", { decision: "reject", comment: "not today" });
    await waitUntil("it escalates", () => at("escalations") === 1);
    const [token] = [...(state().places.get("escalations")?.values() ?? [])];
    expect(token?.token.data).toMatchObject({ outcome: "rejected", by: "ada", comment: "not today", inputs: { job: { title: "x" } } });
  });

  it("refuses the author where notAuthor says so, also of one half of a join", async () => {
    await begin({ notAuthor: true }, {}, "ada");
    await expect(decide("ada", "d1")).rejects.toMatchObject({ code: "author-may-not-approve" });
    await decide("bob", "d2");
    await waitUntil("it is done", () => at("done") === 1);
    await kit.stop();
    const join = {
      in: [
        { place: "inbox", as: "job" },
        { place: "inbox", as: "other" },
      ],
    };
    kit = await masterKit();
    await kit.ask(null, "apply-net", { definition: net({ notAuthor: true }, join) });
    await kit.put("gated", "inbox", 1, undefined, "bob");
    await kit.put("gated", "inbox", 2, undefined, "ada");
    await waitUntil("the gate holds both", async () => (await waiting()).length === 1);
    await kit.crash();
    await kit.master.termOf("gated");
    await expect(decide("ada", "d1")).rejects.toMatchObject({ code: "author-may-not-approve" });
    await expect(decide("bob", "d1")).rejects.toMatchObject({ code: "author-may-not-approve" });
  });

  it("refuses who is no approver", async () => {
    await begin();
    const intern = { user: "eve", roles: ["intern"] };
    await expect(decide("eve", "d1", { by: intern })).rejects.toMatchObject({ code: "not-an-approver" });
    expect(at("done")).toBe(0);
  });

  it("answers a decision that comes after it has passed", async () => {
    await begin({}, { kind: "command", pool: "p", argv: ["true"] });
    await decide("ada", "d1");
    await waitUntil("it has started", async () => (await waiting()).length === 0);
    expect(await decide("ada", "d1")).toMatchObject({ counted: false, passed: true });
    await expect(decide("bob", "d2")).rejects.toMatchObject({ code: "no-such-gate" });
  });

  it("that has passed and waits for its turn takes no rejection any more", async () => {
    await begin();
    await kit.ask("gated", "pause");
    expect(await decide("ada", "d1")).toMatchObject({ passed: true });
    await expect(decide("bob", "d2", { decision: "reject" })).rejects.toMatchObject({ code: "gate-passed" });
    expect(await decide("bob", "d3")).toMatchObject({ counted: false, passed: true });
    expect(at("done")).toBe(0);
    await kit.ask("gated", "resume");
    await waitUntil("it is done", () => at("done") === 1);
  });

  it("can be put into a running net with tokens in flight", async () => {
    kit = await masterKit();
    const { gate: _, ...free } = net().transitions.release;
    const slow = { ...free, kind: "command", pool: "p", argv: ["true"] };
    await kit.ask(null, "apply-net", { definition: { ...net(), transitions: { release: slow } } });
    await kit.put("gated", "inbox", { n: 1 });
    await waitUntil("one is under way", () => state().firings.size === 1);
    await kit.ask(null, "apply-net", { definition: net({}, { kind: "command", pool: "p", argv: ["true"] }) });
    await kit.put("gated", "inbox", { n: 2 });
    await waitUntil("the second waits at the gate", async () => (await waiting()).length === 1);
    const gated = [...state().firings.values()].map(({ gate: each }) => each !== null);
    expect(gated.sort()).toEqual([false, true]);
    await decide("ada", "d1");
    await waitUntil("both are under way", () => [...state().firings.values()].every(({ gate: each }) => each === null));
  });
});
