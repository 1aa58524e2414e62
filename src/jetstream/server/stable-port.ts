/**
 * A port to come back on. One that the system gives (`listen(0)`) it gives to others while we are away, to any outgoing connection
 * even; so it is drawn from outside the range that the system gives from.
 */
import { randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

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

/** One of them by chance; somebody may listen on it. -1, any, where there are none. */
export function stablePort(): number {
  const range = portsOutside(systemRange());
  return range ? randomInt(range.low, range.high + 1) : -1;
}
