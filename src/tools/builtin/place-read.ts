import * as z from "zod";
import type { Json } from "../../contract/json.ts";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const placeRead = masterTool({
  name: "place.read",
  flag: "r",
  description:
    'Read tokens at rest in a place that your input arcs name. `where` is an ArcQL condition on the token\'s data, like $.status == "ready".',
  input: z.strictObject({
    place: z.string().min(1).max(160),
    where: z.string().max(4000).optional(),
    limit: z.int().min(1).max(100).default(20),
  }),
  output: z.strictObject({
    place: z.string(),
    tokens: z.array(z.strictObject({ id: z.string(), data: z.json(), at: z.string(), by: z.string() })),
    more: z.boolean(),
  }),
  needs: ["reads"],
  limits: { seconds: 10, bytes: 64 * 1024 },
  errors: { "place-not-wired": "no input arc leads to the place", "expression-syntax": "the condition is no ArcQL" },
  run: ({ place, where, limit }, { reads, data }) => {
    const resting = handleOf(reads, place, "read").peek();
    const byId = new Map(resting.map(({ token }) => [token.id, token]));
    const { rows } = data.query(
      where === undefined ? "FROM $" : `FROM $ WHERE ${where}`,
      resting.map(({ token }) => ({ token, place })),
      limit + 1,
    );
    const tokens = rows.slice(0, limit).flatMap(({ id }) => {
      const token = byId.get(String(id));
      return token ? [{ id: token.id, data: token.data as Json, at: token.at, by: token.by }] : [];
    });
    return { place, tokens, more: rows.length > limit };
  },
});
