import * as z from "zod";
import type { Json } from "../../contract/json.ts";
import { masterTool } from "../port.ts";

export const dataQuery = masterTool({
  name: "data.query",
  flag: null,
  description: "Ask a list of JSON values by ArcQL, each value as one token, like SELECT owner, sum(hours) AS hours FROM $ GROUP BY owner.",
  input: z.strictObject({
    items: z.array(z.json()).max(5000),
    query: z.string().min(1).max(4000),
    limit: z.int().min(1).max(1000).default(200),
  }),
  output: z.strictObject({ rows: z.array(z.json()), total: z.int() }),
  limits: { seconds: 10, bytes: 64 * 1024 },
  errors: { "expression-syntax": "it is no ArcQL", "query-too-long": "it took more than two seconds" },
  run: ({ items, query, limit }, { data }) => {
    const token = (value: Json, index: number) => ({
      ...{ id: `i-${index}`, data: value, from: { outside: "data" }, by: "data", at: "1970-01-01T00:00:00.000Z", correlation: "c" },
      v: 1 as const,
    });
    const { rows, total } = data.query(
      query,
      items.map((item, index) => ({ token: token(item, index), place: "items" })),
      limit,
    );
    const isToken = (row: Record<string, Json>) => row.place === "items" && typeof row.id === "string" && "value" in row;
    return { rows: rows.map((row) => (isToken(row) ? (row.value ?? null) : row)), total };
  },
});
