import * as z from "zod";
import { told, toldEvent } from "../event-words.ts";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const eventsTail = masterTool({
  name: "events.tail",
  flag: "l",
  description: "The newest events of your net's event line, oldest first. Tokens are named by place and id, without their data.",
  input: z.strictObject({ limit: z.int().min(1).max(200).default(30) }),
  output: z.strictObject({ events: z.array(toldEvent) }),
  limits: { seconds: 20, bytes: 64 * 1024 },
  errors: {},
  run: async ({ limit }, { events }) => {
    const found = await given(events, "the event line").newest({}, limit);
    return { events: found.events.map(told) };
  },
});
