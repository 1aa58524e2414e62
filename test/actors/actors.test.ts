/** The actors: one for each instance, none that talks to another persona, and edits of the running net (section 5). */
import { afterEach, describe, expect, it } from "vitest";
import type { InspectionEvent } from "xstate";
import type { ActorNode } from "../../src/actors/actor-tree.ts";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => {
  await logAgreesWithPlaces(kit.broker, "team");
  await kit.stop();
});

const llm = (persona: string, from: string, to: string, more: object = {}) => ({
  kind: "llm",
  persona,
  ask: `do \${job.n}`,
  in: [{ place: from, as: "job" }],
  out: [{ to, value: { n: `\${job.n}` } }],
  ...more,
});
const net = (more: object = {}, places: object = {}) => ({
  net: "team",
  places: { a: { open: true }, b: {}, c: { sink: true }, ...places },
  transitions: { ...more, build: llm("dev", "a", "b", { instances: 3 }), check: llm("qa", "b", "c") },
});
/** Answers when the test says so, or at once. */
function worker(): { work: PersonaWorker; waiting: Map<string, () => void>; hold: { on: boolean }; reads: string[][] } {
  const waiting = new Map<string, () => void>();
  const hold = { on: false };
  const reads: string[][] = [];
  const work: PersonaWorker = async ({ firing, capabilities }, { signal }) => {
    reads.push([...capabilities.reads.keys()]);
    const done = { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true as const, value: { ok: true } }, extra: {} };
    if (!hold.on) return done;
    return new Promise((resolve) => {
      waiting.set(firing.firing, () => resolve(done));
      signal.addEventListener("abort", () => resolve({ ...done, outcome: null }));
    });
  };
  return { work, waiting, hold, reads };
}
async function begin(work: PersonaWorker, inspect?: (event: InspectionEvent) => void): Promise<void> {
  kit = await masterKit({ work, ...(inspect ? { inspect } : {}) });
  for (const name of ["dev", "qa"]) await kit.ask(null, "apply-persona", { persona: personaNamed(name) });
}
const size = (place: string) => kit.stateOf("team").places.get(place)?.size ?? 0;
async function personas(): Promise<ActorNode[]> {
  const root = (await kit.ask(null, "actors")) as ActorNode;
  return root.children.find(({ id }) => id === "team")?.children ?? [];
}

