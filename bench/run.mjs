// npm run bench [-- CASE...] [-- --json] [-- --only w5,latency] [-- --runs 3]: bundles bench/, since Node 20 reads no TypeScript,
// runs each case as a process of its own, several times, and prints the medians.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const CASES = [
  ...["w5", "latency", "awaitable", "waiting", "net-size", "gate", "join", "memory", "http", "queries", "fairness"],
  ...[
    "recovery",
    "streams",
    "takeover",
    "swarm",
    "executors",
    "gateway",
    "monitor",
    "crystallize",
    "crystallize-engine",
    "crystallize-look",
  ],
];
/** As `petrel up` starts a master, and with a collection by hand, for the cases of memory. */
const FLAGS = ["--max-semi-space-size=32", "--expose-gc"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ json: { type: "boolean", default: false }, only: { type: "string" }, runs: { type: "string", default: "3" } },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(
    `npm run bench [-- CASE...] [-- --runs 3] [-- --json]\n\nCases: ${CASES.join(", ")}\n\nExample: npm run bench -- w5 latency\n`,
  );
  process.exit(0);
}
const wanted = values.only ? values.only.split(",") : positionals.length > 0 ? positionals : CASES;
const unknown = wanted.filter((name) => !CASES.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no case ${unknown.join(", ")}; there are ${CASES.join(", ")}\n`);
  process.exit(2);
}

mkdirSync("dist/bench", { recursive: true });
await build({
  entryPoints: readdirSync("bench")
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `bench/${file}`),
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  packages: "external",
  outdir: "dist/bench",
  outExtension: { ".js": ".mjs" },
  logLevel: "error",
});

const found = new Map();
const limits = { raw: [], sync: [] };
let failed = false;
for (const name of wanted) {
  for (let run = 0; run < Number(values.runs); run++) {
    process.stderr.write(`${name}, run ${run + 1} of ${values.runs}\n`);
    const { ended, said } = await runCase(name);
    if (ended !== 0) {
      failed = true;
      process.stderr.write(`${name} failed (${ended})\n`);
      break;
    }
    const answer = JSON.parse(said.trim().split("\n").at(-1));
    for (const limit of ["raw", "sync"]) if (answer.limits) limits[limit].push(answer.limits[limit]);
    for (const row of answer.rows) {
      const known = found.get(row.case) ?? { ...row, values: [] };
      known.values.push(row.value);
      found.set(row.case, known);
    }
  }
}

const rounded = (value) => Number(value.toPrecision(3));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const rows = [...found.values()].map(({ case: name, unit, target, better, values: all }) => {
  const value = median(all);
  const met = target === null ? null : better === "less" ? value <= target : value >= target;
  return { case: name, value: rounded(value), unit, spread: [rounded(Math.min(...all)), rounded(Math.max(...all))], target, met };
});
const result = {
  machine: { cpu: cpus()[0]?.model ?? "", cpus: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), os: `${type()} ${release()}` },
  versions: { node: process.version, ...versionsOf(["@nats-io/transport-node", "@nats-io/jetstream"]) },
  date: new Date().toISOString(),
  // Cases that measure no limits leave them out.
  limits: limits.raw.length > 0 ? { raw: Math.round(median(limits.raw)), sync: rounded(median(limits.sync)) } : null,
  rows,
};
writeFileSync("dist/bench/result.json", `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : table(result));
process.exitCode = failed ? 1 : 0;

/** A case has a process group of its own, with its servers and masters in it: whoever ends the bench ends them all. */
async function runCase(name) {
  const child = spawn(process.execPath, [...FLAGS, `dist/bench/${name}.mjs`], { stdio: ["ignore", "pipe", "inherit"], detached: true });
  const endAll = (signal) => {
    process.kill(-child.pid, "SIGKILL");
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", endAll).once("SIGTERM", endAll);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const ended = await new Promise((resolve, reject) => child.on("error", reject).on("close", (code, signal) => resolve(code ?? signal)));
  process.off("SIGINT", endAll).off("SIGTERM", endAll);
  return { ended, said };
}

function versionsOf(names) {
  const list = spawnSync("npm", ["ls", "--json", ...names], { encoding: "utf8" });
  const { dependencies = {} } = JSON.parse(list.stdout || "{}");
  return Object.fromEntries(names.map((name) => [name, dependencies[name]?.version ?? "unknown"]));
}

function table({ machine, versions, limits: limit, rows: all }) {
  const told = all.map((row) => [
    row.case,
    `${row.value} ${row.unit}`.trim(),
    `${row.spread[0]} to ${row.spread[1]}`,
    row.target === null ? "reported" : `${row.target} ${row.unit}`.trim(),
    row.met === null ? "" : row.met ? "met" : "MISSED",
  ]);
  const lines = [["case", "median", "spread", "target", ""], ...told];
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(...lines.map((line) => line[at].length)));
  const head = `${machine.cpus} x ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.os}, Node ${versions.node}\n${limit ? `raw ${limit.raw}/s, sync ${limit.sync} ms\n` : ""}\n`;
  return `${head}${lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")}\n`;
}
