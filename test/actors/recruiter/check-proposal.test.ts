/** What a draft may not do, whoever drafted it: H1 flags, H2 nothing that is there, H3 round no gate. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { proposalProblems } from "../../../src/actors/recruiter/check-proposal.ts";
import { proposalSchema } from "../../../src/actors/recruiter/proposal.ts";
import type { JsonObject } from "../../../src/contract/json.ts";
import { checkNetFile } from "../../../src/net/check.ts";

const FILE = "nets/safe-teams-full.json";
const { definition } = checkNetFile(readFileSync(FILE, "utf8"), FILE);
const personas = new Set(Object.values(definition?.transitions ?? {}).flatMap(({ persona }) => persona ?? []));
const example = (JSON.parse(readFileSync("examples/roster/recruiter.json", "utf8")) as { answer: JsonObject }).answer;

function problems(change: (draft: Draft) => void, grant = "rw-hl"): string {
  const draft = structuredClone(example) as unknown as Draft;
  change(draft);
  const proposal = proposalSchema.parse({ need: "privacy", net: "safe-teams-full", grant, draft });
  return proposalProblems(proposal, { definition: definition as unknown as JsonObject, personas }).join("\n");
}
interface Draft {
  persona: JsonObject & { tools: string[] };
  transition: { id: string; definition: JsonObject };
}

describe("a proposal", () => {
  test("that reads beside the others and adds an opinion is sound", () => expect(problems(() => {})).toBe(""));

  test.each<[string, (draft: Draft) => void, RegExp]>([
    ["H1 asks for x", ({ persona }) => Object.assign(persona, { flags: "r-x--" }), /The flag x is never granted/],
    ["H1 lists a tool that its flags do not allow", ({ persona }) => persona.tools.push("fs.write"), /fs\.write needs the flag w/],
    ["H1 lists a tool that is not there", ({ persona }) => persona.tools.push("shell.anything"), /there is no tool "shell\.anything"/],
    ["H1 has fields that no persona has", ({ persona }) => Object.assign(persona, { admin: true }), /unknown field "admin"/],
    [
      "H2 takes the name of a persona that is there",
      ({ persona, transition }) => {
        persona.persona = "qa";
        transition.definition.persona = "qa";
      },
      /There is a persona qa already/,
    ],
    [
      "H2 takes the place of a transition",
      ({ transition }) => {
        transition.id = "deliver";
      },
      /has a transition deliver already/,
    ],
    [
      "H3 takes tokens away",
      ({ transition }) => {
        transition.definition.in = [{ place: "review", as: "change" }];
      },
      /It would take tokens out of review/,
    ],
    [
      "H3 delivers by itself",
      ({ transition }) => {
        transition.definition.out = [{ to: "delivered" }];
      },
      /It would put tokens into delivered/,
    ],
    [
      "H3 accepts by itself",
      ({ transition }) => {
        transition.definition.out = [{ to: "accepted" }];
      },
      /It would put tokens into accepted/,
    ],
    [
      "H3 is a command",
      ({ transition }) => {
        transition.definition = { ...transition.definition, kind: "command", pool: "code", argv: ["git", "push"] };
      },
      /kind llm or agent, not command|no sound one/,
    ],
    [
      "H3 works for another persona",
      ({ transition }) => {
        transition.definition.persona = "devops";
      },
      /belongs to devops, and the specialist is privacy-reviewer/,
    ],
    [
      "reads a place that is not there",
      ({ transition }) => {
        transition.definition.in = [{ place: "secrets", as: "change", mode: "read" }];
      },
      /secrets/,
    ],
  ])("that %s is none", (_, change, message) => expect(problems(change)).toMatch(message));

  test("H1 never grants more than its proposer may", () => {
    const writes = ({ persona }: Draft) => Object.assign(persona, { flags: "rw---" });
    expect(problems(writes)).toBe("");
    expect(problems(writes, "r----")).toMatch(/may not grant w; what may be granted is r----/);
  });
});
