/** What `notify.send` takes and gives. */
import * as z from "zod";
import type { HandCard } from "../../hand.ts";

/** Letters. What tokens bring into a template is cut, since a message that is not sent is told to nobody. */
export const MOST_SUBJECT = 200;
export const MOST_TEXT = 20_000;

const variable = z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/, "a variable of the transition's `secrets`, like SMTP_PASSWORD");
/** With or without a dot in its domain: the server of a private network may be `localhost` or `mailhost`. */
const address = z.email({ pattern: z.regexes.html5Email });
const webUrl = z.url({ protocol: /^https?$/ });

const smtp = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(587),
  tls: z
    .enum(["starttls", "tls", "none"])
    .default("starttls")
    .describe("`starttls` (default) goes on only encrypted, `tls` is so from the beginning, `none` is for a server on the same machine"),
  from: address,
  to: z.union([address, z.array(address).min(1).max(50)]),
  user: z.string().min(1).optional(),
  passwordFrom: variable.optional().describe("The variable of the transition's `secrets` that holds the password"),
});

const webhook = z
  .strictObject({
    url: webUrl.optional(),
    urlFrom: variable.optional().describe("The variable of the transition's `secrets` that holds the URL, since Slack's is a secret"),
    format: z
      .enum(["slack", "json"])
      .default("slack")
      .describe("`slack`: {text}, as Slack, Mattermost and Rocket.Chat take it. `json`: {subject, text, link, net, transition, firing}"),
    tokenFrom: variable.optional().describe("The variable that holds a bearer token"),
  })
  .refine(({ url, urlFrom }) => (url === undefined) !== (urlFrom === undefined), "one of url and urlFrom");

const command = z.strictObject({
  argv: z.array(z.string()).min(1).describe("It is given {subject, text, link, net, transition, firing} as JSON on stdin"),
});

export const notifyInput = z
  .strictObject({
    subject: z
      .string()
      .describe(`More than ${MOST_SUBJECT} letters are cut, and then stand at the head of the text; without one it is the step's name`),
    text: z.string().default("").describe(`More than ${MOST_TEXT} letters are cut`),
    smtp: smtp.optional(),
    webhook: webhook.optional(),
    command: command.optional(),
    link: z
      .union([z.literal("gate"), z.literal("net"), webUrl])
      .optional()
      .describe("Where it leads: the gates of a net, the net, or any URL. The gateway's address is put before it"),
    net: z.string().optional().describe("Of the link; default: this net"),
    limit: z
      .strictObject({
        most: z.int().min(1).max(10_000).default(20),
        per: z.enum(["minute", "hour", "day"]).default("hour"),
        over: z
          .enum(["fail", "drop"])
          .default("fail")
          .describe("`fail`: tried again when there is room, by the transition's retry. `drop`: the result says so"),
      })
      .prefault({})
      .describe("Messages to the same receiver from this net, whatever executors send them"),
    inDoubt: z
      .enum(["again", "quiet"])
      .default("again")
      .describe("An earlier attempt died while it sent: `again` sends with the same Message-ID or key, `quiet` does not"),
  })
  .refine((input) => [input.smtp, input.webhook, input.command].filter(Boolean).length === 1, "exactly one of smtp, webhook and command");
export type NotifyInput = z.output<typeof notifyInput>;

const notifyOutput = z.object({
  sent: z.boolean(),
  via: z.enum(["smtp", "webhook", "command"]),
  to: z.string(),
  id: z.string().describe("Message-ID, or the Idempotency-Key"),
  link: z.string().nullable(),
  noLink: z.string().optional().describe("Why a link that was asked for is not in the message"),
  already: z.boolean().describe("An earlier attempt of this firing had sent it"),
  inDoubt: z.boolean().describe("An earlier attempt died while it sent"),
  limited: z.boolean(),
});

export const notifyCard: HandCard = {
  name: "notify.send",
  about: "Tells a person once, by mail, webhook or command, with a link to the gate",
  ...{ input: notifyInput, output: notifyOutput, flag: null, mode: "run", enclosed: false },
};
