/** The JSON Schema of net files, for editors and other programs: made from the same source as the checker's. */
import * as z from "zod";
import type { JsonObject } from "../contract/json.ts";
import { netSchema } from "./definition.ts";

/**
 * Draft 2020-12, of the file as people write it, so that fields with a default may be left out. Without `$id`: files name it
 * by a relative path.
 */
export function netJsonSchema(): JsonObject {
  const { $schema, ...schema } = z.toJSONSchema(netSchema, { io: "input", target: "draft-2020-12" });
  return {
    $schema: $schema ?? "https://json-schema.org/draft/2020-12/schema",
    title: "Petrel net",
    description: "A Petri net of AI specialists: places, transitions with their arcs, and the tokens to begin with.",
    ...(schema as JsonObject),
  };
}
