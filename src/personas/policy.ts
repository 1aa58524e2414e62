/**
 * The one point where it is decided whether a persona may call a tool: its flags, inside them its list, inside that what the net gives
 * (arcs, a workspace, the position that releases). It is asked where a tool runs: by the turn loop for what runs on the master, by the
 * executor for what runs there. The rules are looked at in this order, and the first that says no decides.
 */
import { parseFlags } from "../contract/capability.ts";
import { Refused } from "../contract/errors.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import type { Need, ToolDefinition } from "../tools/port.ts";
import type { Persona } from "./persona-schema.ts";

/** What the net gives this firing, whatever the persona's file says. */
export interface Wiring {
  /** An executor holds a workspace with files for it. */
  workspace: boolean;
  /** An executor holds a browser for it. */
  browser?: boolean;
  /** Names of the tools that this transition allows; absent: all that the persona lists. */
  tools?: readonly string[];
  /** Places of its input arcs. */
  reads: readonly string[];
  /** Places of its output arcs. */
  writes: readonly string[];
  /** Places that its input arcs consume from. */
  takes?: readonly string[];
  /** The net file names it as the transition that releases. */
  release?: boolean;
  /** The persona has a memory. */
  memory?: boolean;
}

export type Grant = Pick<Persona, "persona" | "flags" | "tools">;

export interface Rule {
  rule: "tool" | "flag" | "list" | "net" | "place";
  allows: boolean;
  /** One sentence. */
  says: string;
}
export type ToolDecision = { rules: Rule[] } & ({ allowed: true; tool: ToolDefinition } | { allowed: false; refused: Refused });

type Denial = { code: string; hint: string };
type Verdict = Rule & { denial?: Denial };

export function decideTool(
  grant: Grant,
  name: string,
  wiring: Wiring,
  tools: ReadonlyMap<string, ToolDefinition> = toolCatalogue,
): ToolDecision {
  const tool = tools.get(name);
  if (!tool) {
    const verdict = no("tool", `there is no tool ${name.slice(0, 100)}`, {
      code: "tool-unknown",
      hint: `Call one of the tools that you have: ${grant.tools.join(", ") || "none"}.`,
    });
    return decided([verdict]);
  }
  const verdicts: Verdict[] = [];
  for (const rule of [flagRule, listRule, netRule]) {
    const verdict = rule(grant, tool, wiring);
    verdicts.push(verdict);
    if (!verdict.allows) return decided(verdicts);
  }
  return { allowed: true, tool, rules: verdicts };
}

function decided(verdicts: Verdict[]): ToolDecision {
  const last = verdicts.at(-1) as Verdict;
  const { code, hint } = last.denial as Denial;
  const rules = verdicts.map(({ rule, allows, says }) => ({ rule, allows, says }));
  return { allowed: false, refused: new Refused({ code, message: last.says, hint }), rules };
}

function flagRule({ persona, flags }: Grant, { name, flag, also }: ToolDefinition): Verdict {
  if (flag === null) return yes("flag", `${name} needs no flag`);
  const needed = also === undefined || also === flag ? [flag] : [flag, also];
  const words = `${name} needs the flag${needed.length > 1 ? "s" : ""} ${needed.join(" and ")}, and ${persona} has ${flags}`;
  const has = parseFlags(flags);
  if (needed.every((each) => has.has(each))) return yes("flag", words);
  return no("flag", words, { code: "flag-missing", hint: "A person can change the persona's flags." });
}

function listRule({ persona, tools }: Grant, { name, runs }: ToolDefinition): Verdict {
  if (tools.includes(name)) return yes("list", `${name} is on the list of ${persona}`);
  if (runs === "loop" && (name === "done" || name === "fail")) return yes("list", `${name} ends the work, and needs no listing`);
  return no("list", `${name} is not on the list of ${persona}`, {
    code: "tool-not-listed",
    hint: `Its tools are ${tools.join(", ") || "none"}.`,
  });
}

