/** A tool call's input against the tool's schema. */
import { Terminal } from "../../../contract/errors.ts";
import { issueLine } from "../../../contract/issue-line.ts";
import type { Json } from "../../../contract/json.ts";
import type { ToolDefinition } from "../../../tools/port.ts";

/** Throws Terminal `tool-input`, worded for the model that has to correct itself. `T` is what the schema yields. */
export function toolInput<T>(tool: ToolDefinition, input: Json): T {
  const parsed = tool.input.safeParse(input ?? {});
  if (parsed.success) return parsed.data as T;
  throw new Terminal({ code: "tool-input", message: `the input of ${tool.name} is wrong: ${issueLine(parsed.error)}` });
}
