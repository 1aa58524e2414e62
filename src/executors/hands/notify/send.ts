/**
 * `notify.send`: tells a person, once for each firing.
 * N1 What was sent is remembered through the owner before the result is given: a later attempt, wherever it runs, sends nothing.
 * N2 Before it sends, it remembers that it begins to. Who finds that and no end is in doubt, and says so in its result.
 * N3 What certainly was not sent leaves no doubt behind.
 * N4 Every attempt gives the receiver the same id, made of the firing's key.
 */
import { sha256 } from "../../../contract/hash.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import { isJsonObject } from "../../../contract/json.ts";
import type { HandContext } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { commandChannel } from "./by-command.ts";
import { smtpChannel } from "./by-smtp.ts";
import { webhookChannel } from "./by-webhook.ts";
import { MOST_SUBJECT, MOST_TEXT, type NotifyInput, notifyInput } from "./card.ts";
import type { Channel, Message } from "./channel.ts";
import { takeRoom } from "./room.ts";
import { shortened } from "./shortened.ts";

const MEMORY = "notified";
const NO_GATEWAY =
  "no gateway is known where people would follow it: start one with `petrel up`, or set PETREL_GATEWAY_URL for the masters";

export async function notifySend(context: HandContext): Promise<Json> {
  const input = parseInput(notifyInput, context.order);
  const channel = channelOf(context, input);
  const message = messageOf(context, input);
  const result = {
    sent: true,
    via: channel.via,
    to: channel.to,
    id: message.id,
    link: message.link,
    ...(input.link !== undefined && message.link === null ? { noLink: NO_GATEWAY } : {}),
    already: false,
    inDoubt: false,
    limited: false,
  };
  const before = await context.recall(MEMORY);
  const state = isJsonObject(before) ? before.state : null;
  if (state === "sent") return { ...result, already: true }; // N1
  const inDoubt = state === "sending";
  if (inDoubt && input.inDoubt === "quiet") return { ...result, sent: false, inDoubt };
  if (!(await takeRoom(context, channel, input.limit))) return { ...result, sent: false, inDoubt, limited: true };
  await context.confirm();
  await context.remember(MEMORY, note("sending", context)); // N2
  try {
    await channel.send(message);
  } catch (error) {
    if (channel.certainlyNotSent(error)) await context.remember(MEMORY, note("not-sent", context)); // N3
    throw error;
  }
  await context.remember(MEMORY, note("sent", context));
  return { ...result, inDoubt };
}

function note(state: string, { order, workshop }: HandContext): JsonObject {
  return { state, attempt: order.attempt, at: new Date(workshop.clock.now()).toISOString() };
}

function channelOf(context: HandContext, { smtp, webhook, command }: NotifyInput): Channel {
  if (smtp) return smtpChannel(context, smtp);
  if (webhook) return webhookChannel(context, webhook);
  return commandChannel(context, command ?? { argv: [] });
}

/** N4 */
function messageOf({ order }: HandContext, { subject, text, link, net = order.net }: NotifyInput): Message {
  const { transition, firing, gateway } = order;
  const page = link === "gate" ? "gates" : "net";
  const at =
    link === "gate" || link === "net" ? (gateway === undefined ? null : `${gateway}/n/${encodeURIComponent(net)}/${page}`) : (link ?? null);
  const whole = subject.replace(/\s+/g, " ").trim() || `${order.net}/${transition}`;
  const short = shortened(whole, MOST_SUBJECT);
  const head = short === whole ? [] : [shortened(whole, MOST_TEXT / 4)];
  return {
    id: sha256(`petrel-notify/${order.key}`).slice(0, 40),
    subject: short,
    text: shortened([...head, text].filter(Boolean).join("\n\n"), MOST_TEXT),
    link: at,
    net: order.net,
    transition,
    firing,
  };
}
