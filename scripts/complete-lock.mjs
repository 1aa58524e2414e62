#!/usr/bin/env node
// Names in package-lock.json every optional platform package that its packages ask for. npm leaves out those that the registry in
// use could not give, and then `npm ci` refuses the whole file on every machine. Run it after `npm install` has written the lock:
//
//   node scripts/complete-lock.mjs [--check]
//
// An entry made here has no integrity, since nothing was fetched; npm checks it where that platform installs it.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SYSTEMS = ["darwin", "linux", "win32", "android", "freebsd", "openbsd", "netbsd", "sunos", "aix", "openharmony"];
const PROCESSORS = ["x64", "arm64", "ia32", "arm", "ppc64", "s390x", "riscv64", "loong64", "mips64el", "wasm32"];

/** Adds what is missing to the lock's `packages`, in the order that npm writes; gives the names, and those that it cannot complete. */
export function completeLock(lock) {
  const { packages } = lock;
  const added = [];
  const open = [];
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const nested = `${path}/node_modules/${name}`;
      if (packages[nested] || packages[`node_modules/${name}`]) continue;
      // Only an exact version can be written down without asking anybody.
      if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) {
        open.push(`${name}@${version} of ${path.replace("node_modules/", "")}`);
        continue;
      }
      packages[`node_modules/${name}`] = platformEntry(name, version, entry);
      added.push(`${name}@${version}`);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([one], [other]) => (one < other ? -1 : 1)));
  return { added, open };
}

function platformEntry(name, version, parent) {
  const words = name.split(/[/-]/);
  const found = (known) => known.filter((word) => words.includes(word)).slice(0, 1);
  const [os, cpu] = [found(SYSTEMS), found(PROCESSORS)];
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(parent.dev ? { dev: true } : {}),
    ...(words.includes("musl") ? { libc: ["musl"] } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const path = join(resolve(dirname(fileURLToPath(import.meta.url)), ".."), "package-lock.json");
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const { added, open } = completeLock(lock);
  const check = process.argv.includes("--check");
  if (added.length > 0 && !check) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  process.stderr.write(added.length === 0 ? "the lock is complete\n" : `${check ? "missing" : "added"}: ${added.join(", ")}\n`);
  // `npm ci` would refuse the file: another version of the package that asks for it is wanted.
  if (open.length > 0) process.stderr.write(`cannot be completed: ${open.join(", ")}\n`);
  process.exitCode = open.length > 0 || (check && added.length > 0) ? 1 : 0;
}
