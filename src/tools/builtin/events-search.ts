import * as z from "zod";
import { EVENT_STATUSES, EVENT_TYPES } from "../../contract/event.ts";
import { told, toldEvent } from "../event-words.ts";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const eventsSearch = masterTool({
  name: "events.search",
  flag: "l",
  description:
    "Find events of your net by type, status, transition, persona, firing, correlation or words of the summary; the newest that match, oldest first.",
  input: z.strictObject({
    types: z.array(z.enum(EVENT_TYPES)).max(30).optional(),
    status: z.enum(EVENT_STATUSES).optional(),
    transition: z.string().max(160).optional(),
    persona: z.string().max(48).optional(),
    firing: z.string().max(64).optional(),
    correlation: z.string().max(64).optional(),
    text: z.string().max(200).optional(),
    limit: z.int().min(1).max(200).default(30),
  }),
  output: z.strictObject({
    events: z.array(toldEvent),
    whole: z.boolean().describe("The log was searched to its beginning, or as many as asked for were found"),
  }),
  limits: { seconds: 30, bytes: 64 * 1024 },
  errors: {},
  run: async ({ limit, ...filter }, { events }) => {
    const found = await given(events, "the event line").newest(filter, limit);
    return { events: found.events.map(told), whole: found.whole || found.events.length === limit };
  },
});
