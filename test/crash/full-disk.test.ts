/** A store that is full: the net stands still with the reason, takes nothing, loses nothing, and goes on when there is room. */
import { afterEach, expect, it } from "vitest";
import { logAgreesWithPlaces } from "../support/log-check.ts";
import { eachTokenOnce } from "../support/once-check.ts";
import { System } from "../support/state-folder.ts";
import { waitUntil } from "../support/wait-until.ts";

let system: System;
afterEach(async () => system?.end());

const MB = 1024 * 1024;
const net = {
  net: "full",
  places: { start: { open: true }, end: { sink: true } },
  transitions: { go: { kind: "pass", in: [{ place: "start" }], out: [{ to: "end" }] } },
};
/** What a put ends with where nobody answers: that is no refusal. */
const SILENCE = ["no-answer", "no-owner", "wire-down"];
const big = "x".repeat(30_000);

it("a put is refused with the reason; with more room the same net goes on, and all that was acknowledged is there once", async () => {
  // Room for the streams themselves and a few megabytes of tokens.
  system = await System.start({ maxFileBytes: 12 * MB });
  await system.master("m1");
  await system.apply(net);
  const payload = (n: number) => new TextEncoder().encode(JSON.stringify({ n, big }));
  const acknowledged: string[] = [];
  let refusal = "";
  for (let n = 0; refusal === "" && n < 2000; n++) {
    const answer = await system.broker.door
      .put("full", "start", payload(n), { token: `k${n}`, timeoutMs: 5000 })
      .catch((error: { code?: string }) => ({ ok: false as const, error: { code: String(error.code), hint: "" } }));
    if (answer.ok) acknowledged.push(answer.id);
    else if (!SILENCE.includes(answer.error.code)) refusal = `${answer.error.code}: ${answer.error.hint}`;
  }
  expect(refusal).toMatch(/^broker-full: free space/);
  expect(acknowledged.length).toBeGreaterThan(10);
  await waitUntil("the status says why", async () => {
    const { nets } = (await system.ask(null, "status").catch(() => ({ nets: [] }))) as { nets: { stalled?: string }[] };
    return nets.some(({ stalled }) => /could not be written/.test(stalled ?? ""));
  });
  await system.killServer();
  await system.startServer(400 * MB);
  const late = await system.put("full", "start", { n: -1 }, "after");
  await waitUntil(
    "all is through",
    async () =>
      (
        await system.broker
          .places("full")
          .ids("start")
          .catch(() => new Set([0]))
      ).size === 0,
    60_000,
  );
  const { state, events } = await logAgreesWithPlaces(system.broker, "full", 60_000);
  eachTokenOnce(state, events, [...acknowledged, late]);
  expect(state.places.get("end")?.size).toBeGreaterThanOrEqual(acknowledged.length + 1);
}, 240_000);
