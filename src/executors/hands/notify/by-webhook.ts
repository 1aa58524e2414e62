/** By a webhook, in Slack's form or as plain JSON. */
import { PetrelError, Retryable, Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { secretOf } from "../secret-of.ts";
import type { NotifyInput } from "./card.ts";
import type { Channel, Message } from "./channel.ts";

type Webhook = NonNullable<NotifyInput["webhook"]>;
const TIMEOUT_MS = 30_000;
const IN_DOUBT = "webhook-in-doubt";
/** The request never reached a server, or one that is not who it should be: it is sent when the certificate is looked at and found good. */
const NOT_REACHED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*)$/;

export function webhookChannel(context: HandContext, webhook: Webhook): Channel {
  const url = addressOf(webhook.url ?? secretOf(context, webhook.urlFrom ?? ""), webhook.urlFrom);
  context.checkHost(url);
  return {
    via: "webhook",
    to: url.host,
    // Of one host there are as many receivers as addresses: each of a chat's rooms has its own.
    receiver: url.href,
    send: (message) => post(context, webhook, url, message),
    certainlyNotSent: (error) => error instanceof PetrelError && error.code !== IN_DOUBT,
  };
}

/** The secret itself is told to nobody. */
function addressOf(text: string, variable = "url"): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new Terminal({
    code: "webhook-address",
    message: `what ${variable} holds is no address of a webhook: it begins with neither https:// nor http://`,
    hint: "petrel secret set NAME, with the whole address",
  });
}

async function post(context: HandContext, { format, tokenFrom }: Webhook, url: URL, message: Message): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(format === "slack" ? { text: slackText(message) } : bodyOf(message)),
    headers: {
      "content-type": "application/json",
      "idempotency-key": message.id,
      traceparent: context.traceparent,
      ...(tokenFrom === undefined ? {} : { authorization: `Bearer ${secretOf(context, tokenFrom)}` }),
    },
    // Somewhere else is somewhere that nobody has allowed.
    redirect: "manual",
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).catch((cause: unknown) => {
    context.signal.throwIfAborted();
    const under = (cause as Error).cause as { code?: string; message?: string } | undefined;
    const said = `the webhook at ${url.host} did not answer: ${under?.code || under?.message || (cause as Error).message}`;
    throw new Retryable({ code: NOT_REACHED.test(under?.code ?? "") ? "webhook-unreachable" : IN_DOUBT, message: said, cause });
  });
  const answer = (await response.text().catch(() => "")).slice(0, 300);
  if (response.ok) return;
  const said = `the webhook at ${url.host} answered ${response.status}: ${answer}`;
  if (response.status === 429 || response.status >= 500) {
    const seconds = Number(response.headers.get("retry-after"));
    throw new Retryable({ code: "webhook-busy", message: said, ...(seconds > 0 ? { retryAfterMs: Math.min(seconds, 3600) * 1000 } : {}) });
  }
  throw new Terminal({ code: "webhook-refused", message: said, hint: "check its address and token" });
}

export function bodyOf({ subject, text, link, net, transition, firing }: Message) {
  return { subject, text, link, net, transition, firing };
}

/** https://docs.slack.dev/messaging/formatting-message-text: three characters are escaped, and nothing in a token can then mention or link. */
function slackText({ subject, text, link }: Message): string {
  const plain = (words: string) => words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return [`*${plain(subject)}*`, plain(text), ...(link === null ? [] : [`<${link}|Open in Petrel>`])]
    .filter((part) => part !== "")
    .join("\n");
}
