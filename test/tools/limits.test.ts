/** C1: each call has its tool's limit in time, told to the model; and what is over the limit in size is cut for whoever ran it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { callTool } from "../../src/actors/tool-hands/call-tool.ts";
import type { ToolRoom } from "../../src/actors/tool-hands/tool-room.ts";
import type { Clock } from "../../src/contract/clock.ts";
import type { Json } from "../../src/contract/json.ts";
import { personaSchema } from "../../src/personas/persona-schema.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";
import type { ToolDefinition } from "../../src/tools/port.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";

let kit: MasterKit;
beforeAll(async () => {
  kit = await masterKit();
  const places = { a: { open: true }, b: { sink: true } };
  await kit.ask(null, "apply-net", {
    definition: { net: "desk", places, transitions: { t: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }] } } },
  });
});
afterAll(() => kit.stop());

/** A room with one tool, on a clock that the test turns. */
async function room(tool: Pick<ToolDefinition, "run" | "limits">, clock: Clock, signal: AbortSignal): Promise<ToolRoom> {
  const whole = {
    name: "slow.tool",
    flag: null,
    description: "Slow.",
    input: z.json(),
    output: z.json(),
    runs: "master",
    errors: {},
    ...tool,
  };
  const persona = personaSchema.parse({ persona: "p", title: "P", flags: "-----", tier: "economy", prompt: "Do." });
  const firing = { net: "desk", transition: "t", firing: "f-1", attempt: 1, correlation: "c", data: {} };
  const capabilities = { reads: new Map(), writes: new Map(), takes: new Map() };
  return {
    ...{ term: await kit.master.termOf("desk"), firing, persona, capabilities, clock, signal, knowledge: [], own: new Map(), depth: 0 },
    ...{ desk: null, personas: kit.master.personas, tiers: {}, wiring: { workspace: false, reads: [], writes: [] } },
    ...{ tools: new Map([["slow.tool", whole]]), follow: () => () => {}, book: () => {}, denied: () => {}, run: callTool },
  } as unknown as ToolRoom;
}

test("a tool that takes longer than its limit is ended, and the work goes on with that word", async () => {
  const timers: { ms: number; call: () => void }[] = [];
  const clock: Clock = {
    now: () => 0,
    after: (ms, call) => {
      timers.push({ ms, call });
      return { cancel: () => {} };
    },
  };
  let ended: AbortSignal | null = null;
  const run = (_: Json, hands: { signal: AbortSignal }) => {
    ended = hands.signal;
    return new Promise<Json>(() => {});
  };
  const { signal } = new AbortController();
  const called = callTool(await room({ run, limits: { seconds: 7, bytes: 1000 } }, clock, signal), "slow.tool", {}, "t1c1", signal);
  expect(timers.map(({ ms }) => ms)).toEqual([7000]);
  timers[0]?.call();
  expect(await called).toMatchObject({
    ok: false,
    error: { code: "tool-timeout", message: "slow.tool took longer than its limit of 7 s" },
  });
  expect((ended as AbortSignal | null)?.aborted).toBe(true);
});

test("what a tool throws is told by its code, and an answer that does not fit its schema is our fault and goes nowhere", async () => {
  const clock: Clock = { now: () => 0, after: () => ({ cancel: () => {} }) };
  const { signal } = new AbortController();
  const limits = { seconds: 1, bytes: 1000 };
  const boom = await room({ run: () => Promise.reject(new TypeError("a is undefined")), limits }, clock, signal);
  expect(await callTool(boom, "slow.tool", {}, "t1c1", signal)).toMatchObject({
    error: { code: "tool-failed", message: "TypeError: a is undefined" },
  });
  const odd = await room({ run: () => Promise.resolve(undefined as unknown as Json), limits }, clock, signal);
  expect(await callTool(odd, "slow.tool", {}, "t1c1", signal)).toMatchObject({ error: { code: "tool-output" } });
});

test("every tool says its limits and its errors, and none may run for ever or answer without end", () => {
  for (const { name, limits, errors } of toolCatalogue.values()) {
    expect(limits.seconds, name).toBeGreaterThan(0);
    expect(limits.seconds, name).toBeLessThanOrEqual(7 * 24 * 3600);
    expect(limits.bytes, name).toBeGreaterThan(0);
    expect(limits.bytes, name).toBeLessThanOrEqual(1024 * 1024);
    for (const [code, means] of Object.entries(errors)) expect(`${code} ${means}`, name).toMatch(/^[a-z][a-z0-9-]* \S.{5,}/);
  }
});
