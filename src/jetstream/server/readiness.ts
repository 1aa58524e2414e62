/** When a server may be used: its ports file is there and whole, and its health check says ok. */
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

/** Null when it is well, else its own words. */
async function illness(monitoringUrl: string): Promise<string | null> {
  try {
    const answer = await fetch(`${monitoringUrl}/healthz`, { signal: AbortSignal.timeout(2000) });
    const body = (await answer.json()) as { status?: string; error?: string };
    return body.status === "ok" ? null : (body.error ?? body.status ?? "unwell");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Waits for the server; null when `gone` says that it has ended or the time is over. */
export async function waitReady(
  dir: string,
  pid: number,
  clock: Clock,
  timeoutMs: number,
  gone: () => boolean,
  unwell: (why: string) => void = () => {},
): Promise<ServerPorts | null> {
  const end = clock.now() + timeoutMs;
  while (!gone() && clock.now() < end) {
    const ports = readPorts(dir, pid);
    const why = ports ? await illness(ports.monitoringUrl) : "its ports are not known";
    if (ports && why === null) return ports;
    unwell(why ?? "");
    await delay(clock, 25);
  }
  return null;
}
