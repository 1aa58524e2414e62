// Searches the files of folders for a value, as it is and in hex. Exits 1 where it is found, and names the files.
// The value stands in the middle of the test's secret, so that base64 writes it in one of three ways: these are looked for too.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [value, ...folders] = process.argv.slice(2);
const bytes = Buffer.from(value);
const shifted = [0, 1, 2].map((before) => {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  // The characters at its ends depend on what stands beside it.
  return text.slice(before === 0 ? 0 : 4, -4);
});
const forms = [value, bytes.toString("hex"), ...shifted];
const LEFT_OUT = new Set(["node_modules", ".git"]);
let files = 0;
const hits = [];

function search(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) search(path);
    if (!entry.isFile()) continue;
    files += 1;
    const text = readFileSync(path).toString("latin1");
    if (forms.some((form) => text.includes(form))) hits.push(path);
  }
}

for (const folder of folders) search(folder);
for (const path of hits) console.error(`the canary secret stands in ${path}`);
console.log(`the canary secret was looked for in ${files} files`);
process.exitCode = hits.length === 0 && files > 0 ? 0 : 1;
