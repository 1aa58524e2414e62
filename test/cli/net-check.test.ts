/** `petrel net check` as a person and as a program meet it: what it says of net files and of PNML, and when it gives up. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract/json.ts";
import { readPnml } from "../../src/net/analysis/pnml.ts";
import { writePnml } from "../../src/net/analysis/pnml-write.ts";
import { kanban, petriNet, philosophers } from "../net/analysis/models.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.remove());

describe("a net file", () => {
  test("safe-teams: what a person should know, and nothing else", async () => {
    cpSync("nets/safe-teams.json", join(stage.folder, "nets/safe-teams.json"));
    cpSync("personas", join(stage.folder, "personas"), { recursive: true });
    const ended = await stage.run("net", "check", "nets/safe-teams.json");
    expect(ended.code).toBe(0);
    expect(ended.err).toBe("");
    const lines = ended.out.split("\n");
    expect(lines[0]).toMatch(/^nets\/safe-teams\.json is valid: net safe-teams, 12 places, 9 transitions, version [0-9a-f]{12}$/);
    expect(lines[1]).toMatch(/^ {2}one case, beginning in "inbox": \d+ states, \d+ steps$/);
    expect(ended.out).toContain('its tokens end in "delivered" and "escalations"');
    expect(ended.out).toContain('"deliver" pushes on behalf of "devops"');
  });

  test("--json adds the analysis to what was there", async () => {
    cpSync("nets/safe-teams.json", join(stage.folder, "nets/safe-teams.json"));
    const { json } = await stage.run("net", "check", "nets/safe-teams.json", "--json");
    expect(json).toMatchObject({ ok: true, net: "safe-teams", deadlocks: 3, live: true, sound: null, gaveUp: null });
    expect(json).toMatchObject({
      bound: { inbox: 1, backlog: 1, tasks: null, stories: 1 },
      invariants: { places: [] },
    });
    expect(json).toMatchObject({ findings: [] });
    expect((json as { capabilities: { brings: JsonObject } }).capabilities.brings.developer).toEqual(["changes", "tasks", "escalations"]);
  });

  test("a persona without x that pushes, one beside it that could, and a way around both", async () => {
    stage.file("personas/qa.json", JSON.stringify({ persona: "qa", flags: "r----" }));
    stage.file("personas/coder.json", JSON.stringify({ persona: "coder", flags: "rwx--" }));
    const net = {
      net: "leaky",
      places: { inbox: { open: true }, work: {}, ready: { open: true }, out: { sink: true } },
      transitions: {
        code: { kind: "agent", persona: "coder", ask: "Do it.", in: [{ place: "inbox" }], out: [{ to: "work" }] },
        pack: { kind: "pass", in: [{ place: "work" }], out: [{ to: "ready" }] },
        push: { kind: "command", persona: "qa", pool: "code", hand: "code.deliver", in: [{ place: "ready" }], out: [{ to: "out" }] },
      },
    };
    stage.file("nets/leaky.json", JSON.stringify(net));
    const ended = await stage.run("net", "check", "nets/leaky.json");
    expect(ended.code).toBe(0);
    expect(ended.err).toContain('transition "push" pushes on behalf of "qa", which has not the flag x');
    expect(ended.err).toContain('"coder" holds the flag x too: in transition "code" it could push without "push"');
    expect(ended.err).toContain(
      'whoever may put a token into "ready" reaches the push of "push" (ready): no persona and no gate is on the way',
    );
  });

  test("the analysed net can be written as PNML, and gives the same states", async () => {
    cpSync("nets/safe-teams.json", join(stage.folder, "nets/safe-teams.json"));
    const first = (await stage.run("net", "check", "nets/safe-teams.json", "--json", "--pnml", "out.pnml")).json as JsonObject;
    const again = (await stage.run("net", "check", "out.pnml", "--json")).json as JsonObject;
    expect([again.states, again.edges, again.deadlocks]).toEqual([first.states, first.edges, first.deadlocks]);
    expect(readPnml(readFileSync(join(stage.folder, "out.pnml"), "utf8"), "out.pnml").name).toBe("A software team");
  });
});

describe("PNML", () => {
  test("in UTF-16 is read as in UTF-8", async () => {
    const text = writePnml(philosophers(3));
    writeFileSync(join(stage.folder, "plain.pnml"), text);
    const little = Buffer.from(`\uFEFF${text}`, "utf16le");
    writeFileSync(join(stage.folder, "little.pnml"), little);
    writeFileSync(join(stage.folder, "big.pnml"), Buffer.from(little).swap16());
    const states = async (file: string) => ((await stage.run("net", "check", file, "--json")).json as JsonObject).states;
    const plain = await states("plain.pnml");
    expect(plain).toBeGreaterThan(1);
    expect([await states("little.pnml"), await states("big.pnml")]).toEqual([plain, plain]);
  });

  test("philosophers: the count, and how they starve", async () => {
    stage.file("p.pnml", writePnml(philosophers(4)));
    const ended = await stage.run("net", "check", "p.pnml");
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^p\.pnml is a P\/T net: philosophers-4, 20 places, 20 transitions\n {2}81 states, \d+ steps, 2 deadlocks\n/);
    expect(ended.err).toMatch(
      /warning: p\.pnml: nothing can fire any more with tokens in has-left-0, .*the shortest way there: left-first-0; left-first-1/,
    );
    expect((await stage.run("net", "check", "p.pnml", "--json")).json).toMatchObject({
      states: 81,
      deadlocks: 2,
      bound: { "eat-1": 1 },
      live: false,
    });
  });

  test("gives up where it was told to, and says so", async () => {
    stage.file("k.pnml", writePnml(kanban(3)));
    expect((await stage.run("net", "check", "k.pnml", "--json", "--states", "1000")).json).toMatchObject({
      gaveUp: "more than 1000 states",
      live: null,
    });
    expect((await stage.run("net", "check", "k.pnml", "--states", "1000")).out).toContain("gave up: more than 1000 states");
    expect((await stage.run("net", "check", "k.pnml", "--states", "none")).code).toBe(2);
  });

  test("an unbounded place is null in the bounds", async () => {
    stage.file("u.pnml", writePnml(petriNet("u", { run: 1, heap: 0 }, { grow: { takes: ["run"], gives: ["run", "heap"] } })));
    expect((await stage.run("net", "check", "u.pnml", "--json")).json).toMatchObject({
      bound: { run: 1, heap: null },
      findings: [{ code: "unbounded-place" }],
    });
  });

  test("what is no PNML is refused with line and column", async () => {
    stage.file("bad.pnml", "<pnml>\n  <net>\n</pnml>\n");
    const ended = await stage.run("net", "check", "bad.pnml");
    expect(ended.code).toBe(1);
    expect(ended.err).toContain("bad.pnml:3:1");
  });

  test("becomes a net file that has the same states", async () => {
    stage.file("p.pnml", writePnml(philosophers(4)));
    expect((await stage.run("net", "import", "p.pnml", "-o", "p.json")).out).toContain("wrote p.json: net ");
    const of = async (file: string) => (await stage.run("net", "check", file, "--json")).json as { states: number; deadlocks: number };
    const [before, after] = [await of("p.pnml"), await of("p.json")];
    expect(after).toMatchObject({ states: before.states, deadlocks: before.deadlocks });
    // What a person has written by now is not written over.
    expect((await stage.run("net", "import", "p.pnml", "-o", "p.json")).code).toBe(1);
  });

  test("a transition that takes nothing has no place in a net file", async () => {
    stage.file("s.pnml", writePnml(petriNet("s", { heap: 0 }, { source: { takes: [], gives: ["heap"] } })));
    expect((await stage.run("net", "import", "s.pnml")).err).toContain("the transition source takes nothing: it would fire for ever");
  });
});
