/** A tool as it is told to people and programs. */
import * as z from "zod";
import type { JsonObject } from "../contract/json.ts";
import type { Need, ToolDefinition } from "./port.ts";

export interface ToolInfo {
  name: string;
  /** Null: it needs none. */
  flag: string | null;
  description: string;
  /** JSON Schema 2020-12. */
  input: JsonObject;
  output: JsonObject;
  runs: string;
  needs: readonly Need[];
  limits: { seconds: number; bytes: number };
  /** Code to meaning. */
  errors: Readonly<Record<string, string>>;
}

export function toolInfo({ name, flag, description, input, output, runs, needs, limits, errors }: ToolDefinition): ToolInfo {
  const wants: readonly Need[] = needs ?? (runs === "executor" ? ["workspace"] : []);
  return {
    name,
    flag,
    description,
    input: schemaOf(input, "input"),
    output: schemaOf(output, "output"),
    runs,
    needs: wants,
    limits,
    errors,
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io });
  return rest as JsonObject;
}
