/** History that clears itself, and a fork, on a real broker: what went is gone from the stream, and nothing that counts is lost. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { readFileSync, writeFileSync } from "node:fs";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { connectAs } from "./nats-user.ts";
import { up } from "./team.ts";

const MILL = {
  net: "mill",
  places: { corn: { open: true }, flour: { sink: true } },
  transitions: { grind: { kind: "map", value: { ground: "${corn.n}" }, in: [{ place: "corn", as: "corn" }], out: [{ to: "flour" }] } },
};
const desk = new Desk("retention");
beforeAll(builtCli);
afterAll(() => desk.clear());

const flour = async (net: string) => {
  const rows = await desk.json<{ place: string; waiting: number }[]>(["places", net]);
  return rows.find(({ place }) => place === "flour")?.waiting ?? 0;
};
const grind = async (from: number, to: number) => {
  for (let n = from; n < to; n++) await desk.json(["put", "mill", "corn", JSON.stringify({ n }), "--token", `k${n}`]);
  await waitUntil("all is ground", async () => (await flour("mill")) === to, 60_000);
};

test("up clears history by its policy; a fork of the rest, replay and verify know the floor", { timeout: 300_000 }, async () => {
  await desk.json(["init", "."]);
  writeFileSync(desk.path("mill.json"), JSON.stringify(MILL));
  // Each clean end of an owner leaves a checkpoint; two must stand before anything goes.
  let system = await up(desk);
  await desk.json(["net", "apply", "mill.json"]);
  await grind(0, 8);
  await system.stop();
  system = await up(desk);
  await grind(8, 16);
  await system.stop();

  // A fork reads the whole log of the parent, and leaves it as it is.
  const config = JSON.parse(readFileSync(desk.path("petrel.config.json"), "utf8")) as object;
  system = await up(desk);
  const before = await desk.json<{ hash: string; seq: number }>(["places", "mill", "--hash"]);
  const early = await desk.json<{ tokens: number }>(["fork", "mill", "--at", "6", "--as", "early"]);
  expect(early.tokens).toBeGreaterThan(0);
  expect(await desk.json(["places", "mill", "--hash"])).toMatchObject(before);
  await system.stop();

  writeFileSync(desk.path("petrel.config.json"), JSON.stringify({ ...config, retention: { keepEvents: 5, every: "1s" } }));
  system = await up(desk);
  const [, floor = ""] = await system.says(/History was cleared:.*mill up to event (\d+)/, 120_000);
  await desk.json(["nats-context", "--admin"]);
  const user = await connectAs(desk, "petrel-admin");
  const { state } = await (await jetstreamManager(user, { timeout: 60_000 })).streams.info("LOG_mill");
  expect(state.first_seq).toBeGreaterThan(1);
  await user.close();

  expect(await flour("mill")).toBe(16);
  const left = await desk.events("mill", ".petrel");
  // The entry at the floor stays whole.
  expect(left[0]?.seq).toBeGreaterThan(1);
  expect(left[0]?.seq).toBeLessThanOrEqual(Number(floor) + 1);
  const gone = await desk.json<{ error: { code: string; message: string } }>(["replay", "mill", "--at", "1"], 1);
  expect(gone.error).toMatchObject({ code: "below-floor", message: expect.stringContaining(floor) });
  expect(await desk.json(["verify", "mill"])).toMatchObject({ ok: true, firstBad: null, faults: [], places: [] });
  expect(await desk.json(["fork", "mill", "--at", "1", "--as", "too-early"], 1)).toMatchObject({ error: { code: "below-floor" } });
  const late = await desk.json<{ tokens: number }>(["fork", "mill", "--as", "late"]);
  expect(late.tokens).toBe(16);
  await waitUntil("the fork is owned", async () => (await flour("late").catch(() => 0)) === 16, 60_000);

  // It begins again from what is left, and a put of before is still known.
  await system.stop();
  // Nothing is cleared under the eyes of the last look.
  writeFileSync(desk.path("petrel.config.json"), JSON.stringify(config));
  system = await up(desk);
  await desk.json(["put", "mill", "corn", '{"n":3}', "--token", "k3"]);
  await grind(16, 18);
  expect(await desk.json(["verify", "mill"])).toMatchObject({ ok: true });
  expect((await system.stop()).code).toBe(0);
});
