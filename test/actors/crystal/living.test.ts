/** Rules on a running engine: promoted while work is under way, undone, demoted, over crashes and takeovers (K2, N1, N3, E1). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PersonaWorker } from "../../../src/actors/persona-work.ts";
import type { NetEvent } from "../../../src/contract/event.ts";
import type { CrystalFile } from "../../../src/net/crystal/definition.ts";
import { eventsOf, logAgreesWithPlaces } from "../../support/log-check.ts";
import { type MasterKit, masterKit } from "../../support/master-kit.ts";
import { crystalOf, triageNet } from "../../support/ticket-rule.ts";
import { waitUntil } from "../../support/wait-until.ts";

const NET = "desk";
let kit: MasterKit;
/** Requests that the model got, by ask. */
let asked: string[];
/** What the model says for an area. */
let owners: Record<string, string>;
/** While set, the model is slow. */
let held: Promise<void> | null;
let letGo: () => void;

const worker: PersonaWorker = async ({ firing }) => {
  asked.push(firing.ask ?? "");
  if (held) await held;
  const area = /area is (\w+)/.exec(firing.ask ?? "")?.[1] ?? "";
  const value = { owner: owners[area] ?? "eve" };
  const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
  return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value }, extra: { model } };
};
const slow = () => {
  held = new Promise((resolve) => {
    letGo = () => {
      held = null;
      resolve();
    };
  });
};

const persona = {
  ...{ persona: "triage", title: "Triage", flags: "-----", tools: [], tier: "economy", prompt: "Say who." },
  output: { type: "object", required: ["owner"], properties: { owner: { type: "string" } }, additionalProperties: false },
};
const file = (crystal?: CrystalFile, more: object = {}) => ({ net: NET, ...triageNet(crystal), ...more });
const apply = (definition: object) => kit.ask(null, "apply-net", { definition });
const settle = (action: string, more: object = {}) => kit.ask(NET, "crystal-settle", { transition: "triage", action, ...more });
let count = 0;
const put = (area: string) => {
  count += 1;
  return kit.put(NET, "tickets", { area, n: count });
};
const state = () => kit.stateOf(NET);
const done = () => state().places.get("done")?.size ?? 0;
const record = () => state().crystals.get("triage");
const crystal = () => kit.master.terms.get(NET)?.net?.transitions.get("triage")?.crystal?.definition;
const events = async (fits: (event: NetEvent) => boolean) => (await eventsOf(kit.broker, NET)).filter(fits);
const stages = async () =>
  (await eventsOf(kit.broker, NET)).flatMap(({ attributes }) =>
    Array.isArray(attributes?.crystallized) ? attributes.crystallized.map((one) => (one as { stage: string }).stage) : [],
  );
async function work(area: string, many: number): Promise<void> {
  for (let n = 0; n < many; n += 1) {
    const before = done();
    await put(area);
    await waitUntil(`ticket ${n} is done`, () => done() > before);
  }
}
/** Nothing was done twice, and everything once. */
async function everyTicketOnce(): Promise<void> {
  const fired = await events(({ type, transition }) => type === "fired" && transition === "triage");
  const consumed = fired.flatMap(({ consumed: gone = [] }) => gone.map(({ id }) => id));
  expect(new Set(consumed).size).toBe(consumed.length);
  expect(done()).toBe(fired.length);
}

async function begin(definition: object): Promise<void> {
  await kit.ask(null, "apply-persona", { persona });
  await apply(definition);
}

beforeEach(async () => {
  asked = [];
  owners = { net: "ada", ui: "bob" };
  held = null;
  count = 0;
  kit = await masterKit({ work: worker });
});
afterEach(async () => {
  letGo?.();
  await everyTicketOnce();
  await logAgreesWithPlaces(kit.broker, NET);
  await kit.stop();
});

