/**
 * Ports for those who must know theirs before they bind it, or who come back on the one that they had. A port that `listen(0)` gave and
 * that is free again belongs to nobody: the next outgoing connection may get it. So these are from outside the range from which the
 * system takes such ports, and each is given out once, whichever worker or other run of the tests asks.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const RANGE = "/proc/sys/net/ipv4/ip_local_port_range";
/** Where nothing says it: macOS and Windows. */
const EPHEMERAL: Ports = { low: 49_152, high: 65_535 };
/** Below are the ports of well-known servers. */
const LOWEST = 10_000;
const HIGHEST = 65_535;
const TRIES = 1000;
/** The folder of each run of the tests, beside those of the others. */
export const RUN_FOLDER = "petrel-tests-";
const RESERVED = "petrel-ports";
/** Those of this process, which go with it. */
const marks: string[] = [];

/** Both ends are part of it. */
interface Ports {
  low: number;
  high: number;
}

/** A port on which nobody listens, and which nobody gets but the caller. */
export async function freePort(): Promise<number> {
  const { low, high } = givenToNobody(ephemeral());
  for (let tries = 0; tries < TRIES; tries++) {
    const port = low + Math.floor(Math.random() * (high - low + 1));
    if (reserve(port) && (await isFree(port, "127.0.0.1")) && (await isFree(port))) return port;
  }
  throw new Error(`none of ${TRIES} ports between ${low} and ${high} is free`);
}

export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort));
}

function ephemeral(): Ports {
  if (!existsSync(RANGE)) return EPHEMERAL;
  const [low = EPHEMERAL.low, high = EPHEMERAL.high] = readFileSync(RANGE, "utf8").trim().split(/\s+/).map(Number);
  return { low, high };
}

/** The wider of what is left below and above; where next to nothing is left, the reservation alone must do. */
export function givenToNobody(taken: Ports): Ports {
  const below = { low: LOWEST, high: Math.min(taken.low - 1, HIGHEST) };
  const above = { low: Math.max(taken.high + 1, LOWEST), high: HIGHEST };
  const size = ({ low, high }: Ports) => high - low + 1;
  const wider = size(above) > size(below) ? above : below;
  return size(wider) >= TRIES ? wider : { low: LOWEST, high: EPHEMERAL.low - 1 };
}

/** One's own mark is made before those of other runs are looked for: of two that come at once, at least one sees the other. */
function reserve(port: number): boolean {
  const folder = join(tmpdir(), RESERVED);
  const mark = join(folder, String(port));
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(mark, "", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  if (marks.length === 0) process.once("exit", () => marks.forEach((each) => void rmSync(each, { force: true })));
  marks.push(mark);
  const beside = dirname(tmpdir());
  const runs = readdirSync(beside).filter((name) => name.startsWith(RUN_FOLDER) && join(beside, name) !== tmpdir());
  return !runs.some((name) => existsSync(join(beside, name, RESERVED, String(port))));
}

/** Without a host: on all addresses. */
function isFree(port: number, host?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, host, () => server.close(() => resolve(true)));
  });
}
