#!/usr/bin/env node
// Bundles src/main.ts into dist/petrel.js and dist/chunks, so that a command reads what it needs and no more. Packages of many small modules
// go into it, since reading them one by one is half the time that a command takes; the others stay in node_modules.
//
//   node scripts/build.mjs [--entry FILE] [--out FILE]
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { sourceHash } from "./setup/cli-build.mjs";

const BUNDLED = /^(chevrotain|openai|@anthropic-ai\/sdk|zod|execa)(\/|$)/;

const OLD_MS = 7 * 24 * 3600 * 1000;

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const packages = {
  name: "packages",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
      // What a bundled package imports is bundled with it.
      if (kind === "entry-point" || BUNDLED.test(path) || importer.includes("node_modules")) return undefined;
      return { path, external: true };
    });
  },
};

/** The monitor, a page that the gateway serves, into dist/monitor. Throws the bundler's error. */
export async function bundleMonitor(folder) {
  // Whatever the environment says, like that of a test: the page is the one that users get.
  process.env.NODE_ENV = "production";
  const [{ build: buildPage }, { default: react }] = await Promise.all([import("vite"), import("@vitejs/plugin-react")]);
  await buildPage({
    root: join(root, "src", "monitor"),
    configFile: false,
    mode: "production",
    logLevel: "error",
    plugins: [react()],
    build: { outDir: folder, emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 1200 },
  });
  // Beside each file stands the same compressed, for browsers that take it.
  const assets = join(folder, "assets");
  for (const name of readdirSync(assets))
    writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }));
}

/** Throws esbuild's BuildFailure, whose message names file, line and column. */
export async function bundle({ entry, out }) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    outdir: dirname(out),
    entryNames: basename(out, ".js"),
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    write: false,
    bundle: true,
    plugins: [packages],
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: true,
    sourcesContent: false,
    // Some of the bundled packages still call require.
    banner: {
      js: '#!/usr/bin/env node\nimport { createRequire as requireFrom } from "node:module";\nconst require = requireFrom(import.meta.url);',
    },
    logLevel: "error",
  });
  const chunks = join(dirname(out), "chunks");
  mkdirSync(chunks, { recursive: true });
  // Written aside and moved: a CLI that starts meanwhile reads the old file or the new one, never half of one. The entry comes last, when
  // all that it names is there.
  for (const { path, contents } of outputFiles.toSorted((a, b) => Number(a.path === out) - Number(b.path === out))) {
    writeFileSync(`${path}.new`, contents, { mode: path === out ? 0o755 : 0o644 });
    renameSync(`${path}.new`, path);
  }
  const kept = new Set(outputFiles.map(({ path }) => path));
  removeOld(chunks, (path) => kept.has(path));
}

/** What runs since before this build still reads the chunks of its own: they stay for a while. */
function removeOld(chunks, isKept) {
  for (const name of readdirSync(chunks)) {
    const path = join(chunks, name);
    if (!isKept(path) && Date.now() - statSync(path).mtimeMs > OLD_MS) rmSync(path, { force: true });
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { entry: { type: "string" }, out: { type: "string" } } });
  const began = performance.now();
  const hash = sourceHash(root);
  const entry = resolve(values.entry ?? join(root, "src", "main.ts"));
  const out = resolve(values.out ?? join(root, "dist", "petrel.js"));
  try {
    await bundle({ entry, out });
    const page = existsSync(join(root, "src", "monitor", "index.html"));
    if (page && !values.entry && !values.out) await bundleMonitor(join(root, "dist", "monitor"));
  } catch (error) {
    process.stderr.write(`build: ${error.message}\n`);
    process.exit(1);
  }
  // The hash was taken first: what changes during the build makes the stamp stale, not wrong.
  if (!values.entry && !values.out) writeFileSync(join(root, "dist", ".build"), `${hash}\n`);
  process.stderr.write(`built ${out} in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}
