import * as z from "zod";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const placeQuery = masterTool({
  name: "place.query",
  flag: "r",
  description:
    "Ask places that your input arcs name by ArcQL, like SELECT stage, count(*) AS n FROM review GROUP BY stage, or FROM review WHERE $.attempt > 2 ORDER BY $meta.at LIMIT 5.",
  input: z.strictObject({ query: z.string().min(1).max(4000), limit: z.int().min(1).max(200).default(50) }),
  output: z.strictObject({ rows: z.array(z.record(z.string(), z.json())), total: z.int() }),
  needs: ["reads"],
  limits: { seconds: 10, bytes: 64 * 1024 },
  errors: {
    "place-not-wired": "no input arc leads to a place that it names",
    "expression-syntax": "it is no ArcQL",
    "query-too-long": "it took more than two seconds",
    "query-past": "AS OF asks for the past, which a tool does not see",
  },
  run: ({ query, limit }, { reads, data }) => {
    const named = data.placesOf(query) ?? [...reads.keys()];
    const candidates = named.flatMap((place) =>
      handleOf(reads, place, "read")
        .peek()
        .map(({ token }) => ({ token, place })),
    );
    return data.query(query, candidates, limit);
  },
});
