// A nats-server that is new enough: found, else fetched. The places looked at, and their order, are the same as those of
// src/jetstream (findServerBinary), so that what is found here is what runs.
import { execFileSync } from "node:child_process";
import { accessSync, chmodSync, constants, copyFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fetchArchive } from "./archive.mjs";
import { fetchFromDebian } from "./debian.mjs";
import { SetupFailure } from "./progress.mjs";

const LEAST = [2, 12];

/** The folders that hold a fetched server: this clone's, then the user's. */
export function serverFolders({ root, env, platform = process.platform }) {
  const home = env.HOME || homedir();
  const cache = platform === "darwin" ? join(home, "Library", "Caches") : env.XDG_CACHE_HOME || join(home, ".cache");
  return [join(root, ".petrel", "bin"), join(cache, "petrel", "bin")];
}

/** The version of a server program, as [major, minor, patch]. Throws an Error that says why it cannot be used. */
export function serverVersion(path) {
  try {
    if (!statSync(path).isFile()) throw new Error("is no file");
    accessSync(path, constants.X_OK);
  } catch (error) {
    throw new Error(error.code === "ENOENT" ? "does not exist" : error.code === "EACCES" ? "is not executable" : error.message);
  }
  let said;
  try {
    said = execFileSync(path, ["--version"], { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`does not run here: ${String(error.message).split("\n")[0]}`);
  }
  const match = /v?(\d+)\.(\d+)\.(\d+)/.exec(said);
  if (!match) throw new Error(`does not tell its version: ${said.trim().slice(0, 80)}`);
  const version = match.slice(1).map(Number);
  if (version[0] < LEAST[0] || (version[0] === LEAST[0] && version[1] < LEAST[1])) {
    throw new Error(`is ${version.join(".")}, and Petrel needs ${LEAST.join(".")} or newer`);
  }
  return version;
}

function tryServer(path, way, note) {
  try {
    return { path, version: serverVersion(path).join("."), way };
  } catch (error) {
    note(`${way}: ${path} ${error.message}`);
    return undefined;
  }
}

/** Says at each start why a server that the user named is passed over: silence would hide a typing error. */
export function checkNamedServer(path, note) {
  return tryServer(path, "PETREL_NATS_SERVER", note);
}

/** {path, version, way} or undefined; `note` hears of each way that fails and why. */
export function findServer({ root, env, note, platform }) {
  if (env.PETREL_NATS_SERVER) {
    const named = tryServer(env.PETREL_NATS_SERVER, "PETREL_NATS_SERVER", note);
    if (named) return named;
  }
  const onPath = (env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, "nats-server"))
    .filter(isThere);
  if (onPath.length === 0) note("PATH: no nats-server there");
  for (const path of onPath) {
    const server = tryServer(path, "PATH", note);
    if (server) return server;
  }
  for (const folder of serverFolders({ root, env, platform })) {
    const path = join(folder, "nats-server");
    if (!isThere(path)) continue;
    const server = tryServer(path, "cache", note);
    if (server) return server;
  }
  note("cache: no nats-server fetched yet");
  return undefined;
}

function isThere(path) {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Puts a fetched program where it will be found, in one move: the user's cache, or this clone's folder where that cannot be written. */
function install(program, { root, env }) {
  const folders = serverFolders({ root, env }).reverse();
  const failures = [];
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, "nats-server");
      const aside = `${path}.${process.pid}`;
      copyFileSync(program, aside);
      chmodSync(aside, 0o755);
      // Run where it will stay: a temporary folder may forbid running programs.
      try {
        serverVersion(aside);
      } catch (error) {
        rmSync(aside, { force: true });
        throw new Error(`what came ${error.message}`);
      }
      renameSync(aside, path);
      return path;
    } catch (error) {
      failures.push(error.message);
    }
  }
  throw new Error(failures.join("; "));
}

const WAYS = [
  ["official release", fetchArchive],
  ["Debian archive", fetchFromDebian],
];

export async function ensureServer({ root, env, offline, progress, ways = WAYS }) {
  const notes = [];
  const note = (text) => {
    notes.push(text);
    progress.say(`nats-server: ${text}`);
  };
  const found = findServer({ root, env, note });
  if (found) return found;
  if (offline) note("fetching: --offline forbids it");
  else {
    for (const [way, fetchServer] of ways) {
      try {
        // Each way hands over a program in a folder of its own, which lives until the program has been installed.
        const server = await fetchServer({ env, progress }, (program) => tryServer(install(program, { root, env }), way, note));
        if (server) return server;
      } catch (error) {
        note(`${way}: ${error.message}`);
      }
    }
  }
  throw new SetupFailure("no nats-server 2.12 or newer could be found or fetched", [
    ...notes.map((text) => `tried ${text}`),
    "get one by any of these, then run the same command again:",
    "  brew install nats-server",
    "  sudo apt-get install nats-server        (Debian forky or newer)",
    "  go install github.com/nats-io/nats-server/v2@latest   (then add $(go env GOPATH)/bin to PATH)",
    "  docker create --name petrel-nats nats:2.15 && docker cp petrel-nats:/nats-server . && docker rm petrel-nats",
    "or name one that you have: PETREL_NATS_SERVER=/path/to/nats-server",
  ]);
}
