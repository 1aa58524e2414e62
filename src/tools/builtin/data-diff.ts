import * as z from "zod";
import { jsonDifference } from "../json-difference.ts";
import { masterTool } from "../port.ts";

export const dataDiff = masterTool({
  name: "data.diff",
  flag: null,
  description: "How two JSON values differ: each change with its path (RFC 6901), and what stood there before and after.",
  input: z.strictObject({ before: z.json(), after: z.json(), limit: z.int().min(1).max(1000).default(200) }),
  output: z.strictObject({
    same: z.boolean(),
    changes: z.array(
      z.strictObject({
        path: z.string(),
        change: z.enum(["added", "removed", "changed"]),
        before: z.json().optional(),
        after: z.json().optional(),
      }),
    ),
    more: z.boolean(),
  }),
  limits: { seconds: 10, bytes: 64 * 1024 },
  errors: {},
  run: ({ before, after, limit }) => {
    const changes = jsonDifference(before, after);
    return { same: changes.length === 0, changes: changes.slice(0, limit), more: changes.length > limit };
  },
});
