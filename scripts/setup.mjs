#!/usr/bin/env node
// Makes a fresh clone ready: node modules, the built CLI, a nats-server. Uses nothing but Node's own modules, since it runs
// before anything is installed, and touches nothing outside this folder and the user's cache.
//
//   node scripts/setup.mjs [--quiet] [--offline]
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuild, isBuilt } from "./setup/cli-build.mjs";
import { withLock } from "./setup/lock.mjs";
import { checkNamedServer, ensureServer, findServer } from "./setup/nats-server.mjs";
import { ensureModules, modulesAreCurrent } from "./setup/node-modules.mjs";
import { createProgress, SetupFailure } from "./setup/progress.mjs";

const LEAST_NODE = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  throw new SetupFailure(`Node ${process.versions.node} is too old: Petrel needs ${LEAST_NODE.join(".")} or newer`, [
    "install a newer Node from https://nodejs.org, or with your version manager: nvm install 22",
  ]);
}

/** Resolves to what was found or made. Throws SetupFailure with what to do. */
export async function setup({ root, env, offline, progress, build = true }) {
  checkNode();
  const inOrder = () => modulesAreCurrent(root) && (!build || isBuilt(root)) && findServer({ root, env, note: () => {} });
  if (env.PETREL_NATS_SERVER) checkNamedServer(env.PETREL_NATS_SERVER, progress.say);
  const found = inOrder();
  if (found) return { server: found, worked: false };
  return await withLock(join(root, ".petrel", "setup.lock"), progress, async () => {
    // Whoever held the lock may have done all of it.
    const made = inOrder();
    if (made) return { server: made, worked: false };
    await ensureModules({ root, env, offline, progress });
    if (build) await ensureBuild({ root, env, progress });
    const server = await ensureServer({ root, env, offline, progress });
    return { server, worked: true };
  });
}

async function main() {
  const flags = new Set(process.argv.slice(2));
  const unknown = [...flags].filter((flag) => flag !== "--quiet" && flag !== "--offline");
  if (unknown.length > 0) {
    process.stderr.write(`setup: unknown flag ${unknown.join(" ")}; it takes --quiet and --offline\n`);
    return 2;
  }
  const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
  const progress = createProgress({ quiet: flags.has("--quiet"), write: (text) => process.stderr.write(text) });
  try {
    const { server, worked } = await setup({
      root,
      env: process.env,
      offline: flags.has("--offline"),
      progress,
      build: existsSync(join(root, "src", "main.ts")),
    });
    if (worked) progress.say(`ready: ${progress.total()}, nats-server ${server.version} at ${server.path}`);
    return 0;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    process.stderr.write(`setup: ${error.message}\n${error.next.map((line) => `  ${line}\n`).join("")}`);
    return 1;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = await main();