describe("the tree of actors", () => {
  it("shows the work under way and none that is over, and personas that no net names outlive their master", async () => {
    const { work, hold, waiting } = worker();
    await begin(work);
    await kit.ask(null, "apply-persona", { persona: personaNamed("idle") });
    await kit.ask(null, "apply-net", { definition: net() });
    for (let n = 0; n < 4; n++) await kit.put("team", "a", { n });
    await waitUntil("all are done", () => size("c") === 4);
    expect((await personas()).flatMap(({ children }) => children)).toEqual([]);
    hold.on = true;
    await kit.put("team", "a", { n: 9 });
    await waitUntil("one is under way", () => waiting.size === 1);
    expect((await personas()).flatMap(({ children }) => children)).toHaveLength(1);
    hold.on = false;
    await kit.crash();
    await kit.master.termOf("team");
    const rows = (await kit.ask(null, "personas")) as { persona: string; net?: string }[];
    expect(rows.map(({ persona, net: named }) => `${persona} ${named ?? "-"}`).sort()).toEqual(["dev team", "idle -", "qa team"]);
    await waitUntil("the fifth is done too", () => size("c") === 5);
  });

  it("has one for each instance, and no event goes from one persona to another", async () => {
    const sent: { from: string; to: string; type: string }[] = [];
    const made: unknown[] = [];
    const nameOf = (ref: unknown) => (ref as { systemId?: string } | undefined)?.systemId ?? "";
    await begin(worker().work, (event) => {
      if (event.type === "@xstate.actor") made.push(event.actorRef);
      if (event.type === "@xstate.event") sent.push({ from: nameOf(event.sourceRef), to: nameOf(event.actorRef), type: event.event.type });
    });
    await kit.ask(null, "apply-net", { definition: net() });
    for (let n = 0; n < 20; n++) await kit.put("team", "a", { n });
    await waitUntil("all are through", () => size("c") === 20);
    const instances = ["team/dev/1", "team/dev/2", "team/dev/3", "team/qa/1"];
    expect((await personas()).map(({ systemId }) => systemId).sort()).toEqual(instances);
    // An actor has its name only after it was announced.
    expect(
      made
        .map(nameOf)
        .filter((name) => instances.includes(name))
        .sort(),
    ).toEqual(instances);
    const isPersona = (name: string) => /^team\/(dev|qa)\/\d+$/.test(name);
    expect(sent.filter(({ from, to }) => from !== to && isPersona(from) && isPersona(to))).toEqual([]);
    expect(sent.filter(({ to }) => isPersona(to)).length).toBeGreaterThanOrEqual(40);
  });

  it("shares the work among the instances, one thing each", async () => {
    const { work, waiting, hold } = worker();
    hold.on = true;
    await begin(work);
    await kit.ask(null, "apply-net", { definition: net() });
    for (let n = 0; n < 5; n++) await kit.put("team", "a", { n });
    await waitUntil("three work", () => waiting.size === 3);
    expect((await personas()).filter(({ busy }) => busy?.length === 1)).toHaveLength(3);
    expect(size("a")).toBe(5);
    hold.on = false;
    for (const finish of waiting.values()) finish();
    await waitUntil("all are through", () => size("c") === 5);
  });

  it("a fault in the work fails the attempt, and nothing above it", async () => {
    await begin(() => Promise.reject(new Error("a bug")));
    await kit.ask(null, "apply-net", { definition: net() });
    await kit.put("team", "a", { n: 1 });
    await waitUntil("it lies in dead-letter", () => size("dead-letter") === 1);
    expect(await personas()).toHaveLength(4);
  });

  it("a term that ends calls off what runs; the next begins it again as the next attempt", async () => {
    const { work, waiting, hold } = worker();
    hold.on = true;
    await begin(work);
    await kit.ask(null, "apply-net", { definition: net() });
    await kit.put("team", "a", { n: 1 });
    await waitUntil("it works", () => waiting.size === 1);
    const finishOld = [...waiting.values()][0];
    waiting.clear();
    kit.broker.faults.stealSlot = 1;
    await kit.put("team", "a", { n: 2 }, "k").catch(() => {});
    await waitUntil("it works again", () => waiting.size >= 1 && [...kit.stateOf("team").firings.values()][0]?.attempt === 2);
    finishOld?.();
    hold.on = false;
    for (const finish of waiting.values()) finish();
    await waitUntil("it is through", () => size("c") >= 1);
    expect((await eventsOf(kit.broker, "team")).filter(({ type, transition }) => type === "fired" && transition === "build").length).toBe(
      size("c") + size("b"),
    );
  });
});