describe("from the shadow to its place", () => {
  it("goes through a gate: beside the model first, and with people's yes in its place; the version and its history stay", async () => {
    await begin(file());
    await work("net", 2);
    await settle("shadow", { crystal: crystalOf({ shadow: 3 }) });
    await work("net", 3);
    expect(asked).toHaveLength(5);
    await waitUntil("people are asked", async () => ((await kit.ask(NET, "gates")) as unknown[]).length === 1);
    await kit.ask(NET, "decide", { gate: "crystal-triage", decision: "approve", id: "d1" });
    await waitUntil("it is live", () => crystal()?.mode === "live");
    const before = asked.length;
    await work("ui", 10);
    // At the most one of them is audited: a share of 10 % in the beginning.
    expect(asked.length - before).toBeLessThanOrEqual(1);
    expect(await stages()).toEqual(["shadow", "shadowed", "answered", "promoted"]);
    await waitUntil("the question is gone", () => state().firings.size === 0);
    const edits = await events(({ type }) => type === "edited");
    expect(new Set(edits.map(({ netVersion }) => netVersion)).size).toBe(3);
    expect(edits.at(-1)?.summary).toContain("in the model's place");
  });
  it("needs nobody where the file says so", async () => {
    await begin(file());
    await settle("shadow", { crystal: crystalOf({ shadow: 4, promote: "policy" }) });
    await work("net", 4);
    await waitUntil("it is live", () => crystal()?.mode === "live");
    expect((await kit.ask(NET, "gates")) as unknown[]).toEqual([]);
    expect(await stages()).toEqual(["shadow", "promoted"]);
  });
  it("lets open firings end under the version that they began with: nothing is done twice, the model's answer counts", async () => {
    await begin(file());
    slow();
    for (let n = 0; n < 5; n += 1) await put("net");
    await waitUntil("five are under way", () => asked.length === 5);
    await settle("shadow", { crystal: crystalOf() });
    await settle("promote", { early: true });
    expect(crystal()?.mode).toBe("live");
    owners.net = "eve";
    letGo();
    await waitUntil("all five are done", () => done() === 5);
    const owned = [...(state().places.get("done")?.values() ?? [])].map(({ token }) => token.data);
    expect(owned).toEqual(Array(5).fill({ owner: "eve" }));
    // They began without a rule, so none is compared with.
    expect(record()).toMatchObject({ answered: 0, audit: { same: 0, other: 0 } });
  });
  it("is refused before the shadow is over, to who may not, and where there is nothing to promote", async () => {
    await begin(file());
    await expect(settle("promote")).rejects.toMatchObject({ code: "no-rule", hint: expect.stringContaining("petrel crystallize shadow") });
    await settle("shadow", { crystal: crystalOf({ approvers: ["role:lead"] }) });
    await expect(settle("promote")).rejects.toMatchObject({ code: "not-an-approver" });
    const lead = { by: { user: "lea", roles: ["lead"] } };
    await expect(settle("promote", lead)).rejects.toMatchObject({ code: "shadow-not-over", hint: expect.stringContaining("--early") });
    await expect(kit.ask(NET, "crystal-settle", { transition: "nobody", action: "undo" })).rejects.toMatchObject({
      code: "unknown-transition",
    });
  });
  it("twice is once: the same command again changes nothing", async () => {
    await begin(file());
    for (let n = 0; n < 2; n += 1) await settle("shadow", { crystal: crystalOf() });
    for (let n = 0; n < 2; n += 1) await settle("promote", { early: true });
    await work("net", 3);
    expect(crystal()?.mode).toBe("live");
    await settle("undo");
    await expect(settle("undo")).rejects.toMatchObject({ code: "no-rule" });
  });
});

