// npm run bench [-- --tokens 2000 --singles 200]: bundles bench/engine.ts, since Node 20 reads no TypeScript, and runs it.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { build } from "esbuild";

mkdirSync("dist", { recursive: true });
const outfile = "dist/bench.mjs";
await build({
  entryPoints: ["bench/engine.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  outfile,
  logLevel: "error",
});
process.exitCode = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
