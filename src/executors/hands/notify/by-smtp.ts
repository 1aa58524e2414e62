/** By mail. The Message-ID is made of the firing's key: servers and readers that drop doubles can tell one. */
import { Readable } from "node:stream";
import type { SMTPError } from "nodemailer/lib/smtp-connection/index.js";
import { PetrelError, Retryable, Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { secretOf } from "../secret-of.ts";
import type { NotifyInput } from "./card.ts";
import type { Channel, Message } from "./channel.ts";

type Smtp = NonNullable<NotifyInput["smtp"]>;
const TIMEOUT_MS = 30_000;
/** The server may have taken the mail: its answer is what is missing. */
const IN_DOUBT = "mail-in-doubt";

export function smtpChannel(context: HandContext, smtp: Smtp): Channel {
  const to = Array.isArray(smtp.to) ? smtp.to : [smtp.to];
  context.checkHost(`smtp://${smtp.host}:${smtp.port}`);
  return {
    via: "smtp",
    to: to.join(", "),
    send: (message) => sendMail(context, smtp, to, message),
    certainlyNotSent: (error) => error instanceof PetrelError && error.code !== IN_DOUBT,
  };
}

async function sendMail(context: HandContext, smtp: Smtp, to: string[], message: Message): Promise<void> {
  // Loaded when a mail is sent: no other command waits for it.
  const { createTransport } = await import("nodemailer");
  const { user, passwordFrom, tls, host, port } = smtp;
  const auth = user === undefined ? {} : { auth: { user, pass: passwordFrom ? secretOf(context, passwordFrom) : "" } };
  const transport = createTransport({
    ...{ host, port, ...auth, secure: tls === "tls", requireTLS: tls === "starttls", ignoreTLS: tls === "none" },
    ...{ connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS },
    // No mail reads a file or a URL of this machine.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  const end = () => transport.close();
  context.signal.addEventListener("abort", end, { once: true });
  // A text that is read as it is sent: who has read it to its end may have got it.
  const text = Readable.from([textOf(message)]);
  let handedOver = false;
  text.once("end", () => {
    handedOver = true;
  });
  try {
    const { rejected } = await transport.sendMail({
      ...{ from: smtp.from, to, subject: message.subject, text, messageId: `<${message.id}@petrel>` },
      headers: { "X-Petrel-Firing": context.key, "Auto-Submitted": "auto-generated" },
    });
    if (rejected.length > 0) context.logger.warn({ rejected: rejected.length }, "a mail server refused some receivers");
  } catch (error) {
    context.signal.throwIfAborted();
    throw mailError(error as SMTPError, host, handedOver);
  } finally {
    context.signal.removeEventListener("abort", end);
    transport.close();
  }
}

function textOf({ text, link, net, transition }: Message): string {
  return [text, ...(link === null ? [] : [link]), `-- \nSent by Petrel for ${net}/${transition}.`]
    .filter((part) => part !== "")
    .join("\n\n");
}

function mailError(error: SMTPError, host: string, handedOver: boolean): Retryable | Terminal {
  const { responseCode, code, message } = error;
  const said = `the mail server ${host} did not take the mail: ${message}`;
  if (code === "EAUTH")
    return new Terminal({ code: "mail-login", message: said, hint: "check `user` and the secret of `passwordFrom`", cause: error });
  if (responseCode !== undefined && responseCode >= 500)
    return new Terminal({ code: "mail-refused", message: said, hint: "check `from` and `to`", cause: error });
  if (responseCode !== undefined) return new Retryable({ code: "mail-deferred", message: said, cause: error });
  if (code === "ETLS")
    return new Terminal({ code: "mail-not-encrypted", message: said, hint: '"tls": "none" is for a server on this machine', cause: error });
  return new Retryable({ code: handedOver ? IN_DOUBT : "mail-unreachable", message: said, cause: error });
}