describe("undo", () => {
  it("brings the model back in one step, with work in flight", async () => {
    await begin(file(crystalOf()));
    await work("net", 5);
    slow();
    await put("billing");
    await waitUntil("the model is asked", () => asked.length >= 1);
    const before = asked.length;
    await settle("undo");
    expect(crystal()).toBeUndefined();
    await put("net");
    await waitUntil("the model is asked again", () => asked.length === before + 1);
    letGo();
    await waitUntil("all is done", () => done() === 7);
    expect((await stages()).at(-1)).toBe("undone");
  });
  it("holds for what waits at the step's gate: the model does it, whatever answered when it came there (L5)", async () => {
    const maintainer = { user: "mia", roles: ["maintainer"] };
    const approve = async (many: number) => {
      const gates = (await kit.ask(NET, "gates")) as { firing: string }[];
      for (const { firing } of gates.slice(0, many))
        await kit.ask(NET, "decide", { firing, decision: "approve", id: firing, by: maintainer });
    };
    await begin({ net: NET, ...triageNet(crystalOf({ audit: 0.001 }), { gate: { approvers: ["role:maintainer"] } }) });
    for (let n = 0; n < 6; n += 1) await put("net");
    await waitUntil("six wait", () => state().firings.size === 6);
    await approve(3);
    await waitUntil("three are done", () => done() === 3);
    const before = asked.length;
    expect(before).toBeLessThan(3);
    await settle("undo");
    await approve(3);
    await waitUntil("all are done", () => done() === 6);
    expect(asked.length - before).toBe(3);
  });
  it("is what applying an older version does too", async () => {
    await begin(file());
    await settle("shadow", { crystal: crystalOf() });
    await settle("promote", { early: true });
    await work("net", 2);
    await apply(file());
    const before = asked.length;
    await work("net", 3);
    expect(asked.length - before).toBe(3);
  });
});

/** Until the rule is demoted, with a model that says something else. */
async function drift(): Promise<void> {
  owners.net = "eve";
  for (let n = 0; n < 400 && !record()?.demoted; n += 1) await work("net", 1);
  expect(record()?.demoted).toBeTruthy();
}

describe("drift", () => {
  it("demotes by itself: the event, the edit, a token at a gate; with a yes it begins again beside the model", async () => {
    await begin(file(crystalOf({ audit: 0.05 })));
    await work("net", 5);
    await drift();
    await waitUntil("the definition says so too", () => crystal()?.mode === "off");
    const gates = (await kit.ask(NET, "gates")) as { gate: string; inputs: unknown }[];
    expect(gates).toMatchObject([{ gate: "crystal-triage" }]);
    const before = asked.length;
    await work("net", 3);
    expect(asked.length - before).toBe(3);
    await kit.ask(NET, "decide", { gate: "crystal-triage", decision: "approve", id: "d1" });
    await waitUntil("it is in its shadow again", () => crystal()?.mode === "shadow");
    expect(record()).toMatchObject({ demoted: null, mode: "shadow" });
    expect(await stages()).toEqual(["promoted", "demoted", "undone", "answered", "shadow"]);
  });
  it("a no ends it: the model does all of it, and nobody is asked again", async () => {
    await begin(file(crystalOf({ audit: 0.05 })));
    await drift();
    await waitUntil("people are asked", async () => ((await kit.ask(NET, "gates")) as unknown[]).length === 1);
    await kit.ask(NET, "decide", { gate: "crystal-triage", decision: "reject", id: "d1" });
    await waitUntil("it is settled", () => record()?.said === null);
    await work("net", 3);
    expect(crystal()?.mode).toBe("off");
    expect((await kit.ask(NET, "gates")) as unknown[]).toEqual([]);
  });
  it("holds from its event on, though the master dies before the edit: the next one makes it, once (K2, N1)", async () => {
    await begin(file(crystalOf({ audit: 0.05 })));
    owners.net = "eve";
    let cut = false;
    kit.master.onCommitted(({ type, attributes }) => {
      if (type !== "crystallized" || !JSON.stringify(attributes).includes('"demoted"')) return;
      cut = true;
      kit.broker.faults.disconnect();
    });
    for (let n = 0; n < 400 && !cut; n += 1) {
      const before = done();
      await put("net").catch(() => {});
      await waitUntil("it is done, or the broker is gone", () => cut || done() > before);
    }
    expect(cut).toBe(true);
    await kit.crash({ work: worker });
    const term = await kit.master.termOf(NET);
    expect(term.state.crystals.get("triage")?.demoted).toBeTruthy();
    await waitUntil("the edit is made", () => crystal()?.mode === "off");
    expect((await stages()).filter((stage) => stage === "demoted")).toHaveLength(1);
    expect((await stages()).filter((stage) => stage === "undone")).toHaveLength(1);
    await waitUntil("people are asked", async () => ((await kit.ask(NET, "gates")) as unknown[]).length === 1);
    await waitUntil("nothing is under way", () => [...state().firings.values()].every(({ gate }) => gate !== null));
  });
  it("is made once where two masters stand ready", async () => {
    await begin(file(crystalOf({ audit: 0.05 })));
    const { master } = await kit.rival({ work: worker });
    await drift();
    await waitUntil("the edit is made", () => crystal()?.mode === "off");
    expect(master.terms.size).toBe(0);
    expect((await stages()).filter((stage) => stage === "undone")).toHaveLength(1);
  });
  it("is remembered when the old file is applied again: no rule comes back by mistake", async () => {
    await begin(file(crystalOf({ audit: 0.05 })));
    await drift();
    await waitUntil("the edit is made", () => crystal()?.mode === "off");
    await apply(file(crystalOf({ audit: 0.05 })));
    const before = asked.length;
    await work("net", 3);
    expect(asked.length - before).toBe(3);
    await waitUntil("the definition says so too", () => crystal()?.mode === "off");
    await settle("promote", { early: true });
    await work("ui", 1);
    expect(crystal()?.mode).toBe("live");
  });
});

