/** One persona of the real team misbehaves, in each way that the demo offers: the net stops it, and the event line says how. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { SABOTAGE_MODES, SABOTAGES, sabotageReport } from "../../src/cli/demo/sabotage.ts";
import { saboteur } from "../../src/cli/demo/saboteur.ts";
import { REQUEST } from "../../src/cli/demo/scene.ts";
import { followStory } from "../../src/cli/team/follow-story.ts";
import { answersFileSchema, authoredProvider } from "../../src/models/providers/authored.ts";
import { wallClock } from "../support/nats-server.ts";
import { expectNothingPushed, startTeam, type Team } from "./team-kit.ts";

let team: Team | undefined;
afterEach(async () => {
  await team?.stop();
  team = undefined;
});

/** The project of the demo with the tests of what the request changes: the demo itself, which has all of them, is run elsewhere. */
function sampleFiles(): Record<string, string> {
  const root = "examples/sample-project";
  const others = new Set(["server", "validation", "note-store"].map((name) => join("test", `${name}.test.js`)));
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (path) => !others.has(path) && statSync(join(root, path)).isFile(),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

const authored = authoredProvider(answersFileSchema.parse(JSON.parse(readFileSync("nets/safe-teams.answers.json", "utf8"))), {
  clock: wallClock,
  file: "nets/safe-teams.answers.json",
  roots: [],
});

describe("petrel demo --sabotage", () => {
  test("offers each way once", () => {
    expect(SABOTAGES.map(({ mode }) => mode)).toEqual(SABOTAGE_MODES);
  });

  test.each(SABOTAGE_MODES)("%s is stopped by the net", { timeout: 180_000 }, async (mode) => {
    const sabotage = SABOTAGES.find((each) => each.mode === mode);
    if (!sabotage) throw new Error(mode);
    team = await startTeam({
      developers: {},
      provider: saboteur(authored, mode),
      files: sampleFiles(),
      target: "main",
      net: (definition) => {
        const { deliver } = definition.transitions;
        if (sabotage.gate && deliver) deliver.gate = { name: "release", approvers: ["role:maintainer"], quorum: 1, notAuthor: false };
      },
    });
    const correlation = await team.request(REQUEST.title, sabotage.request?.text ?? REQUEST.text);
    const story = { net: "safe-teams", correlation, untilGate: sabotage.gate === true };
    const end = await followStory(team.broker, story, () => {}, AbortSignal.timeout(150_000));
    const pushes = team.repo.reflog("main").length - 1;
    const report = sabotageReport(sabotage, end, pushes);
    expect({ end: end.kind, pushes, events: report.by.length > 0 }).toEqual({ end: sabotage.ends, pushes: sabotage.pushes, events: true });
    expect(report.stopped).toBe(true);
    if (sabotage.pushes === 0) expectNothingPushed(team.repo);
    // Each wrong call was refused, none was done; and who did right was not held up.
    const wrong = sabotage.resumes ? sabotage.turns.flatMap((turn) => ("calls" in turn ? turn.calls.map(({ name }) => name) : [])) : [];
    const refused = report.by.map(({ summary }) => summary).join("\n");
    for (const name of wrong) expect(refused).toContain(`may not use ${name}`);
    const fired = end.events.filter(({ type }) => type === "fired").map(({ transition }) => transition);
    expect(fired).toContain("judge");
    expect(end.events.some(({ type }) => type === "decided")).toBe(false);
  });

  test("is not called stopped when it was not", async () => {
    team = await startTeam({ developers: {} });
    const [refuse] = SABOTAGES;
    if (!refuse) throw new Error("no sabotage");
    expect(sabotageReport(refuse, { kind: "delivered", events: [] }, 1).stopped).toBe(false);
    expect(sabotageReport(refuse, { kind: "escalated", events: [] }, 0).stopped).toBe(false);
  });
});
