/** Messages as streams hand them out, by the leader's message get and by batched direct get. */
import type { Msg } from "@nats-io/transport-node";

export interface StoredMessage {
  subject: string;
  seq: number;
  data: Uint8Array;
  /** ISO time of storing. */
  time: string;
  header(name: string): string;
}

/** The leader's answer: base64 data, base64 header block. */
export function decodeStored(message: { subject: string; seq: number; data?: string; hdrs?: string; time: string }): StoredMessage {
  const lines = message.hdrs ? Buffer.from(message.hdrs, "base64").toString("utf8").split("\r\n") : [];
  const pairs = lines.slice(1).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const);
  const values = new Map(pairs);
  return {
    subject: message.subject,
    seq: message.seq,
    data: new Uint8Array(Buffer.from(message.data ?? "", "base64")),
    time: message.time,
    header: (name) => values.get(name) ?? "",
  };
}

/** A message of a direct get: its place in the stream stands in headers that the server adds. */
export function fromDirect(msg: Msg): StoredMessage {
  const header = (name: string) => msg.headers?.get(name) ?? "";
  return {
    subject: header("Nats-Subject"),
    seq: Number(header("Nats-Sequence")),
    data: msg.data,
    time: header("Nats-Time-Stamp"),
    header,
  };
}
