/** What the event line says of models that are waited for, and what becomes of work that no rule answers. */
import { afterEach, describe, expect, it } from "vitest";
import { personaWorker } from "../../src/actors/persona-work.ts";
import { defaultConfig } from "../../src/models/default-config.ts";
import { rulesProvider } from "../../src/models/providers/rules.ts";
import { type Tiers, tierModels } from "../../src/models/tiers.ts";
import { unknownPersona } from "../../src/personas/rules/unknown-persona.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { realClock } from "../support/model-clock.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(() => kit.stop());

const opinion = {
  type: "object",
  required: ["severity", "notes"],
  properties: { severity: { enum: ["none", "minor"] }, notes: { type: "string" } },
};
const persona = (more: object = {}) => ({
  ...{ persona: "poet", title: "Poet", flags: "-----", tools: [], tier: "economy", prompt: "Write." },
  ...more,
});
const net = (more: object = {}) => ({
  net: "poems",
  places: { a: { open: true }, b: { sink: true }, errors: { sink: true } },
  transitions: {
    write: {
      ...{ kind: "llm", persona: "poet", ask: "Write.", data: { change: "${job}" }, retry: { max: 0 } },
      in: [{ place: "a", as: "job" }],
      out: [{ to: "b" }],
      ...more,
    },
  },
});
async function begin(tiers: Tiers, files: { persona?: object; net?: object } = {}): Promise<void> {
  kit = await masterKit({ work: personaWorker(tiers, realClock) });
  await kit.ask(null, "apply-persona", { persona: persona(files.persona) });
  await kit.ask(null, "apply-net", { definition: net(files.net) });
}
const at = (place: string) => [...(kit.stateOf("poems").places.get(place)?.values() ?? [])].map(({ token }) => token.data);
const rules = tierModels(defaultConfig, new Map(), {
  clock: realClock,
  instead: rulesProvider(new Map(), { clock: realClock, otherwise: unknownPersona }),
});

describe("a provider that is busy again and again", () => {
  it.each([
    ["for two seconds", [1000, 1000], 0],
    ["for twenty", Array.from({ length: 20 }, () => 1000), 2],
    ["for half a minute at once", [30_000], 1],
  ])("%s: the event line says so as often as it is worth it", async (_, waits, told) => {
    const ask: Tiers["ask"] = async (tier, request, call) => {
      for (const ms of waits) {
        call.onWait?.({ provider: "anthropic", model: "claude-haiku-5-5", ms, reason: "busy" });
        call.onWait?.(null);
      }
      return rules.ask(tier, request, call);
    };
    await begin({ ...rules, ask }, { persona: { output: opinion } });
    await kit.put("poems", "a", { diff: "" });
    await waitUntil("it is answered", () => at("b").length === 1);
    const notes = (await eventsOf(kit.broker, "poems")).filter(({ type, attributes }) => type === "noted" && attributes?.waits);
    expect(notes).toHaveLength(told);
    for (const { summary } of notes) expect(summary).toMatch(/^poet waits until \S+ for anthropic\/claude-haiku-5-5: it is busy\.$/);
  });
});

describe("a persona without a rule", () => {
  it("gives its opinion on a change as facts that nobody judged", async () => {
    await begin(rules, { persona: { output: opinion } });
    await kit.put("poems", "a", { diff: "diff --git a/x.js b/x.js\n@@ -1 +1 @@\n+a poet\n" });
    await waitUntil("it is answered", () => at("b").length === 1);
    expect(at("b")).toMatchObject([{ severity: "none", notes: expect.stringContaining("nobody judged this change") }]);
  });
  it("fails along the way that the net names for failures, and holds up nothing else", async () => {
    await begin(rules, { net: { onError: "errors" } });
    await kit.put("poems", "a", { n: 1 });
    await kit.put("poems", "a", { n: 2 });
    await waitUntil("both have failed", () => at("errors").length === 2);
    expect(kit.stateOf("poems").paused).toBe(false);
    expect(JSON.stringify(at("errors"))).toContain("there is no rule for persona poet");
  });
  it("pauses a net that names none, with its work kept", async () => {
    await begin(rules);
    await kit.put("poems", "a", { n: 1 });
    await waitUntil("it is paused", () => kit.stateOf("poems").paused);
    expect(kit.stateOf("poems").pausedFor).toMatchObject({
      code: "no-rule",
      reason: expect.stringContaining("there is no rule for persona poet"),
    });
    expect(at("a")).toEqual([{ n: 1 }]);
  });
});
