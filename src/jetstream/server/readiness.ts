/**
 * When a server may be used: its ports file is there and whole, and its health check says ok.
 * A server that is killed while it makes a stream leaves half of it behind, and calls itself unavailable ever after, though all
 * else serves. Nobody was told that this stream exists; whoever wanted it makes it anew, which the server takes.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../contract/clock.ts";
import { delay } from "../../contract/clock.ts";

export interface ServerPorts {
  /** `nats://127.0.0.1:port` */
  url: string;
  /** `http://127.0.0.1:port` */
  monitoringUrl: string;
}

/** The ports of one running server; null while its file is missing or half written. */
export function readPorts(dir: string, pid: number): ServerPorts | null {
  const path = join(dir, `nats-server_${pid}.ports`);
  if (!existsSync(path)) return null;
  try {
    const ports = JSON.parse(readFileSync(path, "utf8")) as { nats?: string[]; monitoring?: string[] };
    const [url, monitoringUrl] = [ports.nats?.[0], ports.monitoring?.[0]];
    return url && monitoringUrl ? { url, monitoringUrl } : null;
  } catch {
    return null;
  }
}

const HALF_MADE = /JetStream (?:stream|consumer) '.+' could not be recovered/;
/** So long a server that recovers may take back what it says of a stream. */
const HALF_MADE_MS = 1000;

/** Null when it is well, else its own words. */
async function illness(monitoringUrl: string, query = ""): Promise<string | null> {
  try {
    const answer = await fetch(`${monitoringUrl}/healthz${query}`, { signal: AbortSignal.timeout(2000) });
    const body = (await answer.json()) as { status?: string; error?: string };
    return body.status === "ok" ? null : (body.error ?? body.status ?? "unwell");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface Ready extends ServerPorts {
  /** What the server says of a stream that it cannot bring back; null when it is well. */
  unrecovered: string | null;
}

/** Waits for the server; null when `gone` says that it has ended or the time is over. */
export async function waitReady(
  dir: string,
  pid: number,
  clock: Clock,
  timeoutMs: number,
  gone: () => boolean,
  unwell: (why: string) => void = () => {},
): Promise<Ready | null> {
  const end = clock.now() + timeoutMs;
  let halfMadeSince: number | null = null;
  while (!gone() && clock.now() < end) {
    const ports = readPorts(dir, pid);
    const why = ports ? await illness(ports.monitoringUrl) : "its ports are not known";
    if (ports && why === null) return { ...ports, unrecovered: null };
    if (ports && why !== null && HALF_MADE.test(why)) {
      halfMadeSince ??= clock.now();
      const waited = clock.now() - halfMadeSince >= HALF_MADE_MS;
      if (waited && (await illness(ports.monitoringUrl, "?js-server-only=true")) === null) return { ...ports, unrecovered: why };
    } else halfMadeSince = null;
    unwell(why ?? "");
    await delay(clock, 25);
  }
  return null;
}
