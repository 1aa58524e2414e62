/** fork, on logs that a real engine wrote: what the fork begins with, what it asks, and that the parent is only read. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { NetEvent } from "../../src/contract/event.ts";
import type { Json } from "../../src/contract/json.ts";
import { foldEvents } from "../../src/net/fold.ts";
import { stateHash } from "../../src/net/state-hash.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf, logAgreesWithPlaces } from "../support/log-check.ts";
import { masterKit } from "../support/master-kit.ts";
import { personaNamed } from "../support/net-personas.ts";
import { waitUntil } from "../support/wait-until.ts";
import { PRESS } from "./history-stage.ts";
import { Stage } from "./stage.ts";

let kit: Awaited<ReturnType<typeof masterKit>>;
let stage: Stage;
let press: HandExecutor;
/** Whom a model was asked about, by net. */
let asked: string[] = [];

const writer: PersonaWorker = async ({ firing }) => {
  asked.push(`${firing.net}: ${firing.ask}`);
  return { firing: firing.firing, attempt: firing.attempt, outcome: { ok: true, value: { text: `draft ${asked.length}` } }, extra: {} };
};

beforeEach(async () => {
  asked = [];
  kit = await masterKit({ work: writer });
  stage = Object.assign(new Stage(), { hub: kit.hub });
  stage.running();
  await kit.ask(null, "apply-persona", { persona: personaNamed("author") });
  press = kit.executor("press-1");
  await kit.ask(null, "apply-net", { definition: PRESS });
});
afterEach(async () => {
  await press.stop();
  stage.remove();
  await kit.stop();
});

const events = (net = "press") => eventsOf(kit.broker, net);
const gates = async (net: string) => (await kit.ask(net, "gates")) as { firing: string }[];
const marking = (net: string) => {
  const { places } = kit.stateOf(net);
  return Object.fromEntries([...places].filter(([, tokens]) => tokens.size > 0).map(([place, tokens]) => [place, [...tokens.keys()]]));
};
const fork = async (...words: string[]) => {
  const ran = await stage.run("fork", "press", ...words, "--json");
  expect(ran.code, ran.out + ran.err).toBe(0);
  return ran.json as { net: string; seq: number; tokens: number; answers: number; dropped: number; paused: boolean };
};
/** A wish is written about and printed; gives the events at which it was put, written and released. */
async function printed(): Promise<{ put: number; written: number; released: number }> {
  await kit.put("press", "style", { tone: "dry" }, undefined, "ada");
  const wish = await kit.put("press", "wishes", { about: "gulls" }, undefined, "ada");
  await waitUntil("the gate holds it", async () => (await gates("press")).length === 1);
  await kit.ask("press", "decide", { gate: "imprimatur", decision: "approve", id: "d1", by: { user: "eve", roles: ["editor"] } });
  await waitUntil("it is offered", () => press.orders.length === 1);
  expect(await press.ask(press.orders[0] as WorkOrder, "claim")).toMatchObject({ ok: true });
  await press.deliver(press.orders[0] as WorkOrder, { ok: true, value: { pages: 3 } });
  await waitUntil("it is printed", () => (kit.stateOf("press").places.get("printed")?.size ?? 0) === 1);
  const all = await events();
  const seq = (which: (event: NetEvent) => boolean) => all.find(which)?.seq ?? -1;
  return {
    put: seq(({ produced }) => produced?.[0]?.token.id === wish),
    written: seq(({ type, transition }) => type === "fired" && transition === "write"),
    released: seq(({ type, transition }) => type === "fired" && transition === "release"),
  };
}
/** Everything that the broker holds of the parent. */
const parentBytes = () =>
  JSON.stringify([
    kit.hub.log("press").all(),
    [...kit.hub.places].filter(([key]) => key.startsWith("press/")).map(([key, tokens]) => [key, [...tokens]]),
    kit.hub.results("press").all(),
    [...kit.hub.versions].filter(([key]) => key.includes("press.")),
    [...(kit.hub.checkpoints.get("press") ?? [])],
    kit.hub.letterBoxes.get("press")?.stream.all(),
  ]);

