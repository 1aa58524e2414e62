// Fetches one release archive with a sum given on the command line, as set-up does with a pinned one.
import { readFileSync } from "node:fs";
import { fetchArchive } from "../../scripts/setup/archive.mjs";

const [platform, sum] = process.argv.slice(2);
const progress = { say() {}, add() {} };
const content = await fetchArchive({ env: process.env, progress, platform, sums: { [platform]: sum } }, (path) =>
  readFileSync(path, "utf8"),
);
process.stdout.write(content);
