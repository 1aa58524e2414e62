/** Connections that exist only where their address is allowed (H1): looked at before the connection and on the socket itself. */
import type { LookupAddress, LookupOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { Refused } from "../contract/errors.ts";
import { bareHost, type Target } from "./host-list.ts";

/** As `dns.lookup` with `all`. */
export type LookUp = (host: string, options: LookupOptions, done: (error: Error | null, found: LookupAddress[]) => void) => void;

export type Permits = (target: Target, address: string) => boolean;

const CONNECT_MS = 10_000;

export function guardedConnector(permits: Permits, lookUp: LookUp): buildConnector.connector {
  return (options, callback) => {
    const target: Target = {
      host: bareHost(options.hostname).toLowerCase(),
      port: Number(options.port) || (options.protocol === "https:" ? 443 : 80),
    };
    // Sockets look no literal address up, so it is looked at here.
    if (isIP(target.host) !== 0 && !permits(target, target.host)) return callback(notAllowed(target), null);
    const connect = buildConnector({ timeout: CONNECT_MS, lookup: guardedLookUp(target, permits, lookUp) } as buildConnector.BuildOptions);
    connect(options, (error, socket) => {
      if (error || !socket) return callback(error ?? new Error("no socket"), null);
      if (permits(target, socket.remoteAddress ?? "")) return callback(null, socket);
      socket.destroy();
      callback(notAllowed(target), null);
    });
  };
}

/** One look-up for a connection: what it found and may be used is what is connected to, and nothing else. */
function guardedLookUp(target: Target, permits: Permits, lookUp: LookUp): LookupFunction {
  return (host, options, done) => {
    lookUp(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, "", 0);
      const allowed = found.filter(({ address }) => permits(target, address));
      const first = allowed[0];
      if (!first) return done(notAllowed(target), "", 0);
      if (options.all) return done(null, allowed);
      done(null, first.address, first.family);
    });
  };
}

/** The address is not told: an error lies in the log, and an inner network's names are nobody's business there. */
export function notAllowed({ host, port }: Target): Refused {
  return new Refused({
    code: "http-host-refused",
    message: `requests to ${host}:${port} are not allowed here`,
    hint: 'list the host under "http": {"allow": [...]} in petrel.config.json, an address that is not public as an address; the net\'s own "allow" can only narrow that',
  });
}
