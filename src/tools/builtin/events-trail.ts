import * as z from "zod";
import { Terminal } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import { told, toldEvent } from "../event-words.ts";
import { given } from "../hands.ts";
import { masterTool } from "../port.ts";

export const eventsTrail = masterTool({
  name: "events.trail",
  flag: "l",
  description: "The trail of one token through your net: every event that led to it and that came of it, oldest first.",
  input: z.strictObject({ token: z.string().min(1).max(64), limit: z.int().min(1).max(200).default(50) }),
  output: z.strictObject({ token: z.string(), events: z.array(toldEvent), more: z.boolean() }),
  limits: { seconds: 30, bytes: 64 * 1024 },
  errors: { "no-such-token": "no event within reach names the token" },
  run: async ({ token, limit }, { events }) => {
    const line = given(events, "the event line");
    const seen = (await line.newest({}, 20_000)).events;
    const first = seen.find((event) => names(event, token));
    if (!first) {
      throw new Terminal({
        code: "no-such-token",
        message: `no event within reach names the token ${token}`,
        hint: "events.search finds tokens by words.",
      });
    }
    const trail = new Set([...walk(seen, token, "back"), ...walk(seen, token, "on")]);
    const found = seen.filter((event) => trail.has(event));
    return { token, events: found.slice(0, limit).map(told), more: found.length > limit };
  },
});

function names(event: NetEvent, id: string): boolean {
  return made(event).includes(id) || used(event).includes(id);
}
const made = (event: NetEvent) => (event.produced ?? []).map(({ token }) => token.id);
const used = (event: NetEvent) => [...(event.consumed ?? []), ...(event.read ?? [])].map(({ id }) => id);

/** `back`: to what it was made of. `on`: to what was made of it. Events come in order, so one pass each is enough. */
function walk(events: readonly NetEvent[], token: string, way: "back" | "on"): NetEvent[] {
  const wanted = new Set([token]);
  const found: NetEvent[] = [];
  for (const event of way === "on" ? events : [...events].reverse()) {
    const [here, next] = way === "on" ? [used(event), made(event)] : [made(event), used(event)];
    if (!here.some((id) => wanted.has(id))) continue;
    found.push(event);
    for (const id of next) wanted.add(id);
  }
  return found;
}