describe("what a rule may not do", () => {
  it("answer against its persona's output schema: the model is asked, nothing fails", async () => {
    const rule = { guard: [], answer: { kind: "object" as const, fields: { owner: { kind: "constant" as const, value: 7 } } } };
    await begin(file(crystalOf({ rule })));
    await work("net", 3);
    expect(asked).toHaveLength(3);
    expect(record()?.answered ?? 0).toBe(0);
  });
  it("is refused in a file with file, line and column", async () => {
    const text = JSON.stringify(
      file(
        crystalOf({ rule: { guard: [{ test: "matches", path: "/ticket/area", pattern: "(" }], answer: { kind: "constant", value: 1 } } }),
      ),
      null,
      2,
    );
    await expect(kit.ask(null, "apply-net", { text, file: "desk.json" })).rejects.toMatchObject({
      code: "net-invalid",
      message: expect.stringMatching(/desk\.json:\d+:\d+: error: .*pattern/),
    });
    await begin(file());
  });
  it("look at what is no input of its transition", async () => {
    const rule = {
      guard: [{ test: "equal" as const, path: "/order/area", value: "net" }],
      answer: { kind: "constant" as const, value: { owner: "x" } },
    };
    await expect(apply(file(crystalOf({ rule })))).rejects.toMatchObject({
      message: expect.stringContaining('"/order/area", which is no input'),
    });
    await begin(file());
  });
});

it("a fork takes along that a rule was demoted, and asks nothing of the parent", async () => {
  await begin(file(crystalOf({ audit: 0.05 })));
  await drift();
  await waitUntil("people are asked", async () => ((await kit.ask(NET, "gates")) as unknown[]).length === 1);
  await kit.ask(null, "fork", { net: NET, at: { kind: "now" }, as: "desk-2" });
  await waitUntil("the fork runs", () => kit.stateOf("desk-2").definition !== null);
  expect(kit.stateOf("desk-2").crystals.get("triage")?.demoted).toBeTruthy();
  const before = asked.length;
  await kit.put("desk-2", "tickets", { area: "net", n: 9999 });
  await waitUntil("its model is asked", () => asked.length === before + 1);
});
