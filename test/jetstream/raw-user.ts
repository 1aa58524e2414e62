/** A client of the raw protocol, for what Petrel's own code would never send. */
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import { connect, headers } from "@nats-io/transport-node";
import { type Login, loginOptions } from "../../src/jetstream/server/login.ts";

export function rawUser(url: string, login: Login, inboxPrefix?: string): Promise<NatsConnection> {
  return connect({ servers: url, ...loginOptions(login), ...(inboxPrefix ? { inboxPrefix } : {}), maxReconnectAttempts: 0 });
}

/** "no" when the broker forbids it, else what came back. */
export async function tried(nc: NatsConnection, subject: string, body = "", marks?: MsgHdrs): Promise<string> {
  try {
    return (await nc.request(subject, body, { timeout: 60_000, noMux: true, ...(marks ? { headers: marks } : {}) })).string();
  } catch (error) {
    return /permission/i.test(String(error)) ? "no" : String(error);
  }
}

/** "no" when the broker forbids it. */
export function listening(nc: NatsConnection, subject: string): Promise<string> {
  return new Promise((resolve) => {
    nc.subscribe(subject, { callback: (error) => (error ? resolve("no") : undefined) });
    void nc.flush().then(() => setTimeout(() => resolve("heard"), 1000));
  });
}

export function marked(marks: Record<string, string>): MsgHdrs {
  const made = headers();
  for (const [name, value] of Object.entries(marks)) made.set(name, value);
  return made;
}
