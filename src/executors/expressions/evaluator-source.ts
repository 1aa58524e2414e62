/**
 * What runs in an evaluator's process. It stands here as text so that the one bundled file can start it: `node -e`.
 *
 * An expression that never ends keeps the process from hearing that its master is gone: a second thread looks after that.
 */
export const EVALUATOR_SOURCE = `
"use strict";
const jsonata = require(process.argv[1]);
const { Worker } = require("node:worker_threads");
new Worker(
  "const { workerData } = require('node:worker_threads'); setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL'); }, 500);",
  { eval: true, env: {}, workerData: Number(process.argv[2]) },
).unref();
const known = new Map();
const refused = (code, message) => Object.assign(new Error(message), { refused: code });
function compiled(text) {
  let expression = known.get(text);
  if (!expression) {
    expression = jsonata(text);
    if (known.size >= 200) known.delete(known.keys().next().value);
    known.set(text, expression);
  }
  return expression;
}
/* JSON.stringify would drop what is no JSON without a word. */
function mustBeJson(value, path) {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  const where = path === "" ? "the result" : "the result's " + path;
  if (typeof value === "function" || value?._jsonata_lambda || value?._jsonata_function) throw refused("map-not-json", where + " is a function");
  if (typeof value !== "object") throw refused("map-not-json", where + " is " + (value === undefined ? "missing" : String(value)));
  if (Array.isArray(value)) value.forEach((item, at) => mustBeJson(item, path + "[" + at + "]"));
  else for (const key of Object.keys(value)) mustBeJson(value[key], path === "" ? key : path + "." + key);
}
async function evaluated({ expression, input, meta, now }) {
  const bindings = {
    meta: JSON.parse(meta),
    millis: () => now,
    now: (picture, zone) => jsonata("$fromMillis($m, $p, $z)").evaluate(null, { m: now, p: picture, z: zone }),
    random: () => {
      throw refused("map-not-pure", "$random() would give another result each time");
    },
    shuffle: () => {
      throw refused("map-not-pure", "$shuffle() would give another result each time");
    },
  };
  const result = await compiled(expression).evaluate(JSON.parse(input), bindings);
  if (result === undefined) throw refused("map-no-value", "the expression has no value");
  mustBeJson(result, "");
  return JSON.stringify(result);
}
process.on("message", async (job) => {
  try {
    process.send({ id: job.id, text: await evaluated(job) });
  } catch (error) {
    const deep = error instanceof RangeError;
    const code = error?.refused ?? (deep ? "map-too-deep" : "jsonata-failed");
    const message = String(error?.message ?? error).slice(0, 500);
    process.send({ id: job.id, error: { code, message: error?.refused || deep ? message : "JSONata" + (error?.code ? " " + error.code : "") + ": " + message } });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
`;
