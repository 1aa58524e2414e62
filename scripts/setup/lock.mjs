// One set-up at a time in one folder. The lock is a file with its owner's process id; a dead owner's lock is taken over.
//
// L1 The file appears with its content (a link, not a create and a write), so nobody reads an empty lock.
// L2 A takeover moves the file aside and looks again at what it moved: a lock that a living rival just made is put back.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SetupFailure } from "./progress.mjs";

const POLL_MS = 100;
const PATIENCE_MS = 15 * 60_000;

export async function withLock(path, progress, work) {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  const began = performance.now();
  let told = false;
  while (!take(path, own)) {
    if (!told) progress.say(`waiting for another set-up of this folder (process ${holder(path) ?? "unknown"})`);
    told = true;
    if (performance.now() - began > PATIENCE_MS) {
      throw new SetupFailure(`another set-up has held ${path} for 15 minutes`, [`end it, or remove the file: rm ${path}`]);
    }
    await wait(POLL_MS);
  }
  try {
    return await work();
  } finally {
    if (holder(path) === process.pid) rmSync(path, { force: true });
  }
}

function take(path, own) {
  if (link(path, own)) return true;
  const pid = holder(path);
  if (pid === undefined || isAlive(pid)) return false;
  const aside = `${own}.aside`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  const moved = holder(aside);
  if (moved !== undefined && isAlive(moved)) {
    try {
      linkSync(aside, path);
    } catch {
      // A third one was quicker; the rival whose lock was moved finds the modules in order or repeats.
    }
  }
  rmSync(aside, { force: true });
  return link(path, own);
}

function link(path, own) {
  writeFileSync(own, `${process.pid}\n`);
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function holder(path) {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
