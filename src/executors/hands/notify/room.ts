/** How many messages a receiver gets from one net, whatever executor sends them: the net's owner counts. */
import { Retryable } from "../../../contract/errors.ts";
import { sha256 } from "../../../contract/hash.ts";
import type { HandContext } from "../../hand.ts";
import type { NotifyInput } from "./card.ts";
import type { Channel } from "./channel.ts";

const SPAN_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** False when there is none and the message is to be dropped. Throws Retryable `notify-limited` with the time until there is. */
export async function takeRoom(
  context: HandContext,
  { via, to, receiver = to }: Channel,
  { most, per, over }: NotifyInput["limit"],
): Promise<boolean> {
  const name = `notify-${sha256(`${via} ${receiver}`).slice(0, 32)}`;
  const { free, taken, waitMs } = await context.takeRoom(name, { most, spanMs: SPAN_MS[per] });
  if (free) return true;
  if (over === "drop") return false;
  throw new Retryable({
    code: "notify-limited",
    message: `${to} was sent ${taken} messages in the last ${per}, and ${most} is the most`,
    hint: "raise `limit`, or tell less",
    retryAfterMs: Math.max(1000, waitMs),
  });
}
