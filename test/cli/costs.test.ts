/** costs, over logs with uses of several models. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Sums } from "../../src/client/costs.ts";
import type { ModelUse, NetEvent } from "../../src/contract/event.ts";
import { addUse } from "../../src/models/use.ts";
import { Stage } from "./stage.ts";

const use = (name: string, tier: string, costUsd: number, more: Partial<ModelUse> = {}): ModelUse => ({
  ...{ provider: "anthropic", name, tier, calls: 1, inputTokens: 1000, outputTokens: 100, costUsd, listUsd: costUsd },
  ...more,
});
let seq = 0;
const event = (net: string, persona: string, firing: string, ts: string, model: ModelUse, type = "fired"): NetEvent =>
  ({ seq: ++seq, ts, category: "firing", type, status: "ok", summary: "", net, persona, firing, model }) as NetEvent;

const opus = use("opus", "frontier", 0.5, { cacheReadTokens: 400 });
const events = [
  event("one", "architect", "f1", "2026-02-27T10:00:00.000Z", opus),
  event("one", "architect", "f2", "2026-02-28T10:00:00.000Z", addUse(opus, use("haiku", "economy", 0.01))),
  event("one", "writer", "f3", "2026-03-01T10:00:00.000Z", use("haiku", "economy", 0.02), "failed"),
  event("two", "writer", "f3", "2026-03-01T11:00:00.000Z", { ...use("rec", "economy", 0, { provider: "recorded" }), listUsd: 0.03 }),
];

let stage: Stage;
beforeEach(async () => {
  stage = new Stage();
  stage.running();
  for (const net of ["one", "two"]) {
    const own = events.filter((each) => each.net === net).map((each, at) => ({ ...each, seq: at + 1 }));
    await stage.logs(net, own);
  }
});
afterEach(() => stage.remove());
interface Told {
  rows: { by: object; firings: number; calls: number; usd: number; listUsd: number; cacheReadTokens: number }[];
  total: { usd: number; firings: number; calls: number };
}
const costs = async (...words: string[]) => (await stage.run("costs", ...words, "--json")).json as unknown as Told;

test("by net, the dearest first, what failed included", async () => {
  const { rows, total } = await costs();
  expect(rows).toMatchObject([
    { by: { net: "one" }, firings: 3, calls: 4, usd: expect.closeTo(1.03), cacheReadTokens: 800 },
    { by: { net: "two" }, firings: 1, calls: 1, usd: 0, listUsd: expect.closeTo(0.03) },
  ]);
  expect(total).toMatchObject({ firings: 4, calls: 5, usd: expect.closeTo(1.03) });
});
test("by model and tier each call counts where it was made", async () => {
  const { rows } = await costs("one", "--by", "model,tier");
  expect(rows).toMatchObject([
    { by: { model: "anthropic/opus", tier: "frontier" }, firings: 2, calls: 2, usd: expect.closeTo(1) },
    { by: { model: "anthropic/haiku", tier: "economy" }, firings: 2, calls: 2, usd: expect.closeTo(0.03) },
  ]);
});
test("by persona and by day, since a date or an age", async () => {
  expect((await costs("--by", "persona", "--since", "2026-02-28")).rows).toMatchObject([
    { by: { persona: "architect" }, usd: expect.closeTo(0.51) },
    { by: { persona: "writer" }, usd: expect.closeTo(0.02) },
  ]);
  expect((await costs("--by", "day", "--since", "24h")).rows.map(({ by }) => by)).toEqual([{ day: "2026-03-01" }]);
});
test("the table for people, an empty one, and words that make no sense", async () => {
  const { out } = await stage.run("costs", "--by", "persona");
  expect(out).toMatch(/architect .* 1\.0100/);
  expect(out).toContain("all");
  expect((await stage.run("costs", "--since", "2027-01-01")).out).toContain("No model has answered yet.");
  expect(await stage.run("costs", "--by", "colour")).toMatchObject({ code: 2, err: expect.stringContaining("colour") });
  expect(await stage.run("costs", "--since", "yesterday")).toMatchObject({ code: 2 });
});
test("a sum of sums is the sum of the parts", () => {
  const sums = new Sums(["model"]);
  for (const each of events) sums.add(each);
  const { rows, total } = sums.costs();
  expect(rows.reduce((sum, row) => sum + row.usd, 0)).toBeCloseTo(total.usd);
  expect(rows.reduce((sum, row) => sum + row.calls, 0)).toBe(total.calls);
});
