import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { builtCli, Desk, descendants, isAlive } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { git, reflog } from "./git-proof.ts";
import { expectOneStory, produced } from "./story-log.ts";
import { applyTeam, NET, putSettings, REQUEST, up } from "./team.ts";

interface Stopped {
  killed: boolean;
  answer: { generation: number; summary: string; nets: { net: string; stopped: { firing: string; transition: string }[] }[] };
}

const desk = new Desk("kill");
beforeAll(builtCli);
afterAll(() => desk.clear());

test("a kill ends every firing, model call and process within 2 seconds, a new start too stands still, and a resume delivers the story", {
  timeout: 420_000,
}, async () => {
  let system = await up(desk, "--pace", "800", "--lease", "20000");
  await applyTeam(desk);
  const origin = await putSettings(desk);
  const request = await desk.json<{ id: string }>(["put", NET, "inbox", JSON.stringify(REQUEST)]);
  expect(request.id).toMatch(/^t-/);

  // The hard moment: a test of the project runs on the executor while models are being asked.
  const watch = desk.start(["watch", NET, "--since", "0", "--until", "claimed", "--json"]);
  await watch.says(/"transition":"develop"/);
  const hands = () => descendants(system.pid).filter(({ command }) => /node .*--test|npm (run )?test|git /.test(command));
  await waitUntil("the executor's work has processes", () => hands().length > 0, 120_000);
  const working = hands();

  const kill = await desk.kill<Stopped>();
  // From the answer on: how long the command line takes to start is the machine's affair.
  await waitUntil("no process of the work lives", () => hands().length === 0, 2000);
  expect(working.filter(({ pid }) => isAlive(pid))).toEqual([]);
  const stopped = kill.answer.nets[0]?.stopped ?? [];
  expect(stopped.map(({ transition }) => transition)).toContain("develop");
  for (const { firing } of stopped) expect(kill.answer.summary).toContain(firing);

  // Nothing goes on: the log stands still, no actor works, no model answers.
  const events = await desk.events(NET, ".petrel");
  const stop = events.findIndex(({ type }) => type === "stopped");
  expect(events.filter(({ type }) => type === "stopped")).toHaveLength(1);
  expect(stop).toBeGreaterThan(0);
  const tree = JSON.stringify(await desk.json(["actors"]));
  expect(tree).not.toMatch(/"busy":\["/);
  expect(await desk.json(["doctor"])).toMatchObject({ ok: true });
  const again = await desk.kill<Stopped>();
  expect(again.answer.nets).toEqual([]);
  const put = await desk.json<{ id: string }>(["put", NET, "inbox", `{"title":"Asked for while everything stands"}`]);
  expect(put.id).toMatch(/^t-/);
  // A kill outlives the processes: what comes up anew stands still as well.
  expect((await system.stop()).code).toBe(0);
  system = await up(desk, "--pace", "800", "--lease", "20000");
  await waitUntil("the net is served again", async () => (await desk.run(["places", NET])).code === 0, 60_000);
  expect(await desk.json(["net", "ls"])).toMatchObject([{ net: NET, state: "stopped" }]);
  await quietFor(1000);
  const after = (await desk.events(NET, ".petrel")).slice(stop + 1);
  const work = after.filter(({ type }) => ["started", "claimed", "fired", "failed"].includes(type));
  expect(work.map(({ summary }) => summary)).toEqual([]);
  expect(hands()).toEqual([]);
  const token = await desk.json<{ tokens: { id: string }[] }>(["tokens", NET, "inbox"]);
  expect(token.tokens.map(({ id }) => id)).toContain(put.id);
  await desk.json(["token", "close", NET, "inbox", put.id, "--reason", "there is no recorded answer for it"]);

  await desk.json(["resume"]);
  await waitUntil(
    "the story is delivered",
    async () => (await desk.json<{ total: number }>(["tokens", NET, "delivered"])).total === 1,
    240_000,
  );
  const story = await desk.events(NET, ".petrel");
  expectOneStory(story);
  expectSameFirings(story, stopped);
  expect(reflog(origin, "main")).toHaveLength(2);
  expect(git(origin, "rev-parse", "main")).toBe(produced(story, "delivered")[0]?.data.head);
  expect((await system.stop()).code).toBe(0);
  expect(readFileSync(desk.path(".petrel", "logs", "master.log"), "utf8")).not.toMatch(/"level":(50|60)/);
});

/** What ran before the kill is what goes on: the same firings, each with one end. */
function expectSameFirings(events: NetEvent[], stopped: { firing: string }[]): void {
  for (const { firing } of stopped) {
    const ends = events.filter(
      (event) => event.firing === firing && (event.type === "fired" || (event.type === "failed" && event.attributes?.final)),
    );
    expect(ends, firing).toHaveLength(1);
  }
}

/** A promise about silence can only be seen by listening for a while. */
function quietFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
