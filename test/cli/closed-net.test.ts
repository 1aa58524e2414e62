/** A net whose log is lost: each verb says so, where it lay, and what to do; the others go on. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unserved } from "../../src/client/known-nets.ts";
import type { Broker } from "../../src/contract/broker.ts";
import { Retryable } from "../../src/contract/errors.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history } from "./history-stage.ts";

const net = (name: string) => ({
  net: name,
  places: { corn: { open: true }, flour: { sink: true } },
  transitions: { grind: { kind: "pass", in: [{ place: "corn" }], out: [{ to: "flour" }] } },
});
let own: History;
beforeEach(async () => {
  own = await history();
  for (const name of ["mill", "bakery"]) await own.kit.ask(null, "apply-net", { definition: net(name) });
  await own.kit.put("mill", "corn", { n: 1 });
  await waitUntil("it is ground", () => own.kit.stateOf("mill").places.get("flour")?.size === 1);
});
afterEach(() => own.stop());

async function loseLog(): Promise<void> {
  await own.kit.die();
  own.kit.hub.logs.delete("mill");
}
async function comeBack(): Promise<void> {
  await own.kit.crash();
  own.kit.master.serve("mill");
  await waitUntil("it cannot be opened", () => own.kit.master.problem("mill") !== null);
}

const ASKED = [
  ["tokens", "mill", "flour"],
  ["places", "mill"],
  ["places", "mill", "--hash"],
  ["why", "mill", "grind"],
  ["put", "mill", "corn", "{}"],
  ["pause", "mill"],
  ["retry", "mill", "--all"],
  ["net", "pull", "mill"],
  ["query", "mill", "FROM flour"],
];
const READ = [
  ["events", "mill"],
  ["verify", "mill"],
  ["replay", "mill", "--at", "1"],
  ["replay", "mill", "--verify"],
  ["watch", "mill", "--until", "fired"],
  ["net", "history", "mill"],
];

describe("a net whose log is lost", () => {
  test.each([...ASKED, ...READ].map((args) => [args.join(" "), args] as const))("is told by %s", async (_, args) => {
    await loseLog();
    await comeBack();
    const { code, err } = await own.stage.run(...args);
    expect(code).not.toBe(0);
    expect(err).toContain("the net mill cannot be opened: the log of mill was lost or replaced: there is no stream LOG_mill");
    expect(err).toContain("restore the stream LOG_mill from a backup");
    expect(err).not.toContain("is called mill");
  });

  test("is told from its definitions where no master has tried to open it yet", async () => {
    const status = (await own.kit.ask(null, "status")) as { nets: { net: string }[] };
    const { netVersions } = own.kit.broker;
    const nets = status.nets.filter(({ net: name }) => name !== "mill");
    const commands = { ask: async () => ({ ok: true, value: { ...status, nets } }) };
    const noOwner = new Retryable({ code: "no-owner", message: "nobody runs net mill at the moment" });
    const told = (name: string) => unserved({ commands, netVersions } as unknown as Broker, name, noOwner);
    expect(await told("mill")).toMatchObject({
      code: "net-closed",
      message: "the net mill cannot be opened: definitions of it exist, but there is no stream LOG_mill",
      hint: expect.stringContaining("restore the stream LOG_mill from a backup"),
    });
    expect(await told("bakry")).toMatchObject({ code: "unknown-net", hint: expect.stringContaining("bakery") });
  });

  test("is named where a token of it is looked for in all nets", async () => {
    const [id = ""] = own.kit.stateOf("mill").places.get("flour")?.keys() ?? [];
    expect((await own.stage.run("trace", id)).code).toBe(0);
    await own.kit.put("bakery", "corn", { n: 1 });
    await own.kit.ask(null, "apply-net", { definition: net("third") });
    await loseLog();
    await comeBack();
    const { code, err } = await own.stage.run("trace", id);
    expect(code).not.toBe(0);
    expect(err).toContain(`no token ${id} was ever in any net; the log of mill cannot be opened`);
  });

  test("stands in the lists beside those that run, which go on", async () => {
    await loseLog();
    await comeBack();
    await own.kit.master.termOf("bakery");
    const { json, err } = await own.stage.run("net", "ls", "--json");
    expect(json).toMatchObject([
      { net: "bakery", state: "running" },
      { net: "mill", state: "closed", problem: expect.stringContaining("LOG_mill") },
    ]);
    expect(err).toContain("restore the stream LOG_mill");
    expect((await own.stage.run("net", "ls")).out).toMatch(/mill +closed/);
    expect((await own.stage.run("top", "--once")).out).toContain("the net mill cannot be opened");
    expect((await own.stage.run("put", "bakery", "corn", "{}")).code).toBe(0);
  });

  test("is told from its definitions where no master is up, and only there is a name that never was", async () => {
    await loseLog();
    const lost = await own.stage.run("events", "mill");
    expect(lost.err).toContain("definitions of it exist, but there is no stream LOG_mill");
    expect((await own.stage.run("events", "mil")).err).toContain("no net is called mil");
  });

  test("a name that never was is no net that nobody runs, for put as for all others", async () => {
    const { err } = await own.stage.run("put", "mil", "corn", "{}");
    expect(err).toContain("no net is called mil");
    expect(err).toContain('did you mean "mill"?');
  });
});
