// Node modules, as package-lock.json says. The stamp in node_modules holds the hash of the lock file that they were made from.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { megabytes, SetupFailure } from "./progress.mjs";
import { lastWords, run } from "./run.mjs";

const STAMP = join("node_modules", ".petrel-lock");

export function lockHash(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

export function modulesAreCurrent(root) {
  try {
    return readFileSync(join(root, STAMP), "utf8").trim() === lockHash(root);
  } catch {
    return false;
  }
}

export async function ensureModules({ root, env, offline, progress }) {
  if (modulesAreCurrent(root)) return;
  // Somebody ran `npm install`: what npm wrote down about its work tells whether anything is missing.
  if (installedAsLocked(root)) return stamp(root);
  const missing = !existsSync(join(root, "node_modules"));
  if (offline) {
    throw new SetupFailure(`the node modules are ${missing ? "missing" : "out of date"} and --offline forbids fetching them`, ["npm ci"]);
  }
  progress.say(missing ? "installing node modules (npm ci)" : "node modules are out of date: installing anew (npm ci)");
  const [command, ...first] = npmCommand(env);
  let seconds = 0;
  const tick = () => {
    seconds += 1;
    if (seconds % 10 === 0) progress.say("npm ci is at work");
  };
  const { code, output } = await run(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    env: installEnv(env),
    tick,
  });
  if (code !== 0) {
    throw new SetupFailure(`npm ci ended with ${code}: ${npmWords(output)}`, [
      "npm ci   (in this folder, to see the whole message)",
      "behind a proxy: npm config set proxy http://HOST:PORT && npm config set https-proxy http://HOST:PORT",
    ]);
  }
  stamp(root);
  const size = sizeOf(join(root, "node_modules"));
  progress.add(size);
  progress.say(`node modules are in: ${megabytes(size)}`);
}

/** npm says what is wrong first, and then how it is called and where its log is. */
function npmWords(output) {
  const errors = output
    .split("\n")
    .filter((line) => /^npm error \S/.test(line))
    .map((line) => line.slice("npm error ".length).trim());
  return errors.slice(0, 4).join("; ") || lastWords(output) || "no message";
}

function stamp(root) {
  writeFileSync(join(root, STAMP), `${lockHash(root)}\n`);
}

/** The npm that runs this script, if one does: PATH may hold another. */
function npmCommand(env) {
  if (env.npm_execpath && /npm-cli\.c?js$/.test(env.npm_execpath)) return [process.execPath, env.npm_execpath];
  const beside = join(dirname(process.execPath), "npm");
  return [existsSync(beside) && !env.PATH ? beside : "npm"];
}

/** Development modules belong to the tests, whatever the shell says about production. */
function installEnv(env) {
  const { NODE_ENV: _, npm_config_omit: __, npm_config_production: ___, ...rest } = env;
  return rest;
}

function installedAsLocked(root) {
  try {
    const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
    const installed = JSON.parse(readFileSync(join(root, "node_modules", ".package-lock.json"), "utf8")).packages;
    return Object.entries(wanted).every(
      ([path, entry]) =>
        path === "" || entry.link || (installed[path] ? installed[path].version === entry.version : entry.optional || entry.peer),
    );
  } catch {
    return false;
  }
}

function sizeOf(folder) {
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += sizeOf(path);
    else if (entry.isFile()) total += statSync(path).size;
  }
  return total;
}
