/** The one point that says what an order or a tool call needs, checked on the machine where it would happen. */
import { parseFlags } from "../contract/capability.ts";
import type { WorkOrder } from "../contract/envelope.ts";
import { Refused } from "../contract/errors.ts";
import { toolCatalogue } from "../tools/catalogue.ts";

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

/** Throws Refused `tool-not-granted` or `capability-<flag>-missing` when the persona may not call the tool. */
export function checkTool(order: WorkOrder, tool: string): void {
  const definition = toolCatalogue.get(tool);
  const persona = order.persona;
  if (definition?.runs !== "executor" || !persona?.tools.includes(tool)) {
    throw new Refused({
      code: "tool-not-granted",
      message: `${persona?.name ?? "no persona"} is not granted the tool ${tool} on an executor`,
      hint: `tools granted: ${persona?.tools.join(", ") || "none"}`,
    });
  }
  if (definition.flag !== null && !parseFlags(persona.flags).has(definition.flag)) {
    throw new Refused({
      code: `capability-${definition.flag}-missing`,
      message: `the tool ${tool} needs the flag ${definition.flag}, and ${persona.name} has ${persona.flags}`,
    });
  }
}
