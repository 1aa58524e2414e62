/** Everything that a NATS server stores for an account: each message of each stream, whatever the stream is for. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type Login, loginOptions } from "../../src/jetstream/server/login.ts";

export interface StoredMessage {
  stream: string;
  subject: string;
  headers: string;
  bytes: Buffer;
}

/** `visit` sees streams of logs, places, letters, work, results, and those behind key-value and object stores. Gives how many there were, by stream. */
export async function eachStoredMessage(nc: NatsConnection, visit: (message: StoredMessage) => void): Promise<Map<string, number>> {
  const manager = await jetstreamManager(nc, { timeout: 60_000 });
  const seen = new Map<string, number>();
  for await (const { config } of manager.streams.list()) {
    const { state } = await manager.streams.info(config.name);
    seen.set(config.name, 0);
    for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
      // Of a number that was taken and is gone again there is nothing to see.
      const message = await manager.streams.getMessage(config.name, { seq }).catch(() => null);
      if (!message) continue;
      seen.set(config.name, (seen.get(config.name) ?? 0) + 1);
      const headers = [...(message.header ?? [])].map(([name, values]) => `${name}: ${values.join(", ")}`).join("\n");
      visit({ stream: config.name, subject: message.subject, headers, bytes: Buffer.from(message.data) });
    }
  }
  return seen;
}

export function connectAsMaster(url: string, login: Login): Promise<NatsConnection> {
  return connect({ servers: url, ...loginOptions(login), maxReconnectAttempts: 0 });
}
