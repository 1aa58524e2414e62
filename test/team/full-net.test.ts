/** The team with ten reviewers: each reads by itself, the opinions are counted, and one more is a file and a transition. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import type { ModelProvider } from "../../src/models/port.ts";
import { rulesProvider } from "../../src/models/providers/rules.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { rosterRules } from "../../src/personas/rules/roster-rules.ts";
import { jsonDifferences } from "../support/json-differences.ts";
import { wallClock } from "../support/nats-server.ts";
import { everIn, fired, startTeam, type Team } from "./team-kit.ts";

const FILE = "nets/safe-teams-full.json";
const ELEVENTH = "examples/eleventh-reviewer";
const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8")) as JsonObject;
const shipped = readJson(FILE);
const patch = readJson(`${ELEVENTH}/transition.json`);
const eleven = { ...shipped, transitions: { ...(shipped.transitions as JsonObject), ...patch } };

let team: Team | undefined;
afterEach(async () => {
  await team?.stop();
  team = undefined;
});

/** Rules for the roster; one reviewer more, who blocks what mentions an e-mail address. */
function provider(): ModelProvider {
  const privacy = ({ request }: { request: { messages: unknown } }) => {
    const blocks = /e-?mail/i.test(JSON.stringify(request.messages));
    return { answer: { severity: blocks ? "blocking" : "none", notes: blocks ? "An e-mail address is kept." : "No personal data." } };
  };
  return rulesProvider(new Map([...rosterRules, ["privacy-reviewer", privacy]]), { clock: wallClock });
}
const request = (name: string, about: string) =>
  `${about}\n${JSON.stringify({
    function: name,
    about,
    examples: [
      [1, 2],
      [2, 4],
      [5, 10],
    ].map(([given, out]) => ({ in: given as number, out: out as number })),
  })}`;

describe("nets/safe-teams-full.json", () => {
  test("has ten reviewers and more of the place review, and one quorum", () => {
    const { definition, problems } = checkNetFile(JSON.stringify(shipped), FILE);
    expect(problems).toEqual([]);
    const readers = Object.values(definition?.transitions ?? {}).filter((each) =>
      each.in.some(({ place, mode }) => place === "review" && mode === "read"),
    );
    expect(readers.length).toBeGreaterThanOrEqual(10);
    expect(new Set(readers.map(({ persona }) => persona)).size).toBe(readers.length);
    // Nothing in it says how many they are, nor who.
    const rest = Object.values(definition?.transitions ?? {}).filter((each) => !readers.includes(each));
    for (const reader of readers) expect(JSON.stringify(rest)).not.toContain(`"${reader.persona}"`);
  });

  test("an eleventh reviewer is one persona file and one transition with its arc: the difference touches nothing else", () => {
    expect(jsonDifferences(shipped as Json, eleven as Json)).toEqual(["transitions.privacy"]);
    const transition = (patch as { privacy: { in: Json[] } }).privacy;
    expect(transition.in).toEqual([{ place: "review", as: "change", mode: "read" }]);
  });

  test("ten opinions make one verdict; with the eleventh, hired while the net runs, it is eleven", { timeout: 240_000 }, async () => {
    team = await startTeam({ developers: {}, provider: provider(), target: "main", netName: "safe-teams-full" });
    await team.request("Write twice", request("twice", "Doubles."));
    await team.tokensIn("delivered");
    const [verdict] = everIn(await team.events(), "quorum");
    expect(verdict).toMatchObject({ panel: 10, blocking: 0, qa: "pass" });
    expect(new Set((verdict as { opinions: { reviewer: string }[] } | undefined)?.opinions.map(({ reviewer }) => reviewer)).size).toBe(10);

    const persona = readJson(`${ELEVENTH}/privacy-reviewer.json`);
    const files = { "knowledge/privacy-reviewer.md": readFileSync(`${ELEVENTH}/knowledge/privacy-reviewer.md`, "utf8") };
    await team.askRuntime("apply-persona", { persona, files });
    await team.askRuntime("apply-net", { definition: eleven });
    await team.request("Write double", request("double", "Doubles, and keeps the e-mail address of who asked."));
    await team.tokensIn("escalations");
    const events = await team.events();
    // What the eleventh blocks the searching developer cannot mend: nothing is delivered a second time.
    const verdicts = everIn(events, "quorum").slice(1);
    expect(verdicts.map(({ panel, blocking, opinions }) => [panel, blocking, (opinions as Json[]).length])).toEqual([[11, 1, 11]]);
    expect(fired(events, "privacy")).toBe(1);
    expect(fired(events, "deliver")).toBe(1);
  });
});
