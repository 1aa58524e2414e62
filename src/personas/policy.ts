/** The one point where it is decided whether a persona may call a tool: flag, list and wiring must all allow it. */
import { parseFlags } from "../contract/capability.ts";
import { Refused } from "../contract/errors.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import type { ToolDefinition } from "../tools/port.ts";
import type { Persona } from "./persona-schema.ts";

/** What the net gives this firing, whatever the persona's file says. */
export interface Wiring {
  /** An executor holds a workspace for it. */
  workspace: boolean;
  /** Names of the tools that this transition allows; absent: all that the persona lists. */
  tools?: readonly string[];
  /** Places of its input arcs. */
  reads: readonly string[];
  /** Places of its output arcs. */
  writes: readonly string[];
}

export type ToolDecision = { allowed: true; tool: ToolDefinition } | { allowed: false; refused: Refused };

export function decideTool(
  persona: Pick<Persona, "persona" | "flags" | "tools">,
  name: string,
  wiring: Wiring,
  tools: ReadonlyMap<string, ToolDefinition> = toolCatalogue,
): ToolDecision {
  const tool = tools.get(name);
  if (!tool) return deny("tool-unknown", `there is no tool ${name}`, `Call one of the tools that you have: ${persona.tools.join(", ")}.`);
  if (tool.runs !== "loop" && !persona.tools.includes(name)) {
    return deny(
      "tool-not-listed",
      `${name} is not on the list of ${persona.persona}`,
      `Its tools are ${persona.tools.join(", ") || "none"}.`,
    );
  }
  if (tool.flag !== null && !parseFlags(persona.flags).has(tool.flag)) {
    return deny(
      "flag-missing",
      `${name} needs the flag ${tool.flag}, and ${persona.persona} has ${persona.flags}`,
      "A person can change the persona's flags.",
    );
  }
  if (wiring.tools && tool.runs !== "loop" && !wiring.tools.includes(name)) {
    return deny("tool-not-wired", `the net does not allow ${name} here`, `Here it allows ${wiring.tools.join(", ") || "no tools"}.`);
  }
  if (tool.runs === "executor" && !wiring.workspace) {
    return deny(
      "tool-not-wired",
      `${name} needs a workspace, and this transition has none`,
      "Give the transition a pool and a workspace in the net file.",
    );
  }
  if (name.startsWith("place.") && wiring.reads.length === 0 && wiring.writes.length === 0) {
    return deny("tool-not-wired", `${name} reaches no place from this transition`, "Its arcs decide which places it may reach.");
  }
  return { allowed: true, tool };
}

function deny(code: string, message: string, hint: string): ToolDecision {
  return { allowed: false, refused: new Refused({ code, message, hint }) };
}
