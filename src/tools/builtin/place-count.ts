import * as z from "zod";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const placeCount = masterTool({
  name: "place.count",
  flag: "r",
  description: "Count the tokens at rest in a place that your input arcs name, all of them or those that meet an ArcQL condition.",
  input: z.strictObject({ place: z.string().min(1).max(160), where: z.string().max(4000).optional() }),
  output: z.strictObject({ place: z.string(), count: z.int(), held: z.int().describe("Of these, held by firings under way") }),
  needs: ["reads"],
  limits: { seconds: 10, bytes: 1024 },
  errors: { "place-not-wired": "no input arc leads to the place", "expression-syntax": "the condition is no ArcQL" },
  run: ({ place, where }, { reads, data }) => {
    const resting = handleOf(reads, place, "read").peek();
    const matching = new Set(
      data
        .query(
          where === undefined ? "FROM $" : `FROM $ WHERE ${where}`,
          resting.map(({ token }) => ({ token, place })),
          resting.length || 1,
        )
        .rows.map(({ id }) => id),
    );
    const held = resting.filter(({ token, reservedBy }) => reservedBy !== null && matching.has(token.id)).length;
    return { place, count: matching.size, held };
  },
});
