/** What a draft may not do, whoever drafted it: H1 flags, H2 nothing that is there, H3 round no gate. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { proposalProblems } from "../../../src/actors/recruiter/check-proposal.ts";
import { proposalSchema } from "../../../src/actors/recruiter/proposal.ts";
import type { JsonObject } from "../../../src/contract/json.ts";
import { checkNetFile } from "../../../src/net/check.ts";

const FILE = "nets/safe-teams-full.json";
const { definition } = checkNetFile(readFileSync(FILE, "utf8"), FILE);
const flagsOf = (name: string) => (JSON.parse(readFileSync(`personas/${name}.json`, "utf8")) as { flags: string }).flags;
const personas = new Map(
  Object.values(definition?.transitions ?? {}).flatMap(({ persona }) =>
    persona === undefined ? [] : [[persona, flagsOf(persona)] as [string, string]],
  ),
);
const against = { definition: definition as unknown as JsonObject, hash: "v1", personas };
const example = (JSON.parse(readFileSync("examples/roster/recruiter.json", "utf8")) as { answer: JsonObject }).answer;

function problems(change: (draft: Draft) => void, grant = "rw-hl"): string {
  const draft = structuredClone(example) as unknown as Draft;
  change(draft);
  const proposal = proposalSchema.parse({ need: "privacy", net: "safe-teams-full", grant, draft });
  return proposalProblems(proposal, against).join("\n");
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

describe("an edit", () => {
  const held = structuredClone(against.definition) as unknown as EditedNet;
  const deliver = held.transitions.deliver as JsonObject;
  deliver.gate = { approvers: ["role:maintainer"], quorum: 1, notAuthor: false };
  const edit = (change: (net: EditedNet) => void, { base = "v1", grant = "rw-hl" } = {}) => {
    const edited = structuredClone(held);
    change(edited);
    const proposal = proposalSchema.parse({ need: "n", net: "safe-teams-full", grant, draft: { definition: edited, base, why: "w" } });
    return proposalProblems(proposal, { ...against, definition: held as unknown as JsonObject }).join("\n");
  };
  interface EditedNet {
    net: string;
    places: JsonObject;
    transitions: Record<string, JsonObject>;
  }
  const at = (net: EditedNet, name: string) => net.transitions[name] as JsonObject;

  test("of a time limit is sound", () =>
    expect(
      edit((net) => {
        at(net, "develop").timeout = "10m";
      }),
    ).toBe(""));

  test.each<[string, (net: EditedNet) => void, RegExp, { base?: string; grant?: string }?]>([
    ["H4 of another version", () => {}, /has changed since/, { base: "v0" }],
    [
      "of another net",
      (net) => {
        net.net = "other";
      },
      /is for safe-teams-full/,
    ],
    [
      "H5 that takes a gate away",
      (net) => {
        delete at(net, "deliver").gate;
      },
      /The gate of deliver is gone/,
    ],
    [
      "H5 that lets everybody approve",
      (net) => {
        at(net, "deliver").gate = { approvers: ["role:anybody"], quorum: 1, notAuthor: false };
      },
      /The gate of deliver is another one/,
    ],
    [
      "H6 that gives devops another position",
      (net) => {
        at(net, "security").persona = "devops";
      },
      /It gives devops, who has x, the position security/,
    ],
    [
      "H6 beyond what the proposer may grant",
      (net) => {
        at(net, "security").persona = "developer";
      },
      /developer at security has w, and its proposer may grant r----/,
      { grant: "r----" },
    ],
    [
      "H6 that begins to release",
      (net) => {
        at(net, "develop").release = true;
      },
      /develop would begin to release/,
    ],
    [
      "H7 that goes round a gate",
      (net) => {
        net.transitions.shortcut = { kind: "pass", in: [{ place: "accepted" }], out: [{ to: "delivered" }] };
      },
      /shortcut would put tokens into delivered, where only gates/,
    ],
    [
      "that is no sound net",
      (net) => {
        (at(net, "settle").out as JsonObject[])[0] = { to: "nowhere" };
      },
      /nowhere/,
    ],
  ])("%s", (_, change, says, more) => expect(edit(change, more)).toMatch(says));
});

test("a persona without a position is checked as any, and changes no net", () => {
  const persona = {
    persona: "archivist",
    title: "Archivist",
    flags: "r----",
    tools: ["place.read"],
    tier: "economy",
    prompt: "Keep order.",
  };
  const proposal = (over: JsonObject = {}, grant = "r----") =>
    proposalSchema.parse({ need: "n", net: "safe-teams-full", grant, draft: { persona: { ...persona, ...over }, why: "w" } });
  expect(proposalProblems(proposal(), against)).toEqual([]);
  expect(proposalProblems(proposal({ flags: "rw---" }), against).join()).toMatch(/may not grant w/);
  expect(proposalProblems(proposal({ persona: "qa" }), against).join()).toMatch(/There is a persona qa already/);
});