function netRule(_: Grant, tool: ToolDefinition, wiring: Wiring): Verdict {
  const { name, runs } = tool;
  if (wiring.tools && runs !== "loop" && !wiring.tools.includes(name)) {
    return wiring.tools.length === 0
      ? notWired("this transition offers no tools: only an agent calls any", 'Its kind in the net file would have to be "agent".')
      : notWired(`the net does not allow ${name} here`, `Here it allows ${wiring.tools.join(", ")}.`);
  }
  for (const need of needsOf(tool)) {
    const lack = lackOf(need, name, wiring);
    if (lack) return lack;
  }
  return yes(
    "net",
    `the net gives what ${name} needs${needsOf(tool).length === 0 ? ", which is nothing" : `: ${needsOf(tool).join(", ")}`}`,
  );
}

export function needsOf({ runs, needs }: ToolDefinition): readonly Need[] {
  const own = needs ?? [];
  return runs === "executor" && !own.includes("workspace") && !own.includes("browser") ? ["workspace", ...own] : own;
}

function lackOf(need: Need, name: string, wiring: Wiring): Verdict | null {
  switch (need) {
    case "workspace":
      return wiring.workspace
        ? null
        : notWired(
            `${name} needs a workspace, and this transition has none`,
            "Give the transition a pool and a workspace in the net file.",
          );
    case "browser":
      return wiring.browser === true
        ? null
        : notWired(
            `${name} needs a browser, and this transition has none`,
            'Give the transition "workspace": {"browser": {"url": "..."}}.',
          );
    case "release":
      return wiring.release === true
        ? null
        : notWired(
            `${name} is for the transition that releases, and this one does not`,
            'A net\'s author can set "release": true on the transition.',
          );
    case "memory":
      return wiring.memory === true
        ? null
        : notWired(`${name} needs a memory, and this persona has none`, 'Name a place under "memory" in the persona file.');
    case "takes":
      return (wiring.takes ?? []).length > 0
        ? null
        : notWired(`${name} takes tokens, and no input arc of this transition consumes`, "Its arcs decide which places it may reach.");
    default:
      return wiring[need].length > 0
        ? null
        : notWired(`${name} reaches no place from this transition`, "Its arcs decide which places it may reach.");
  }
}

/** Whether a place is within reach: by arcs alone, and what may be done there by the flags. */
export function decidePlace(grant: Pick<Grant, "persona" | "flags">, place: string, wiring: Wiring): { verbs: string[]; rules: Rule[] } {
  const flags = parseFlags(grant.flags);
  const says: [verb: string, arc: string, wired: boolean, flag: "r" | "w"][] = [
    ["read", "input", wiring.reads.includes(place), "r"],
    ["move from", "consuming input", (wiring.takes ?? []).includes(place), "w"],
    ["write to", "output", wiring.writes.includes(place), "w"],
  ];
  const rules = says.map(([verb, arc, wired, flag]): Rule => {
    const can = wired && flags.has(flag);
    const why = !wired
      ? `no ${arc} arc leads there`
      : flags.has(flag)
        ? `an ${arc} arc leads there, and its flags ${grant.flags} have ${flag}`.replace("an consuming", "a consuming")
        : `its flags ${grant.flags} have no ${flag}`;
    return { rule: "place", allows: can, says: `${grant.persona} ${can ? "may" : "may not"} ${verb} ${place} by a tool: ${why}` };
  });
  return { verbs: says.flatMap(([verb], at) => (rules[at]?.allows ? [verb] : [])), rules };
}

const yes = (rule: Rule["rule"], says: string): Verdict => ({ rule, allows: true, says });
const no = (rule: Rule["rule"], says: string, denial: Denial): Verdict => ({ rule, allows: false, says, denial });
const notWired = (says: string, hint: string): Verdict => no("net", says, { code: "tool-not-wired", hint });
