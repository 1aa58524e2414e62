/** Which NATS servers a system uses: those that somebody else runs, or its own, on loopback or where other machines reach it by TLS. */
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { usage } from "../client/usage.ts";
import { Terminal } from "../contract/errors.ts";
import { isLoopback } from "../jetstream/server/broker-tls.ts";
import type { Durability } from "../jetstream/server/config.ts";
import type { ServerListening } from "../jetstream/server/listening.ts";
import type { VerbCall } from "./verb.ts";

export const BROKER_OPTIONS = [
  { flags: "--nats <urls>", about: "use these NATS servers, with commas between, and start none" },
  { flags: "--nats-monitor <urls>", about: "with --nats: where their monitors answer, for doctor" },
  { flags: "--tls-cert <file>", about: "PEM certificate of the broker: everything speaks to it by TLS then" },
  { flags: "--tls-key <file>", about: "its key" },
  { flags: "--tls-ca <file>", about: "PEM of who signed the broker's certificate, where the machines do not know it" },
  {
    flags: "--listen <address>",
    about:
      "address that the broker listens on, like 0.0.0.0:4222; any but loopback needs --tls-cert (default: 127.0.0.1; without a port the one that it had, at first a free one)",
  },
] as const;

export interface BrokerChoice {
  nats?: { urls: string; monitors?: string };
  listening?: ServerListening;
  /** Of a server of its own; absent: the one that it had. */
  brokerPort?: number;
  /** PEM. */
  ca?: string;
}

/** Errors: usage; Terminal `file-unreadable`. */
export function brokerChoice(call: VerbCall, durability: Durability): BrokerChoice {
  const nats = natsServers(call, durability);
  const { host, port } = hostAndPort(call.text("listen") ?? "127.0.0.1");
  const listening = ownListening(call, host);
  if (nats && (listening || port !== undefined))
    throw usage("--nats uses servers that run already, and the others are for a server of its own", "--nats or --tls-cert");
  const ca = call.text("tlsCa");
  return {
    ...(nats ? { nats } : {}),
    ...(listening ? { listening } : {}),
    ...(port === undefined ? {} : { brokerPort: port }),
    ...(ca === undefined ? {} : { ca: pem(resolve(call.petrel.cwd, ca)) }),
  };
}

function natsServers(call: VerbCall, durability: Durability): BrokerChoice["nats"] | null {
  const [urls, monitors] = [call.text("nats"), call.text("natsMonitor")];
  if (urls === undefined) {
    if (durability !== "replicated") return null;
    throw usage("--durability replicated needs a cluster of three NATS servers", "petrel up --nats URL1,URL2,URL3 --durability replicated");
  }
  const bad = urls.split(",").find((url) => !/^(nats|tls):\/\/[^/@\s]+$/.test(url));
  if (bad !== undefined) throw usage(`"${bad}" is no address of a NATS server`, "--nats nats://n1:4222,nats://n2:4222,nats://n3:4222");
  return { urls, ...(monitors === undefined ? {} : { monitors }) };
}

/** `0.0.0.0`, `0.0.0.0:4222`, `::1`, `[::1]:4222`. Errors: usage. */
export function hostAndPort(address: string): { host: string; port?: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(address) ?? [];
  const host = bracketed ?? plain ?? address;
  const port = Number(digits);
  if (!(isIPv6(host) || /^[A-Za-z0-9.-]+$/.test(host)) || port === 0 || port > 65_535)
    throw usage(`"${address}" is no address to listen on`, "--listen 0.0.0.0:4222");
  return digits === undefined ? { host } : { host, port };
}

function ownListening(call: VerbCall, host: string): ServerListening | null {
  const [cert, key] = [call.text("tlsCert"), call.text("tlsKey")];
  if ((cert === undefined) !== (key === undefined)) throw usage("a certificate and its key go together", "--tls-cert FILE --tls-key FILE");
  if (cert === undefined || key === undefined) {
    if (isLoopback(host)) return null;
    throw usage("a broker that other machines reach speaks TLS", `--listen ${call.text("listen")} --tls-cert FILE --tls-key FILE`);
  }
  return { host, tls: { cert: resolve(call.petrel.cwd, cert), key: resolve(call.petrel.cwd, key) } };
}

function pem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Terminal({ code: "file-unreadable", message: `${file} cannot be read`, hint: "--tls-ca ca.pem", where: file, cause });
  }
}
