/** Entries of a log as a compressed file of JSON lines, with what it takes to follow their chain. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Broker, LogEntry } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { entryHash } from "../../contract/hash.ts";

/** Lines kept until the disk has taken what came before. */
const WINDOW = 500;

/**
 * Writes the entries from `from` to `to`, one line each: {"sequence","id","epoch","prev","hash","events"}. `hash` is over the events as
 * JSON text without white space, as in the log. Errors: Terminal `archive-differs`.
 */
export async function archiveEntries(broker: Broker, net: string, range: { from: number; to: number }, file: string): Promise<void> {
  const gzip = createGzip();
  const written = finished(gzip.pipe(createWriteStream(file, { flags: "wx", mode: 0o600 })));
  for (let from = range.from; from <= range.to; from += WINDOW) {
    const lines: string[] = [];
    await broker
      .log(net)
      .read(from - 1, (entry) => void lines.push(lineOf(net, entry)), { upTo: Math.min(range.to, from + WINDOW - 1), epoch: 0 });
    if (!gzip.write(lines.join(""))) await once(gzip, "drain");
  }
  gzip.end();
  await written;
}

function lineOf(net: string, entry: LogEntry): string {
  const { sequence, id, epoch, prev, hash, events } = entry;
  if (entryHash({ prev, epoch, id }, JSON.stringify(events)) !== hash) {
    const message = `entry ${sequence} of ${net} would not be archived as it is in the log`;
    throw new Terminal({ code: "archive-differs", message, hint: "nothing was cleared; petrel verify" });
  }
  return `${JSON.stringify({ sequence, id, epoch, prev, hash, events })}\n`;
}
