/** How many messages a receiver gets from this executor; kept on disk, so that a restart gives no new room. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Retryable } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import type { NotifyInput } from "./card.ts";
import type { Channel } from "./channel.ts";

const SPAN_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const fileSchema = z.record(z.string(), z.array(z.number()));

/** False when there is none and the message is to be dropped. Throws Retryable `notify-limited` with the time until there is. */
export async function takeRoom(context: HandContext, { via, to }: Channel, { most, per, over }: NotifyInput["limit"]): Promise<boolean> {
  const { dir, clock, locks } = context.workshop;
  const key = `${via} ${to}`;
  return await locks.hold("notify-room", async () => {
    const now = clock.now();
    const all = readRoom(dir);
    const recent = (all[key] ?? []).filter((at) => at > now - SPAN_MS.day && at <= now);
    const inSpan = recent.filter((at) => at > now - SPAN_MS[per]);
    if (inSpan.length < most) {
      const others = Object.entries(all).filter(([name, times]) => name !== key && times.some((at) => at > now - SPAN_MS.day));
      writeRoom(dir, { ...Object.fromEntries(others), [key]: [...recent, now] });
      return true;
    }
    if (over === "drop") return false;
    const retryAfterMs = Math.max(1000, (inSpan.at(-most) ?? now) + SPAN_MS[per] - now);
    throw new Retryable({
      code: "notify-limited",
      message: `${to} was sent ${inSpan.length} messages in the last ${per}, and ${most} is the most`,
      hint: "raise `limit`, or tell less",
      retryAfterMs,
    });
  });
}

function readRoom(dir: string): Record<string, number[]> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(join(dir, "notify-room.json"), "utf8")));
  } catch {
    return {};
  }
}

function writeRoom(dir: string, room: Record<string, number[]>): void {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "notify-room.json");
  writeFileSync(`${file}.new`, JSON.stringify(room), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
