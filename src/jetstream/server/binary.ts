/** Finds a nats-server that is new enough. Nothing is fetched here: that is what the set-up script does. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Terminal } from "../../contract/errors.ts";

/** The oldest nats-server that has what the broker layout uses (async persistence, per-message TTL, direct get). */
export const MINIMUM_VERSION = "2.12.0";

export interface ServerBinary {
  path: string;
  /** Like `2.15.1`. */
  version: string;
}

export interface BinarySearch {
  /** The process environment: PETREL_NATS_SERVER, PATH, XDG_CACHE_HOME and HOME are read. */
  environment: Record<string, string | undefined>;
  /** Folder whose `.petrel/bin` is searched, usually the current one. */
  cwd: string;
}

const SETUP_HINT = `run \`npm run setup\`, or set PETREL_NATS_SERVER to a nats-server ${MINIMUM_VERSION} or newer`;

/** Candidates in the order they are tried. */
function candidates(search: BinarySearch): string[] {
  const { environment, cwd } = search;
  const explicit = environment.PETREL_NATS_SERVER;
  // A path that a person named is the only candidate: using another one behind their back would hide their mistake.
  if (explicit) return [explicit];
  const onPath = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const cache = environment.XDG_CACHE_HOME || (environment.HOME ? join(environment.HOME, ".cache") : undefined);
  const own = [join(cwd, ".petrel", "bin"), ...(cache ? [join(cache, "petrel", "bin")] : [])];
  return [...onPath, ...own].map((folder) => join(folder, "nats-server"));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a binary says of itself, like `2.15.1`; null when it is no nats-server. */
export function serverVersion(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], { timeout: 10_000 }, (error, stdout) => {
      const match = error ? null : /v?(\d+\.\d+\.\d+)/.exec(stdout);
      resolve(match?.[1] ?? null);
    });
  });
}

export function isNewEnough(version: string): boolean {
  const [have, want] = [version, MINIMUM_VERSION].map((text) => text.split(".").map(Number));
  for (let at = 0; at < 3; at++) {
    const difference = (have?.[at] ?? 0) - (want?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Throws Terminal `nats-server-missing` or `nats-server-too-old`. */
export async function findServerBinary(search: BinarySearch): Promise<ServerBinary> {
  const old: string[] = [];
  for (const path of candidates(search)) {
    if (!isExecutable(path)) continue;
    const version = await serverVersion(path);
    if (version === null) continue;
    if (isNewEnough(version)) return { path, version };
    old.push(`${path} is version ${version}`);
  }
  if (old.length > 0) {
    throw new Terminal({
      code: "nats-server-too-old",
      message: `Petrel needs nats-server ${MINIMUM_VERSION} or newer, but ${old.join(", ")}`,
      hint: SETUP_HINT,
    });
  }
  const explicit = search.environment.PETREL_NATS_SERVER;
  throw new Terminal({
    code: "nats-server-missing",
    message: explicit
      ? `PETREL_NATS_SERVER names ${explicit}, which is no nats-server that runs here`
      : "no nats-server was found on PATH, in .petrel/bin or in the cache folder",
    hint: SETUP_HINT,
  });
}
