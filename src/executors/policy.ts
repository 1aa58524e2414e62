/** The one point that says what an order or a tool call needs, checked on the machine where it would happen. */
import { parseFlags } from "../contract/capability.ts";
import type { WorkOrder } from "../contract/envelope.ts";
import { Refused } from "../contract/errors.ts";
import { decideTool } from "../personas/policy.ts";
import { toolCatalogue } from "../tools/catalogue.ts";
import { mcpServers, mcpTool } from "../tools/mcp/mcp-tools.ts";
import type { ToolDefinition } from "../tools/port.ts";

/** Effects outside the work directory. */
const HANDS_WITH_EFFECTS = new Set(["code.deliver"]);

/** Whether a fixed command pushes: pushing leaves the work directory whoever wrote the command. */
function pushes(order: WorkOrder): boolean {
  if (order.hand !== "shell.run" || !Array.isArray(order.input.argv)) return false;
  return /\bgit\b.*\bpush\b/s.test(order.input.argv.join(" "));
}

/** Throws Refused `capability-x-missing` when the order's persona may not have this done. */
export function checkOrder(order: WorkOrder): void {
  if (!HANDS_WITH_EFFECTS.has(order.hand) && !pushes(order)) return;
  if (order.persona && parseFlags(order.persona.flags).has("x")) return;
  const who = order.persona?.name ?? "no persona";
  throw new Refused({
    code: "capability-x-missing",
    message: `${order.hand} has effects outside its work directory, and ${who} (flags ${order.persona?.flags ?? "none"}) has no x`,
    hint: "let a persona with the flag x order it",
    where: `${order.net}/${order.transition}`,
  });
}

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
  const decision = decideTool(grant, tool, { workspace: true, reads: [], writes: [], release: order.release === true }, tools);
  if (!decision.allowed) throw decision.refused;
  if (decision.tool.runs !== "executor") throw new Refused({ code: "tool-not-here", message: `${tool} does not run on an executor` });
}
