/**
 * Ports for those who must know theirs before they bind it, or who come back on the one that they had. They are from outside the range
 * from which the system gives ports, and each is given out once, whichever worker or other run of the tests asks.
 */
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { portsOutside, systemRange } from "../../src/jetstream/server/stable-port.ts";

/** Where the system's range leaves nothing, the reservation alone must do. */
const ANYWHERE = { low: 10_000, high: 49_151 };
const TRIES = 1000;
/** How the folder of each run of the tests begins; those of others lie beside it. */
export const RUN_FOLDER = "petrel-tests-";
const RESERVED = "petrel-ports";
/** Those of this process, which go with it. */
const marks: string[] = [];

/** A port on which nobody listens, and which nobody gets but the caller. */
export async function freePort(): Promise<number> {
  const { low, high } = portsOutside(systemRange()) ?? ANYWHERE;
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(low, high + 1);
    if (reserve(port) && (await isFree(port))) return port;
  }
  throw new Error(`none of ${TRIES} ports between ${low} and ${high} is free`);
}

export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort));
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
