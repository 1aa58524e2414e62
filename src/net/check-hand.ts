/** What a command's hand is called and given. Another room knows the hands. */
import type { Json, JsonObject } from "../contract/json.ts";
import { nearestHint } from "./check-nearest.ts";
import { elementOf, type Finding, failure, warning } from "./check-problem.ts";
import type { Transition } from "./definition.ts";
import { BROWSER_HAND, holdsBrowser, sessionHand } from "./executor-match.ts";
import type { JsonPath } from "./locate.ts";

type Agent = Extract<Transition, { kind: "agent" }>;

export interface HandFaults {
  /** Names of the hands that come with Petrel, for the mode. */
  names(mode: "run" | "session"): string[];
  /** What the schema of a hand says of an input; empty for a hand that it does not know. Paths lead into the input. */
  faults(hand: string, input: JsonObject): { path: JsonPath; message: string; inTemplate: boolean }[];
}

export function handFindings(transition: Transition, path: JsonPath, hands?: HandFaults): Finding[] {
  if (transition.kind === "agent" && transition.engine !== undefined && transition.workspace === undefined)
    return [
      failure(
        "engine-without-workspace",
        [...path, "engine"],
        `${elementOf(path)}: an engine works in a workspace, and there is none`,
        'give it a "workspace"; {} is a folder that begins empty',
      ),
    ];
  if (transition.kind === "agent") return [...browserFindings(transition, path), ...workspaceFindings(transition, path, hands)];
  if (transition.kind !== "command") return [];
  const { hand, argv, input } = transition;
  if (hand === "shell.run" && !argv?.length && (argv !== undefined || !saysWhatToRun(input)))
    return [
      failure("no-command", path, `${elementOf(path)}: the hand shell.run has nothing to run`, 'give an "argv", like ["npm", "test"]'),
    ];
  if (argv !== undefined && hand !== "shell.run")
    return [
      failure(
        "argv-of-another-hand",
        [...path, "argv"],
        `${elementOf(path)}: "argv" is for the hand shell.run, and ${hand} is given an "input"`,
      ),
    ];
  // What a template brings into a script would be run as part of it.
  if (hand === "shell.run" && typeof input?.script === "string" && /(?<!\$)\$\{/.test(input.script))
    return [
      failure(
        "template-in-script",
        [...path, "input", "script"],
        `${elementOf(path)}: a script holds no template, since what it brings would be run`,
        'give the value in "args" or "env", and write $1 or $NAME in the script; $${ stands for a plain ${',
      ),
    ];
  return [
    ...nameFindings(hand, path, hands),
    ...inputFindings(hand, { ...input, ...(argv ? { argv } : {}) }, [...path, "input"], path, hands),
  ];
}

function workspaceFindings(agent: Agent, path: JsonPath, hands?: HandFaults): Finding[] {
  if (!agent.workspace) return [];
  // What either engine works in is given the same.
  const hand = holdsBrowser(agent) ? BROWSER_HAND : sessionHand({});
  return inputFindings(hand, agent.workspace, [...path, "workspace"], path, hands);
}

function browserFindings(agent: Agent, path: JsonPath): Finding[] {
  const where = elementOf(path);
  if (holdsBrowser(agent)) {
    if (agent.engine === undefined) return [];
    const said = `${where}: an engine works on files, and this workspace is a browser`;
    return [failure("engine-in-browser", [...path, "engine"], said, 'remove "engine", or "browser"')];
  }
  if (agent.secrets === undefined) return [];
  const said = `${where}: "secrets" of an agent are typed into pages, and it has no browser`;
  return [
    failure("secrets-without-browser", [...path, "secrets"], said, 'give it "workspace": {"browser": {"url": "..."}}, or remove "secrets"'),
  ];
}

function saysWhatToRun(input: { [key: string]: Json } | undefined): boolean {
  return input?.argv !== undefined || input?.script !== undefined;
}

/** A hand of another room may be one that an executor has loaded. */
function nameFindings(hand: string, path: JsonPath, hands: HandFaults | undefined): Finding[] {
  if (!hands) return [];
  const known = hands.names("run");
  if (known.includes(hand)) return [];
  const at = [...path, "hand"];
  const where = elementOf(path);
  if (hands.names("session").includes(hand))
    return [
      failure("hand-of-agents", at, `${where}: ${hand} is an agent's workspace, no command`, 'use "kind": "agent" with a "workspace"'),
    ];
  const room = (name: string) => name.slice(0, name.indexOf("."));
  if (known.some((one) => room(one) === room(hand)))
    return [failure("unknown-hand", at, `${where} names the hand "${hand}", which there is not`, nearestHint(hand, known, "hands"))];
  const hint = `petrel executor start --hand FOLDER; ${nearestHint(hand, known, "hands")}`;
  return [
    warning("hand-to-be-loaded", at, `${where}: the hand "${hand}" does not come with Petrel; an executor must have loaded it`, hint),
  ];
}

/** What a template brings is not known yet. */
function inputFindings(hand: string, input: JsonObject, at: JsonPath, path: JsonPath, hands: HandFaults | undefined): Finding[] {
  const faults = hands?.faults(hand, input).filter(({ inTemplate }) => !inTemplate) ?? [];
  return faults.map((fault) => {
    const place = fault.path[0] === "argv" ? [...path, ...fault.path] : [...at, ...fault.path];
    return failure("hand-input", place, `${elementOf(path)}: ${hand} is given ${fault.message}`, `petrel hands show ${hand}`);
  });
}
