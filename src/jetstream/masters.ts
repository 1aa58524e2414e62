/** Masters know of each other by memory entries with a life of their own, and ask each other by core requests. */
import type { CommandAnswer, MasterPresence, Masters } from "../contract/broker.ts";
import { buckets, subjects } from "../contract/subjects.ts";
import { askOwner } from "./answering.ts";
import { Bucket } from "./bucket.ts";
import { serveCommands } from "./commands.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";

const ASK_TIMEOUT_MS = 15_000;

export function jetStreamMasters(link: Link, keeping: Keeping): Masters {
  const bucket = new Bucket(link, buckets.masters, { ...keeping, description: "Masters that are there at the moment", entryTtl: true });
  return {
    announce: async (presence, ttlMs) => {
      await bucket.put(presence.name, JSON.stringify(presence), { ttlMs });
    },
    leave: async (name) => {
      const entry = await bucket.get(name);
      if (entry) await bucket.remove(entry.seq);
    },
    all: async () => {
      const found = (await bucket.list(">")).flatMap(({ data }) => parse(data) ?? []);
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    serve: (name, handle) => serveCommands(link, subjects.masterAll(name), handle),
    ask: async (name, verb, body, timeoutMs = ASK_TIMEOUT_MS) =>
      (await askOwner(link, subjects.master(name, verb), JSON.stringify(body), `master ${name}`, { timeoutMs })).json<CommandAnswer>(),
  };
}

function parse(data: Uint8Array): MasterPresence | null {
  try {
    const value = JSON.parse(new TextDecoder().decode(data)) as Partial<MasterPresence> | null;
    return typeof value?.name === "string" ? (value as MasterPresence) : null;
  } catch {
    return null;
  }
}
