import * as z from "zod";
import { masterTool } from "../port.ts";

export const dataValidate = masterTool({
  name: "data.validate",
  flag: null,
  description: "Validate a JSON value against a JSON Schema 2020-12.",
  input: z.strictObject({ schema: z.record(z.string(), z.json()), value: z.json() }),
  output: z.strictObject({ ok: z.boolean(), problems: z.array(z.string()) }),
  limits: { seconds: 10, bytes: 16 * 1024 },
  errors: { "schema-unsound": "the schema is no JSON Schema" },
  run: ({ schema, value }, { data }) => {
    const problems = data.mismatches(schema, value);
    return { ok: problems.length === 0, problems };
  },
});
