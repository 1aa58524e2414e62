/** Data over the limit of a token: large fields lie in the artefact store, and whoever reads them gets them whole (F1, F2). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AssignedFiring } from "../../src/actors/term/dispatch.ts";
import type { Json } from "../../src/contract/json.ts";
import { TOKEN_DATA_LIMIT } from "../../src/contract/token.ts";
import { cutLargeFields, JSON_TYPE, sizeOf, TEXT_TYPE } from "../../src/net/large-fields.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { waitUntil } from "../support/wait-until.ts";

const LIMIT = 64 * 1024;
const text = (kib: number, letter = "x") => letter.repeat(kib * 1024);

describe("cutting", () => {
  it("leaves alone what fits, to the byte", () => {
    const data = { text: "x".repeat(LIMIT - 11) };
    expect(sizeOf(data)).toBe(LIMIT);
    expect(cutLargeFields(data, LIMIT)).toEqual({ data, parts: [] });
    expect(cutLargeFields({ text: `${data.text}x` }, LIMIT).parts).toHaveLength(1);
  });

  it("F1: takes the largest text first, and no more than it must", () => {
    const { data, parts } = cutLargeFields({ title: "T", a: text(30), deep: { b: text(50), c: [1, text(20)] } }, LIMIT);
    expect(data).toEqual({ title: "T", a: text(30), deep: { b: parts[0]?.ref, c: [1, text(20)] } });
    expect(parts.map(({ ref, bytes }) => [ref.type, bytes.length])).toEqual([[TEXT_TYPE, 50 * 1024]]);
  });

  it("F1: takes the list that makes most of it where no text is large, and leaves its neighbours", () => {
    const rows = Array.from({ length: 9000 }, (_, n) => ({ n }));
    const { data, parts } = cutLargeFields({ title: "T", report: { name: "r", rows } }, LIMIT);
    expect(data).toEqual({ title: "T", report: { name: "r", rows: parts[0]?.ref } });
    expect(JSON.parse(Buffer.from(parts[0]?.bytes ?? []).toString())).toEqual(rows);
    expect(parts[0]?.ref.type).toBe(JSON_TYPE);
  });

  it.each<[string, Json]>([
    ["a text alone", text(100)],
    ["a list of numbers", Array.from({ length: 40_000 }, (_, n) => n)],
    ["many small fields", Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field-${n}`, "v"]))],
    ["hundreds of texts", Array.from({ length: 300 }, (_, n) => ({ n, text: text(1) }))],
    ["text in other scripts", { n: 1, one: "語".repeat(30_000), two: "\u0000".repeat(20_000) }],
    ["texts within a text's limit that do not fit together", { list: Array.from({ length: 130 }, () => text(0.5)) }],
  ])("fits %s, and says the same each time", (_, data) => {
    const cut = cutLargeFields(data, LIMIT);
    expect(sizeOf(cut.data)).toBeLessThanOrEqual(LIMIT);
    expect(cut.parts.length).toBeGreaterThan(0);
    expect(cutLargeFields(data, LIMIT)).toEqual(cut);
  });
});

describe("a token with a large field", () => {
  let kit: MasterKit;
  let one: HandExecutor;
  const asked: AssignedFiring[] = [];
  beforeEach(async () => {
    asked.length = 0;
    kit = await masterKit({
      work: async ({ firing }) => {
        asked.push(firing);
        const items = Array.from({ length: Number(firing.ask?.match(/^Make (\d+)$/)?.[1] ?? 0) }, (_, n) => ({ n, text: "y".repeat(480) }));
        const value = { short: "s", long: text(90, "r"), items };
        return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value }, extra: {} };
      },
    });
    one = kit.executor("one");
    await kit.ask(null, "apply-persona", { persona: personaNamed("reader") });
    await kit.ask(null, "apply-net", { definition: net });
  });
  afterEach(async () => {
    await logAgreesWithPlaces(kit.broker, "big");
    await one.stop();
    await kit.stop();
  });
  const net = {
    net: "big",
    places: {
      inbox: { open: true },
      named: {},
      read: {},
      many: { open: true },
      lists: { open: true },
      end: { sink: true },
      errors: { sink: true },
    },
    transitions: {
      name: {
        kind: "map",
        value: { title: "${job.title}!", text: "${job.text}" },
        in: [{ place: "inbox", as: "job" }],
        out: [{ to: "named" }],
      },
      read: {
        ...{ kind: "llm", persona: "reader", ask: "Read ${job.title}: ${job.text}", data: { job: "${job}" } },
        in: [{ place: "named", as: "job" }],
        out: [{ to: "read", value: { title: "${job.title}", text: "${job.text}", answer: "${$result}" } }],
      },
      store: {
        ...{ kind: "command", pool: "p", argv: ["store", "${job.title}", "${job.answer.long}"] },
        in: [{ place: "read", as: "job" }],
        out: [{ to: "end", value: "${job}" }],
      },
      make: {
        ...{ kind: "llm", persona: "reader", ask: "Make ${job.count}", onError: "errors" },
        in: [{ place: "many", as: "job" }],
        out: [{ to: "end", each: "$result.items" }],
      },
      split: { kind: "pass", in: [{ place: "lists", as: "job" }], out: [{ to: "end", each: "job.items" }], onError: "errors" },
    },
  };
  const tokens = (place: string) => [...(kit.stateOf("big").places.get(place)?.values() ?? [])].map(({ token }) => token.data);

  it("stays readable in its small fields, and a model and a command read all of it", async () => {
    const long = text(100);
    await kit.put("big", "inbox", { title: "A title", text: long });
    await waitUntil("the command is offered", () => one.orders.length > 0);
    expect(asked[0]?.ask).toBe(`Read A title!: ${long}`);
    expect(asked[0]?.data).toEqual({ job: { title: "A title!", text: long } });
    const order = one.orders[0];
    if (!order) throw new Error("no order");
    expect(JSON.stringify(order.input)).toContain(text(90, "r"));
    expect(await one.ask(order, "claim")).toMatchObject({ ok: true });
    await one.deliver(order, { exitCode: 0 });
    await waitUntil("it is through", () => tokens("end").length === 1);
    expect(tokens("end")[0]).toMatchObject({
      title: "A title!",
      text: { size: 100 * 1024, type: TEXT_TYPE },
      answer: { short: "s", long: { size: 90 * 1024, type: TEXT_TYPE } },
    });
    for (const event of await eventsOf(kit.broker, "big"))
      for (const { token } of event.produced ?? []) expect(sizeOf(token.data)).toBeLessThanOrEqual(TOKEN_DATA_LIMIT);
  });

  it("waits for the artefact store when that is away, and fails no work", async () => {
    kit.broker.faults.disconnect();
    await expect(kit.put("big", "inbox", { title: "Lost", text: text(100) })).rejects.toBeDefined();
    kit.broker.faults.reconnect();
    await kit.put("big", "inbox", { title: "A title", text: text(100) }, "k");
    await waitUntil("the command is offered", () => one.orders.length > 0);
  });

  it.each([300, 416, 700, 1000])("%i tokens of one firing come through, or fail in sight with nothing lost", async (count) => {
    await kit.put("big", "many", { count });
    await waitUntil("it is over", () => tokens("end").length + tokens("errors").length > 0);
    if (tokens("errors").length === 0) return expect(tokens("end")).toHaveLength(count);
    expect(tokens("errors")).toMatchObject([{ error: { code: "too-many-tokens" }, transition: "make" }]);
    const failed = (await eventsOf(kit.broker, "big")).filter(({ type }) => type === "failed");
    expect(failed).toMatchObject([{ status: "error", attributes: { final: true } }]);
    expect(count).toBeGreaterThan(500);
  });

  it("that is a list in the store cannot be split by a step that asks nobody, and the error says why", async () => {
    await kit.put("big", "lists", { title: "many", items: Array.from({ length: 9000 }, (_, n) => ({ n })) });
    await waitUntil("it has failed", () => tokens("errors").length === 1);
    expect(tokens("errors")).toMatchObject([{ error: { code: "each-not-array", hint: expect.stringContaining("artefact store") } }]);
  });
});
