/** Connections to the broker: a master's, and an executor's with its own narrow credentials. */
import type { NatsConnection } from "@nats-io/transport-node";
import { AuthorizationError, connect } from "@nats-io/transport-node";
import type { Broker, ExecutorLine } from "../contract/broker.ts";
import type { Clock } from "../contract/clock.ts";
import { Retryable, Terminal } from "../contract/errors.ts";
import type { IdSource } from "../contract/ids.ts";
import { jetStreamBroker } from "./broker.ts";
import { JetStreamExecutorLine } from "./executor-line.ts";
import { keepingOf } from "./keeping.ts";
import { Link } from "./link.ts";
import { serveLookout } from "./lookout.ts";
import { refusalOf, tooManyConnections } from "./refusal.ts";
import { pause } from "./retry.ts";
import { clientTls } from "./server/broker-tls.ts";
import type { Durability } from "./server/config.ts";
import { hasJwt, type Login, loginOptions } from "./server/login.ts";
import { executorInbox } from "./server/permissions.ts";

export interface ConnectOptions extends Login {
  /** `nats://host:port` or `tls://host:port`, several with commas between */
  url: string;
  /** How this process is called in the broker's list of connections. */
  name: string;
  clock: Clock;
  /** PEM of who signed the certificate of a `tls://` broker, where the machine does not know it. */
  ca?: string;
  /** Milliseconds to wait for the first connection; default 10,000. */
  connectMs?: number;
}

export interface BrokerOptions extends ConnectOptions {
  ids: IdSource;
  /** `memory` keeps every stream in the broker's memory, `replicated` on three servers of a cluster; default `fsync`. */
  durability?: Durability;
  /** Serves those who only look, as masters do: see `lookout.ts`. */
  lookout?: boolean;
}

/** Throws Retryable `broker-unreachable` or `too-many-connections`, Terminal `broker-refused-user` or `no-cluster`. */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const nc = await dial(options);
  if (options.durability === "replicated" && nc.info?.cluster === undefined) {
    await nc.close();
    throw notClustered(options.url);
  }
  const link = new Link(nc, options.clock, { ...(options.apiPrefix === undefined ? {} : { apiPrefix: options.apiPrefix }) });
  if (options.lookout) await serveLookout(link);
  return jetStreamBroker(link, { ids: options.ids, keeping: keepingOf(options.durability) });
}

/** `name` is the executor's name, which its permissions are bound to. Errors as for `connectBroker`. */
export async function connectExecutorLine(options: ConnectOptions): Promise<ExecutorLine> {
  const inboxPrefix = executorInbox(options.name);
  const link = new Link(await dial(options, inboxPrefix), options.clock, { inboxPrefix });
  // With an account of its own an executor pulls through what that account imports.
  return new JetStreamExecutorLine(link, hasJwt(options) ? (queue) => `pull.${queue}` : undefined);
}

async function dial(options: ConnectOptions, inboxPrefix?: string): Promise<NatsConnection> {
  const end = options.clock.now() + (options.connectMs ?? 10_000);
  for (;;) {
    try {
      return await connect({
        servers: options.url.split(","),
        ...loginOptions(options),
        ...clientTls(options.url, options.ca),
        name: options.name,
        timeout: 3000,
        // By default the client gives up for good after ten tries, and notices a dead server after four minutes.
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 150,
        pingInterval: 10_000,
        maxPingOut: 2,
        // A password that is refused during a restart or a reload must not close the connection for ever.
        ignoreAuthErrorAbort: true,
        ...(inboxPrefix ? { inboxPrefix } : {}),
      });
    } catch (cause) {
      if (cause instanceof AuthorizationError || (cause instanceof Error && cause.cause instanceof AuthorizationError)) {
        throw new Terminal({
          code: "broker-refused-user",
          message: `the broker at ${options.url} refuses ${hasJwt(options) ? "these credentials" : `user ${options.user}`}`,
          hint: "use the credentials of this state folder (credentials.json); of an executor, also of one that was revoked, petrel executor enroll NAME on the masters' side makes new ones",
          cause,
        });
      }
      if (options.clock.now() >= end) throw tooManyConnections(await refusalOf(options), options, cause) ?? unreachable(options.url, cause);
      await pause(options.clock, 250);
    }
  }
}

function notClustered(url: string): Terminal {
  return new Terminal({
    code: "no-cluster",
    message: `the NATS server at ${url} is part of no cluster, so nothing can be kept on three servers`,
    hint: "give the addresses of a cluster of three, or use --durability fsync",
  });
}

function unreachable(url: string, cause: unknown): Retryable {
  return new Retryable({
    code: "broker-unreachable",
    message: `no NATS server answers at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "start it with `petrel up`, or give the address of a running one",
    cause,
  });
}
