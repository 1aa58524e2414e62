/** A mail as a test reads it: headers by lower-case name, unfolded, and a plain text without its transfer encoding. */
import type { SMTPServerSession } from "smtp-server";

export interface ParsedMail {
  to: string[];
  subject: string;
  headers: Record<string, string>;
  text: string;
}

export function parseMail(raw: string, session: SMTPServerSession): ParsedMail {
  const cut = raw.indexOf("\r\n\r\n");
  const lines = raw
    .slice(0, cut)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  const body = raw.slice(cut + 4);
  const text = headers["content-transfer-encoding"] === "quoted-printable" ? body.replace(/=\r\n/g, "") : body;
  return { to: session.envelope.rcptTo.map(({ address }) => address), subject: headers.subject ?? "", headers, text };
}
