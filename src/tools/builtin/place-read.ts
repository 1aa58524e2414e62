import { z } from "zod";
import type { ToolDefinition } from "../port.ts";

export const placeRead: ToolDefinition = {
  name: "place.read",
  flag: "r",
  description:
    'Read tokens at rest in a place that your input arcs name. `where` is an ArcQL condition on the token\'s data, like $.status == "ready".',
  input: z.strictObject({
    place: z.string().min(1).max(100),
    where: z.string().max(4000).optional(),
    limit: z.int().min(1).max(100).default(20),
  }),
  output: z.strictObject({ tokens: z.array(z.json()), more: z.boolean() }),
  runs: "master",
  limits: { seconds: 10, bytes: 64 * 1024 },
};
