#!/usr/bin/env node
// Has a host run a commit: node deploy.mjs HOST HEAD. Prints what it answers, as JSON.
const [host, head] = process.argv.slice(2);
const response = await fetch(`${host}/deploy`, { method: "POST", body: JSON.stringify({ head }) });
const answer = await response.json();
process.stdout.write(`${JSON.stringify(answer)}\n`);
process.exitCode = response.ok ? 0 : 1;
