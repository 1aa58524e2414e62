/** Where a net's places lie may change while tokens rest in them (E5). */
import { afterEach, expect, test } from "vitest";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

let kit: MasterKit;
afterEach(async () => kit.stop());

const net = (layout?: "own" | "shared") => ({
  net: "laid",
  ...(layout ? { layout } : {}),
  places: { start: { open: true }, end: { sink: true } },
  transitions: { go: { kind: "pass", guard: "job.n > 5", in: [{ place: "start", as: "job" }], out: [{ to: "end" }] } },
});
const shown = (place: string) => kit.hub.places.get(`laid/${place}`)?.size ?? 0;

test("an apply that changes the layout fills the new streams from the log, and so does the next owner", async () => {
  kit = await masterKit();
  await kit.ask(null, "apply-net", { definition: net() });
  for (let n = 0; n < 10; n++) await kit.put("laid", "start", { n });
  await waitUntil("the places show them", () => shown("start") === 6 && shown("end") === 4);
  expect(kit.hub.layouts.get("laid")).toBe("own");
  await kit.ask(null, "apply-net", { definition: net("shared") });
  expect(kit.hub.layouts.get("laid")).toBe("shared");
  await waitUntil("the new streams show them", () => shown("start") === 6 && shown("end") === 4);
  await kit.put("laid", "start", { n: 10 });
  await waitUntil("they go on", () => shown("end") === 5);
  await kit.crash();
  await waitUntil("the next term has it", () => kit.master.terms.has("laid"));
  expect(kit.hub.layouts.get("laid")).toBe("shared");
  await kit.ask(null, "apply-net", { definition: net("own") });
  await waitUntil("and back", () => kit.hub.layouts.get("laid") === "own" && shown("start") === 6 && shown("end") === 5);
});
