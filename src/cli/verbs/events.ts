/** Prints the events of a net's log. */

import { windowsBack } from "../../actors/log-backwards.ts";
import { checkName } from "../../client/ask.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import type { EventType, NetEvent } from "../../contract/event.ts";
import { isId } from "../../contract/ids.ts";
import type { Json } from "../../contract/json.ts";
import { eventType, printEvent } from "../event-filter.ts";
import { EXIT, type Verb } from "../verb.ts";

const LIMIT = 100;
/** Entries read at once, from the log's end back. */
const WINDOW = 1000;

export const eventsVerb: Verb = {
  command: "events <net>",
  summary: "print the events of a net, from its log",
  details: `Without --limit the last ${LIMIT} that match are printed; --limit 0 prints all. With --json: one array.`,
  examples: ["petrel events safe-teams --type failed", "petrel events safe-teams --since 120 --limit 0 --json"],
  options: [
    { flags: "--type <type...>", about: "only events of these types" },
    { flags: "--since <seq>", about: "only events after this number" },
    { flags: "--correlation <id>", about: "only events of one story" },
    { flags: "--limit <n>", about: `how many at most, the latest (default: ${LIMIT}, 0: all)` },
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const types = new Set<EventType>(call.list("type").map((text) => eventType(text, "--type")));
    const since = call.integer("since") ?? 0;
    const limit = call.integer("limit") ?? LIMIT;
    const correlation = call.text("correlation");
    const matches = (event: NetEvent) =>
      event.seq > since && (types.size === 0 || types.has(event.type)) && (correlation === undefined || event.correlation === correlation);
    const holding = correlation !== undefined && isId(correlation) ? { holding: correlation } : {};
    const found = await call.withBroker(async (broker) => {
      await noSuchNet(broker, net);
      const windows: NetEvent[][] = [];
      let count = 0;
      for await (const { events, entries } of windowsBack(broker.log(net), { window: WINDOW, ...holding })) {
        const some = events.filter(matches);
        windows.unshift(some);
        count += some.length;
        const reached = (entries[0]?.events[0]?.seq ?? Number.POSITIVE_INFINITY) <= since + 1;
        if (reached || (limit > 0 && count >= limit)) break;
      }
      return windows.flat();
    });
    const shown = limit === 0 ? found : found.slice(-limit);
    if (call.json) call.out.result(shown as unknown as Json, () => "");
    else for (const event of shown) printEvent(call.out, event, (text) => call.pasteable(text));
    if (shown.length === 0) call.out.say("no event matches");
    return EXIT.ok;
  },
};