describe("an edit of the running net", () => {
  it("is refused on an outdated base, with a removal, with an unknown persona; the same file is no event", async () => {
    await begin(worker().work);
    const first = (await kit.ask(null, "apply-net", { definition: net() })) as { hash: string };
    const events = (await eventsOf(kit.broker, "team")).length;
    expect(await kit.ask(null, "apply-net", { definition: net() })).toMatchObject({ changed: false });
    expect(await eventsOf(kit.broker, "team")).toHaveLength(events);
    const bigger = net({ more: llm("dev", "a", "d") }, { d: { sink: true } });
    await kit.ask(null, "apply-net", { definition: bigger, base: first.hash });
    const ask = (definition: object, base?: string) => kit.ask(null, "apply-net", { definition, ...(base ? { base } : {}) });
    await expect(ask(net(), first.hash)).rejects.toMatchObject({ code: "outdated-base" });
    await expect(ask(net())).rejects.toMatchObject({ code: "removal" });
    await expect(ask(net({ more: llm("nobody", "a", "d") }, { d: { sink: true } }))).rejects.toMatchObject({ code: "net-invalid" });
    expect(kit.stateOf("team").definition).not.toBe(first.hash);
  });

  it("of two at the same time on one base only one is made", async () => {
    await begin(worker().work);
    const { hash } = (await kit.ask(null, "apply-net", { definition: net() })) as { hash: string };
    const edits = ["d", "e"].map((place) =>
      kit.ask(null, "apply-net", { definition: net({ [`to-${place}`]: llm("dev", "a", place) }, { [place]: { sink: true } }), base: hash }),
    );
    const answers = await Promise.allSettled(edits);
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(answers.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "outdated-base" } });
  });

  it("keeps the actors that stay, gives them their new arcs, adds the new ones, and lets go of who is done", async () => {
    const { work, waiting, hold, reads } = worker();
    hold.on = true;
    await begin(work);
    await kit.ask(null, "apply-net", { definition: net() });
    const before = await personas();
    for (let n = 0; n < 3; n++) await kit.put("team", "a", { n });
    await waitUntil("three work", () => waiting.size === 3);
    const edited = net({ zeroth: llm("dev", "d", "c") }, { d: { open: true }, board: { open: true } });
    const build = {
      ...edited.transitions.build,
      instances: 1,
      in: [
        { place: "a", as: "job" },
        { place: "board", as: "board", mode: "read" },
      ],
    };
    await kit.ask(null, "apply-net", { definition: { ...edited, transitions: { ...edited.transitions, build } } });
    const after = await personas();
    for (const { systemId } of before) expect(after.map((each) => each.systemId)).toContain(systemId);
    expect(after.map(({ systemId }) => systemId)).toContain("team/dev/4");
    hold.on = false;
    for (const finish of waiting.values()) finish();
    await waitUntil("the old ones end under the old version", () => size("c") === 3);
    await waitUntil("two have left", async () => (await personas()).length === 3);
    await kit.put("team", "board", {});
    await kit.put("team", "a", { n: 9 });
    await waitUntil("the new one is through", () => size("c") === 4);
    expect(reads.some((places) => places.includes("board"))).toBe(true);
  });
});

describe("a person's hand", () => {
  it("moves, edits and closes tokens at rest, and none that a firing holds", async () => {
    const { work, waiting, hold } = worker();
    hold.on = true;
    await begin(work);
    const closed = net({ never: llm("dev", "z", "c") }, { z: { open: true } });
    const never = { ...closed.transitions, never: { ...llm("dev", "z", "c"), guard: "false" } };
    await kit.ask(null, "apply-net", { definition: { ...closed, transitions: never } });
    const id = await kit.put("team", "z", { n: 1 });
    const other = await kit.put("team", "z", { n: 2 });
    const moved = (await kit.ask("team", "move", { place: "z", id, to: "c", data: null })) as { id: string };
    expect(kit.stateOf("team").places.get("c")?.get(moved.id)?.token.data).toBeNull();
    await kit.ask("team", "close", { place: "z", id: other });
    await expect(kit.ask("team", "close", { place: "z", id: other })).rejects.toMatchObject({ code: "no-such-token" });
    await expect(kit.ask("team", "move", { place: "c", id: moved.id, to: "nowhere" })).rejects.toMatchObject({ code: "no-such-place" });
    const held = await kit.put("team", "a", { n: 3 });
    await waitUntil("it works", () => waiting.size === 1);
    await expect(kit.ask("team", "move", { place: "a", id: held, to: "c" })).rejects.toMatchObject({ code: "token-reserved" });
    await expect(kit.ask("team", "close", { place: "a", id: held })).rejects.toMatchObject({ code: "token-reserved" });
    await kit.ask("team", "close", { place: "a", id: held, stop: true });
    await waitUntil("its work is over", () => kit.stateOf("team").firings.size === 0);
    expect(kit.stateOf("team").places.get("a")?.size ?? 0).toBe(0);
  });
});
