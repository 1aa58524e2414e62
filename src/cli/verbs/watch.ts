/** Follows a net's log: one plain sentence for each event, as they come. */

import { windowsBack } from "../../actors/log-backwards.ts";
import { checkName } from "../../client/ask.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { followOutput } from "../../client/live-output.ts";
import type { Broker, EventLog } from "../../contract/broker.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import { eventType, printEvent } from "../event-filter.ts";
import { PrintedText } from "../printed-text.ts";
import { SpokenText } from "../spoken-text.ts";
import { StoryLines } from "../story-lines.ts";
import { EXIT, type Verb } from "../verb.ts";

const BACKLOG = 20;

export const watchVerb: Verb = {
  command: "watch <net>",
  summary: "follow the events of a net, one sentence each",
  details: `Starts with the last ${BACKLOG} events; with --since it starts after that number and --until looks at those too. Ctrl-C ends it.`,
  examples: [
    "petrel watch safe-teams",
    "petrel watch safe-teams --stream",
    "petrel watch safe-teams --output",
    "petrel watch safe-teams --story",
    "petrel watch safe-teams --since 0 --until stopped --json",
  ],
  options: [
    { flags: "--since <seq>", about: "start after the event with this number" },
    { flags: "--until <type>", about: "end with the first event of this type" },
    { flags: "--story", about: "a heading for each story, and its steps beneath; with --json each line names its story" },
    { flags: "--stream", about: "show what models say while they say it, too" },
    { flags: "--output", about: "show what running commands print, too" },
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const since = call.integer("since");
    const untilText = call.text("until");
    const until = untilText === undefined ? undefined : eventType(untilText, "--until");
    await call.withBroker(async (broker) => {
      await noSuchNet(broker, net);
      const log = broker.log(net);
      const stories = call.on("story") ? new StoryLines(broker, net) : null;
      const print = async (event: NetEvent) => {
        if (stories && call.json) return call.out.line({ ...event, ...(await stories.about(event)) } as unknown as Json, () => "");
        await stories?.heading(event, call.out);
        printEvent(call.out, event, (text) => call.pasteable(text));
      };
      let after = (await log.bounds()).first - 1;
      let shown = since ?? 0;
      if (since === undefined) {
        const recent: NetEvent[] = [];
        after = await log.read(after, (entry) => {
          recent.push(...entry.events);
          recent.splice(0, recent.length - BACKLOG);
        });
        for (const event of recent) await print(event);
        shown = recent.at(-1)?.seq ?? 0;
      } else {
        const last = await lastEvent(log);
        if (since > last)
          call.out.say(`${net} has come to event ${last}; what follows event ${since} is shown when it comes (Ctrl-C ends the waiting)`);
      }
      const said = call.on("stream") ? new SpokenText(call.out) : null;
      const listening = said && broker.liveText.listen(net, (piece) => said.take(piece));
      const printed = call.on("output") ? new PrintedText(call.out) : null;
      const over = new AbortController();
      const printing =
        printed && takeOutput(broker, net, AbortSignal.any([over.signal, call.petrel.signal]), printed, () => said?.endLine());
      try {
        for await (const entry of log.follow(after, call.petrel.signal)) {
          for (const event of entry.events) {
            if (event.seq <= shown) continue;
            shown = event.seq;
            said?.endLine();
            printed?.endLine();
            await print(event);
            if (event.type === until) return;
          }
        }
      } finally {
        over.abort();
        await printing;
        await listening?.stop();
      }
    });
    return EXIT.ok;
  },
};

async function takeOutput(broker: Broker, net: string, signal: AbortSignal, printed: PrintedText, before: () => void): Promise<void> {
  for await (const piece of followOutput(broker, { net, nets: [net], fits: () => true }, signal)) {
    before();
    printed.take(piece);
  }
}

/** The number of the newest event; 0 where there is none. */
async function lastEvent(log: EventLog): Promise<number> {
  for await (const { events } of windowsBack(log)) {
    const last = events.at(-1);
    if (last) return last.seq;
  }
  return 0;
}
