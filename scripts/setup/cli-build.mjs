// Whether dist/petrel.js was built from what stands in src now: a hash of the contents, since a clone gives new times.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupFailure } from "./progress.mjs";
import { lastWords, run } from "./run.mjs";

const SOURCES = /\.(ts|tsx|json|css|html)$/;

export function sourceHash(root) {
  const hash = createHash("sha256");
  const files = ["package.json", "package-lock.json", join("scripts", "build.mjs"), ...filesUnder(root, "src")];
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}

function filesUnder(root, folder) {
  const files = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...filesUnder(root, path));
    else if (SOURCES.test(entry.name)) files.push(path);
  }
  return files.sort();
}

export function isBuilt(root) {
  try {
    return (
      ["petrel.js", "chunks"].every((part) => existsSync(join(root, "dist", part))) &&
      readFileSync(join(root, "dist", ".build"), "utf8").trim() === sourceHash(root)
    );
  } catch {
    return false;
  }
}

export async function ensureBuild({ root, env, progress }) {
  if (isBuilt(root)) return;
  progress.say("building the command line (dist/petrel.js)");
  // A process of its own: esbuild may have been installed a moment ago.
  const { code, output } = await run(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root, env });
  if (code !== 0) throw new SetupFailure(`the build failed: ${lastWords(output, 8)}`, ["npm run build   (to see the whole message)"]);
}
