import * as z from "zod";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const placeEmit = masterTool({
  name: "place.emit",
  flag: "w",
  description: "Put a token into a place that your output arcs name, now, beside the answer that ends your work.",
  input: z.strictObject({ place: z.string().min(1).max(160), data: z.json() }),
  output: z.strictObject({ id: z.string(), place: z.string() }),
  needs: ["writes"],
  limits: { seconds: 30, bytes: 1024 },
  errors: {
    "place-not-wired": "no output arc leads to the place",
    schema: "the data does not meet the place's schema",
    "place-full": "the place holds as many tokens as it may",
  },
  run: async ({ place, data }, { writes, call }) => ({ ...(await handleOf(writes, place, "write to").put(data, call)), place }),
});