describe("petrel fork", () => {
  test("begins with the tokens of that moment, ids kept, and its log alone gives its state", async () => {
    const { put } = await printed();
    const before = parentBytes();
    const hash = stateHash(kit.stateOf("press"));
    await kit.ask("press", "pause");
    const at = (await events()).length;
    const told = await fork("--at", String(at), "--as", "copy");
    expect(told).toMatchObject({ net: "copy", seq: at, paused: true, dropped: 0, tokens: 2 });
    expect(marking("copy")).toEqual(marking("press"));
    const own = await events("copy");
    expect(own.slice(0, 2).map(({ type }) => type)).toEqual(["epoch", "forked"]);
    const folded = foldEvents("copy", JSON.parse(JSON.stringify(own)) as NetEvent[]);
    expect(stateHash(folded)).toBe(stateHash(kit.stateOf("copy")));
    expect(folded.origin).toMatchObject({ net: "press", seq: at });
    expect(folded.authors).toEqual(kit.stateOf("press").authors);
    // Of a token that both logs have, the net that made it tells.
    const id = [...(folded.places.get("printed")?.keys() ?? [])][0] ?? "";
    expect((await stage.run("trace", id, "--json")).json).toMatchObject({ net: "press", totals: { before: { steps: 5 } } });
    expect((await stage.run("trace", id, "--net", "copy", "--json")).json).toMatchObject({ net: "copy", before: [{ outcome: "forked" }] });
    expect([...(folded.places.get("printed")?.values() ?? [])][0]?.token.from).toMatchObject({ net: "press", transition: "print" });
    // The parent: one event more, the pause of this test, and nothing else.
    expect(hash).not.toBe(stateHash(kit.stateOf("press")));
    expect(before).not.toBe(parentBytes());
    const untouched = parentBytes();
    await fork("--at", String(put));
    expect(parentBytes()).toBe(untouched);
    await logAgreesWithPlaces(kit.broker, "copy");
    await logAgreesWithPlaces(kit.broker, `press-at-${put}`);
  });

  test("answers again what was answered to the same request, over a restart, and leaves the parent byte for byte as it was", async () => {
    const { put } = await printed();
    const before = parentBytes();
    expect(asked).toHaveLength(1);
    const told = await fork("--at", String(put), "--as", "again");
    expect(told.answers).toBe(2);
    await waitUntil("the gate holds it again", async () => (await gates("again")).length === 1);
    expect(asked).toHaveLength(1);
    await kit.crash();
    await kit.master.termOf("again");
    await kit.ask("again", "decide", { gate: "imprimatur", decision: "approve", id: "d2", by: { user: "eve", roles: ["editor"] } });
    await waitUntil("it is printed", () => (kit.stateOf("again").places.get("printed")?.size ?? 0) === 1);
    expect(press.orders.filter(({ net }) => net === "again")).toEqual([]);
    const fired = (await events("again")).filter(({ type, attributes }) => type === "fired" && attributes?.recorded !== undefined);
    expect(fired.map(({ transition, attributes }) => [transition, attributes?.recorded])).toEqual([
      ["write", { net: "press", seq: expect.any(Number) }],
      ["print", { net: "press", seq: expect.any(Number) }],
    ]);
    const pages = (net: string) => [...(kit.stateOf(net).places.get("printed")?.values() ?? [])].map(({ token }) => token.data);
    expect(pages("again")).toEqual(pages("press"));
    await kit.crash();
    await kit.master.termOf("press");
    // Two more terms of the same master; of the parent's own work nothing has changed.
    const log = JSON.parse(parentBytes())[0] as Json[];
    expect(JSON.stringify(log.slice(0, (JSON.parse(before)[0] as Json[]).length))).toBe(JSON.stringify(JSON.parse(before)[0]));
  });

  test("asks anew where a set place or another definition asks something else, or when it is told to", async () => {
    const { put } = await printed();
    await fork("--at", String(put), "--as", "terns", "--set", `wishes=[{"about":"terns"},{"about":"gulls"}]`);
    await waitUntil("both wait at the gate", async () => (await gates("terns")).length === 2);
    expect(asked).toEqual(["press: Write about gulls", "terns: Write about terns"]);
    const other = structuredClone(PRESS);
    other.transitions.write.ask = "Write two pages about ${wish.about}";
    const file = stage.file("other.json", JSON.stringify(other));
    await fork("--at", String(put), "--as", "longer", "--definition", file);
    await waitUntil("it waits at the gate", async () => (await gates("longer")).length === 1);
    await fork("--at", String(put), "--as", "fresh", "--ask-again");
    await waitUntil("it waits at the gate", async () => (await gates("fresh")).length === 1);
    expect(asked.slice(2)).toEqual(["longer: Write two pages about gulls", "fresh: Write about gulls"]);
    expect((await kit.ask("longer", "definition")) as object).toMatchObject({ definition: { net: "longer" } });
  });

  test("work that was under way begins again: its tokens are free, and its gate asks anew", async () => {
    await kit.put("press", "style", { tone: "dry" });
    await kit.put("press", "wishes", { about: "gulls" }, undefined, "ada");
    await waitUntil("the gate holds it", async () => (await gates("press")).length === 1);
    const [parents] = await gates("press");
    const told = await fork("--as", "waiting");
    expect(told).toMatchObject({ dropped: 1, paused: false });
    await waitUntil("the fork's gate holds it", async () => (await gates("waiting")).length === 1);
    const [own] = await gates("waiting");
    expect(own?.firing).not.toBe(parents?.firing);
    await kit.ask("waiting", "decide", { gate: "imprimatur", decision: "reject", id: "d3", by: { user: "eve", roles: ["editor"] } });
    await waitUntil("it is torn", () => (kit.stateOf("waiting").places.get("torn")?.size ?? 0) === 1);
    expect(await gates("press")).toEqual([parents]);
  });

  test("a fork of a fork keeps the answers, and forking is refused where it makes no sense", async () => {
    const { put } = await printed();
    await fork("--at", String(put), "--as", "one");
    await waitUntil("the gate holds it", async () => (await gates("one")).length === 1);
    const began = (await events("one")).find(({ type }) => type === "edited")?.seq ?? 0;
    const ran = await stage.run("fork", "one", "--at", String(began), "--as", "two", "--json");
    expect((ran.json as { answers: number }).answers).toBe(2);
    await waitUntil("the gate holds it", async () => (await gates("two")).length === 1);
    expect(asked).toHaveLength(1);
    const refused = async (...words: string[]) => {
      const failed = await stage.run("fork", "press", ...words, "--json");
      expect(failed.code).not.toBe(0);
      return (failed.json as { error: { code: string } }).error.code;
    };
    expect(await refused("--at", String(put), "--as", "one")).toBe("net-exists");
    expect(await refused("--at", "1", "--as", "early")).toBe("nothing-ran");
    expect(await refused("--at", "99999")).toBe("no-such-moment");
    expect(await refused("--at", String(put), "--as", "No-Name")).toBe("usage");
    expect(await refused("--at", String(put), "--set", "nowhere=1")).toBe("place-missing");
    expect(await refused("--at", String(put), "--set", "wishes={")).toBe("usage");
    expect(kit.hub.logs.has("early")).toBe(false);
  });
});
