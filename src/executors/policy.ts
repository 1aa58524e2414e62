/** The one point that says what an order or a tool call needs, checked on the machine where it would happen. */
import { type Flag, parseFlags } from "../contract/capability.ts";
import type { WorkOrder } from "../contract/envelope.ts";
import { Refused } from "../contract/errors.ts";
import { BROWSER_HAND } from "../net/executor-match.ts";
import { decideTool } from "../personas/policy.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import { mcpServers, mcpTool } from "../tools/mcp/mcp-tools.ts";
import type { ToolDefinition } from "../tools/port.ts";
import type { HandCard } from "./hand.ts";

/** Throws Refused `capability-x-missing` (or another flag) when the order's persona may not have this done. */
export function checkOrder(order: WorkOrder, { flag }: Pick<HandCard, "flag">): void {
  const needed = typeof flag === "function" ? flag(order.input) : flag;
  if (needed === null || (order.persona && parseFlags(order.persona.flags).has(needed))) return;
  const who = order.persona?.name ?? "no persona";
  throw new Refused({
    code: `capability-${needed}-missing`,
    message: `${order.hand} ${MEANS[needed]}, and ${who} (flags ${order.persona?.flags ?? "none"}) has no ${needed}`,
    hint: `let a persona with the flag ${needed} order it`,
    where: `${order.net}/${order.transition}`,
  });
}

const MEANS: Record<Flag, string> = {
  r: "reads",
  w: "writes",
  x: "has effects outside its work directory",
  h: "makes HTTP requests",
  l: "reads the event line",
};

/**
 * The same policy as on the master, asked again where the tool runs: the caller is not trusted. Throws its Refused (`flag-missing`,
 * `tool-not-listed`, `tool-not-wired`), and `tool-not-here` for what does not run on an executor.
 */
export function checkTool(order: WorkOrder, tool: string): void {
  const declared = mcpServers.safeParse(order.input.mcp ?? {});
  const ofServer = declared.success ? mcpTool(declared.data, tool) : null;
  const tools: ReadonlyMap<string, ToolDefinition> = ofServer ? new Map([[tool, ofServer]]) : toolCatalogue;
  const persona = order.persona ?? { name: "no persona", flags: "-----", tools: [] };
  const grant = { persona: persona.name, flags: persona.flags, tools: persona.tools };
  const browser = order.hand === BROWSER_HAND;
  const wiring = { workspace: !browser, browser, reads: [], writes: [], release: order.release === true };
  const decision = decideTool(grant, tool, wiring, tools);
  if (!decision.allowed) throw decision.refused;
  if (decision.tool.runs !== "executor") throw new Refused({ code: "tool-not-here", message: `${tool} does not run on an executor` });
}
