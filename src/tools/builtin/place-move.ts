import * as z from "zod";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";

export const placeMove = masterTool({
  name: "place.move",
  flag: "w",
  description:
    "Move a token that nobody holds out of a place that your input arcs consume from, into a place that your output arcs name; with `data` it is changed on the way.",
  input: z.strictObject({
    from: z.string().min(1).max(160),
    id: z.string().min(1).max(64),
    to: z.string().min(1).max(160),
    data: z.json().optional(),
  }),
  output: z.strictObject({ id: z.string().describe("Of the token at its new place"), place: z.string() }),
  needs: ["takes", "writes"],
  limits: { seconds: 30, bytes: 1024 },
  errors: {
    "place-not-wired": "no consuming input arc, or no output arc, leads to the place",
    "no-such-token": "no such token lies there",
    "token-reserved": "a firing holds it",
    schema: "the data does not meet the place's schema",
    "place-full": "the place holds as many tokens as it may",
  },
  run: async ({ from, id, to, data }, { takes, writes, call }) => {
    const taker = handleOf(takes, from, "move from");
    return { ...(await taker.move(id, handleOf(writes, to, "write to"), data, call)), place: to };
  },
});
