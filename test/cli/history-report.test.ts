/** report, on a log that a real engine wrote: one file that tells all and loads nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventsOf } from "../support/log-check.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type History, history, PRESS } from "./history-stage.ts";

const HOSTILE = `</pre><script src="https://example.org/x.js"></script><img src=x onerror="alert(1)">`;
const DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old <b>\n+new\n";

let own: History;
let wish: string;
beforeEach(async () => {
  own = await history();
  await own.kit.ask(null, "apply-net", { definition: PRESS });
  await own.kit.put("press", "style", { tone: "dry" }, undefined, "ada");
  wish = await own.kit.put("press", "wishes", { title: `Gulls ${HOSTILE}`, about: HOSTILE, change: { diff: DIFF } }, undefined, "bob");
  await waitUntil("the gate holds it", async () => ((await own.kit.ask("press", "gates")) as object[]).length === 1);
});
afterEach(() => own.stop());

async function report(...words: string[]): Promise<string> {
  const ran = await own.stage.run("report", ...words, "--json");
  expect(ran.code, ran.err).toBe(0);
  return readFileSync(join(own.stage.folder, (ran.json as { file: string }).file), "utf8");
}

test("holds decisions, cost, the exact prompt and diffs, and nothing in it runs or loads", async () => {
  const undecided = await report(wish, "--html", "--out", "early/first.html");
  expect(undecided).toContain("<td>undecided</td>");
  await own.kit.ask("press", "decide", {
    ...{ gate: "imprimatur", decision: "reject", id: "d1", comment: `no ${HOSTILE}` },
    by: { user: "eve", roles: ["editor"] },
  });
  const html = await report(wish, "--html");
  expect(html).toContain("<td>eve</td><td>editor</td><td>reject</td>");
  expect(html).toMatch(
    /<td>write<\/td><td>author [0-9a-f]{12}<\/td><td>stub\/small<\/td><td>2<\/td><td>100<\/td><td>10<\/td><td>0.5<\/td>/,
  );
  expect(html).toContain("[system]\nYou are author.");
  expect(html).toContain('<span class="del">-old &#60;b&#62;</span>\n<span class="add">+new</span>');
  expect(html).toContain("✗ refused");
  // What people wrote is text here, whatever it looks like.
  expect(html).not.toMatch(/<script|<img|<link|<iframe|<b>/i);
  expect(html).not.toMatch(/(src|href)=["']?http/i);
  expect(html).toContain("default-src 'none'");
  const { length } = html.match(/<section/g) ?? [];
  const steps = (await eventsOf(own.kit.broker, "press")).filter(({ correlation }) => correlation === `c-${wish.slice(2)}`);
  expect(length).toBe(new Set(steps.map(({ firing, seq }) => firing ?? seq)).size);
});

test("goes by correlation or by any token, writes over nothing, and names what is near when there is no such story", async () => {
  const json = async (...words: string[]) =>
    (await own.stage.run("report", ...words, "--json")).json as { correlation: string; steps: object[] };
  const byToken = await json(wish);
  expect(byToken).toMatchObject({ net: "press", open: 1, totals: { modelCalls: 2 } });
  expect(await json(byToken.correlation)).toEqual(byToken);
  const [draft = ""] = own.kit.stateOf("press").places.get("drafts")?.keys() ?? [];
  expect(await json(draft, "--net", "press")).toEqual(byToken);
  expect((await own.stage.run("report", draft)).out).toMatch(/model stub\/small: 2 calls/);
  await report(wish, "--html");
  expect(await own.stage.run("report", wish, "--html")).toMatchObject({ code: 1, err: expect.stringContaining("exists already") });
  const wrong = await own.stage.run("report", `${wish}x`, "--html");
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining(`the nearest ids: ${wish}`) });
});
