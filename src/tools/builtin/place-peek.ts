import * as z from "zod";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const placePeek = masterTool({
  name: "place.peek",
  flag: "r",
  description:
    "See what waits in a place that your input arcs name, oldest first: ids, ages, who holds it, and the names of its fields, without the data.",
  input: z.strictObject({ place: z.string().min(1).max(160), limit: z.int().min(1).max(200).default(20) }),
  output: z.strictObject({
    place: z.string(),
    tokens: z.array(
      z.strictObject({
        id: z.string(),
        by: z.string(),
        at: z.string(),
        ageSeconds: z.int(),
        held: z.boolean().describe("A firing under way holds it"),
        correlation: z.string(),
        fields: z.array(z.string()),
      }),
    ),
    more: z.boolean(),
  }),
  needs: ["reads"],
  limits: { seconds: 5, bytes: 32 * 1024 },
  errors: { "place-not-wired": "no input arc leads to the place" },
  run: ({ place, limit }, { reads, clock }) => {
    const resting = handleOf(reads, place, "read").peek();
    const tokens = resting.slice(0, limit).map(({ token, reservedBy }) => ({
      id: token.id,
      by: token.by,
      at: token.at,
      ageSeconds: Math.max(0, Math.floor((clock.now() - Date.parse(token.at)) / 1000)),
      held: reservedBy !== null,
      correlation: token.correlation,
      fields:
        typeof token.data === "object" && token.data !== null && !Array.isArray(token.data) ? Object.keys(token.data).slice(0, 40) : [],
    }));
    return { place, tokens, more: resting.length > limit };
  },
});
