/**
 * A port to come back on. One that the system gives (`listen(0)`) it gives to others while we are away, to any outgoing connection
 * even; so it is drawn from outside the range that the system gives from.
 */
import { randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Both ends are part of it. */
export interface PortRange {
  low: number;
  high: number;
}

const LINUX_RANGE = "/proc/sys/net/ipv4/ip_local_port_range";
/** Where nothing says it: macOS and the BSDs. */
const USUAL_RANGE: PortRange = { low: 49_152, high: 65_535 };
/** Below are the ports of well-known servers. */
const LOWEST = 10_000;
const HIGHEST = 65_535;
/** In fewer ports than that two of us would soon meet. */
const LEAST = 1000;
const TRIES = 20;

const size = ({ low, high }: PortRange) => high - low + 1;

/** The wider of what the system's range leaves below and above it; null where that is next to nothing. */
export function portsOutside(given: PortRange): PortRange | null {
  const below = { low: LOWEST, high: Math.min(given.low - 1, HIGHEST) };
  const above = { low: Math.max(given.high + 1, LOWEST), high: HIGHEST };
  const wider = size(above) > size(below) ? above : below;
  return size(wider) >= LEAST ? wider : null;
}

/** From which the system gives ports. */
export function systemRange(): PortRange {
  if (!existsSync(LINUX_RANGE)) return USUAL_RANGE;
  const [low = USUAL_RANGE.low, high = USUAL_RANGE.high] = readFileSync(LINUX_RANGE, "utf8").trim().split(/\s+/).map(Number);
  return { low, high };
}

/** One on which nobody listens now; -1, any, where there is none to be found. */
export async function stablePort(range = portsOutside(systemRange())): Promise<number> {
  for (let tries = 0; range && tries < TRIES; tries++) {
    const port = randomInt(range.low, range.high + 1);
    if (await isFree(port)) return port;
  }
  return -1;
}

/** On loopback, and on all addresses of the machine. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port));
}

function canListen(port: number, host?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve(true)));
  });
}
