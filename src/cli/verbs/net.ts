/** Net files against the running net: check, apply, diff, pull, ls. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Json, JsonObject } from "../../contract/json.ts";
import { applyAnswer, definitionAnswer, netRows, readAnswer } from "../answers.ts";
import { askNet, askRuntime } from "../ask.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { type Change, jsonDiff } from "../json-diff.ts";
import { baseOf, rememberBase } from "../net-bases.ts";
import { oneLine } from "../output.ts";
import { described, fileProblems, readText } from "../read-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const netCheckVerb: Verb = {
  command: "net check <file>",
  summary: "check a net file; needs no running system",
  examples: ["petrel net check nets/safe-teams.json"],
  run: async (call) => {
    const file = call.arg("file");
    const checked = load(call, file);
    const { places = {}, transitions = {}, net = "" } = checked.definition;
    const counts = `${Object.keys(places as JsonObject).length} places, ${Object.keys(transitions as JsonObject).length} transitions`;
    call.out.result(
      { ok: true, file, net, hash: checked.hash, warnings: checked.warnings as unknown as Json },
      () => `${file} is sound: net ${net}, ${counts}, version ${short(checked.hash)}`,
    );
    return EXIT.ok;
  },
};

export const netApplyVerb: Verb = {
  command: "net apply <file>",
  summary: "make a net file the running net, with tokens in flight",
  details:
    "The apply is refused when the running net has changed since the version that the file comes from. That version is remembered by `net pull` and `net apply`; --base names another, --force asks for none.",
  examples: ["petrel net apply nets/safe-teams.json"],
  options: [
    { flags: "--base <hash>", about: "the version that the file was made from" },
    { flags: "--force", about: "apply whatever runs now" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const file = call.arg("file");
    const path = resolve(call.petrel.cwd, file);
    const checked = load(call, file);
    const base = call.on("force") ? undefined : (call.text("base") ?? baseOf(call.dir, path));
    const body = { text: readText(call.petrel.cwd, file), by: callerOf(call), ...(base === undefined ? {} : { base }) };
    const raw = await call.withBroker((broker) => askRuntime(broker, "apply-net", body));
    const answer = readAnswer(applyAnswer, raw, "apply-net");
    rememberBase(call.dir, path, answer.hash);
    const net = String(checked.definition.net);
    call.out.result({ ...(raw as JsonObject), net }, () =>
      answer.changed === false
        ? `${net} runs this version already (${short(answer.hash)})`
        : `${net} runs version ${short(answer.hash)} now`,
    );
    return EXIT.ok;
  },
};

export const netDiffVerb: Verb = {
  command: "net diff <file>",
  summary: "show what the file changes against the running net",
  examples: ["petrel net diff nets/safe-teams.json", "petrel net diff nets/safe-teams.json --exit-code"],
  options: [{ flags: "--exit-code", about: "exit 1 when there is a difference" }],
  run: async (call) => {
    const checked = load(call, call.arg("file"));
    const net = String(checked.definition.net);
    const running = readAnswer(definitionAnswer, await call.withBroker((broker) => askNet(broker, net, "definition")), "definition");
    const changes = jsonDiff(running.definition, checked.definition).filter((change) => change.path !== "$schema");
    const same = changes.length === 0;
    call.out.result({ net, same, running: running.hash, file: checked.hash, changes: changes as unknown as Json }, () =>
      same ? `${call.arg("file")} is what runs (${short(running.hash)})` : changes.map((change) => sentence(change, call)).join("\n"),
    );
    return !same && call.on("exitCode") ? EXIT.failed : EXIT.ok;
  },
};

export const netPullVerb: Verb = {
  command: "net pull <net>",
  summary: "write the running definition of a net",
  examples: ["petrel net pull safe-teams -o nets/safe-teams.json", "petrel net pull safe-teams"],
  options: [{ flags: "-o, --out <file>", about: "the file to write (default: standard output)" }],
  run: async (call) => {
    const net = call.arg("net");
    const running = readAnswer(definitionAnswer, await call.withBroker((broker) => askNet(broker, net, "definition")), "definition");
    const text = running.text ?? `${JSON.stringify(running.definition, null, 2)}\n`;
    const out = call.text("out");
    if (out === undefined) {
      call.out.result(running.definition, () => text);
      return EXIT.ok;
    }
    const path = resolve(call.petrel.cwd, out);
    writeFileSync(path, text);
    rememberBase(call.dir, path, running.hash);
    call.out.result({ net, hash: running.hash, file: out }, () => `wrote ${out}: ${net}, version ${short(running.hash)}`);
    return EXIT.ok;
  },
};

export const netLsVerb: Verb = {
  command: "net ls",
  summary: "list the nets",
  examples: ["petrel net ls --json"],
  run: async (call) => {
    const rows = readAnswer(netRows, await call.withBroker((broker) => askRuntime(broker, "nets")), "nets");
    call.out.result(rows as Json, () =>
      rows.length === 0
        ? "no net yet: petrel net apply nets/safe-teams.json"
        : call.out.table(
            ["NET", "STATE", "TOKENS", "FIRING", "WAITING", "VERSION", ""],
            rows.map((row) => [
              row.net,
              row.state,
              count(row.tokens),
              count(row.open),
              count(row.waiting),
              short(row.version),
              row.title ?? "",
            ]),
          ),
    );
    return EXIT.ok;
  },
};

/** Reads and checks; a file with errors ends here, warnings are printed. */
function load(call: VerbCall, file: string) {
  const checked = call.petrel.checkNet(readText(call.petrel.cwd, file), file);
  if (!checked.ok) throw fileProblems(file, checked.problems);
  for (const warning of checked.warnings) call.out.say(`${call.out.paint.yellow("warning:")} ${described(warning)}`);
  return checked;
}

function sentence(change: Change, call: VerbCall): string {
  const { paint } = call.out;
  if (change.kind === "added") return paint.green(`+ ${change.path} = ${oneLine(change.to ?? null)}`);
  if (change.kind === "removed") return paint.red(`- ${change.path} = ${oneLine(change.from ?? null)}`);
  return paint.yellow(`~ ${change.path}: ${oneLine(change.from ?? null, 40)} -> ${oneLine(change.to ?? null, 40)}`);
}

const short = (hash: string) => hash.slice(0, 12);
const count = (value: number | undefined) => (value === undefined ? "-" : String(value));
