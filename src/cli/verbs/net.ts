/** Net files against the running net: check, apply, diff, pull, ls. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { applyAnswer, definitionAnswer, netRows, readAnswer } from "../../client/answers.ts";
import { askNet, askRuntime, checkName } from "../../client/ask.ts";
import { type Change, jsonDiff } from "../../client/json-diff.ts";
import { closedError, closedNets } from "../../client/known-nets.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { checkedNet } from "../checked-net.ts";
import { type AnalysedFile, type AnalysisLimits, analyseNetFile, analysePnmlFile, importPnml } from "../file-checks.ts";
import { baseOf, rememberBase } from "../net-bases.ts";
import { oneLine } from "../output.ts";
import { ensureRecruiting, offersProposals } from "../propose/recruiting-net.ts";
import { described, readText } from "../read-file.ts";
import { ruleLines } from "../run/rule-lines.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const netCheckVerb: Verb = {
  command: "net check <file>",
  summary: "check and analyse a net file, or a P/T net in PNML; needs no running system",
  details:
    "Says what is wrong in the file, and then what can go wrong when it runs: work that stays behind, loops without a limit, transitions that can never fire, places that fill without end, who reaches a push. These are warnings. See docs/net-check.md.",
  examples: ["petrel net check nets/safe-teams.json", "petrel net check philosophers.pnml --json --states 2000000 --seconds 60"],
  options: [
    { flags: "--states <n>", about: "look at so many states at most (default: 500000)" },
    { flags: "--seconds <n>", about: "for so many seconds at most (default: 30)" },
    { flags: "--pnml <out>", about: "write the P/T net that was analysed as PNML" },
  ],
  run: async (call) => {
    const file = call.arg("file");
    const limits = { states: call.integer("states", 1) ?? 500_000, seconds: call.integer("seconds", 1) ?? 30, clock: call.petrel.clock };
    return file.endsWith(".pnml") ? checkPnml(call, file, limits) : checkDefinition(call, file, limits);
  },
};

async function checkDefinition(call: VerbCall, file: string, limits: AnalysisLimits) {
  const checked = await checkedNet(call, file);
  const { places = {}, transitions = {}, net = "" } = checked.definition;
  const counts = sizeWords(Object.keys(places as JsonObject).length, Object.keys(transitions as JsonObject).length);
  return told(call, analysisOf(call, file, checked.definition, limits), {
    json: { ok: true, file, net, hash: checked.hash, warnings: checked.warnings as unknown as Json },
    line: `${file} is valid: net ${net}, ${counts}, version ${short(checked.hash)}`,
  });
}

function analysisOf(call: VerbCall, file: string, definition: JsonObject, limits: AnalysisLimits): AnalysedFile {
  const text = readText(call.petrel.cwd, file);
  const said = (persona: string) => personaFile(call.petrel.cwd, file, persona);
  const flagsOf = (persona: string) => {
    const flags = said(persona)?.flags;
    return typeof flags === "string" ? flags : null;
  };
  const grantsOf = (persona: string) => {
    const known = said(persona);
    return known && (Array.isArray(known.secrets) ? known.secrets.map(String) : []);
  };
  const outputOf = (persona: string) => {
    const known = said(persona);
    return known ? (known.output ?? null) : undefined;
  };
  return analyseNetFile(definition, { text, file, limits, flagsOf, grantsOf, outputOf });
}

function checkPnml(call: VerbCall, file: string, limits: AnalysisLimits) {
  const analysed = analysePnmlFile(readText(call.petrel.cwd, file), file, limits);
  const { id, places, transitions } = analysed.net;
  const counts = sizeWords(places.length, transitions.length);
  return told(call, analysed, { json: { ok: true, file, net: id }, line: `${file} is a P/T net: ${id}, ${counts}` });
}

function sizeWords(places: number, transitions: number): string {
  return `${places} ${places === 1 ? "place" : "places"}, ${transitions} ${transitions === 1 ? "transition" : "transitions"}`;
}

function warn(call: VerbCall, analysed: AnalysedFile): void {
  for (const finding of analysed.problems) {
    // A P/T net's findings are about the whole file: they have no line.
    const sentence = finding.line === undefined ? `${call.arg("file")}: ${finding.message}` : described(finding);
    call.out.say(`${call.out.paint.yellow("warning:")} ${sentence}`);
  }
}

function told(call: VerbCall, analysed: AnalysedFile, head: { json: JsonObject; line: string }) {
  warn(call, analysed);
  const out = call.text("pnml");
  if (out !== undefined) writeFileSync(resolve(call.petrel.cwd, out), analysed.pnml());
  const lines = [head.line, ...analysed.says.map((line) => `  ${line}`), ...(out === undefined ? [] : [`  wrote ${out}`])];
  call.out.result({ ...head.json, ...analysed.json }, () => lines.join("\n"));
  return EXIT.ok;
}

/** What a person who applies a net waits for gladly. */
const BEFORE_APPLY = { states: 50_000, seconds: 3 };

export const netApplyVerb: Verb = {
  command: "net apply <file>",
  summary: "make a net file the running net, with tokens in flight",
  details:
    "What `net check` finds is told first, as warnings, after a shorter look. The apply is refused when the running net has changed since the version that the file comes from. That version is remembered by `net pull` and `net apply`; --base names another, --force asks for none.",
  examples: ["petrel net apply nets/safe-teams.json"],
  options: [
    { flags: "--base <hash>", about: "the version that the file was made from" },
    { flags: "--force", about: "apply whatever runs now" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const file = call.arg("file");
    const path = resolve(call.petrel.cwd, file);
    const checked = await checkedNet(call, file);
    const analysed = analysisOf(call, file, checked.definition, { ...BEFORE_APPLY, clock: call.petrel.clock });
    warn(call, analysed);
    const base = call.on("force") ? undefined : (call.text("base") ?? baseOf(call.dir, path));
    // The definition and not the text: sub-nets in files of their own stand in it.
    const body = { definition: checked.definition, by: callerOf(call), ...(base === undefined ? {} : { base }) };
    const raw = await call.withBroker(async (broker) => {
      const applied = await askRuntime(broker, "apply-net", body);
      if (offersProposals(checked.definition) && (await ensureRecruiting(broker, call.petrel)))
        call.out.say("The net recruiting is applied too: what its specialists propose waits there for people (petrel propose ls).");
      return applied;
    });
    const answer = readAnswer(applyAnswer, raw, "apply-net");
    rememberBase(call.dir, path, answer.hash);
    const net = String(checked.definition.net);
    call.out.result({ ...(raw as JsonObject), net, findings: analysed.problems as unknown as Json }, () =>
      answer.changed === false
        ? `${net} runs this version already (${short(answer.hash)})`
        : [`${net} runs version ${short(answer.hash)} now`, ...ruleLines(net, answer.rules)].join("\n"),
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
    const checked = await checkedNet(call, call.arg("file"));
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

export const netImportVerb: Verb = {
  command: "net import <file>",
  summary: "make a net file out of a P/T net in PNML",
  details:
    "Each transition becomes a `pass`, each weight a `take` or a `weight`, and the initial marking the net's first tokens. Names become what a net file allows; the old ones are kept as titles.",
  examples: ["petrel net import philosophers.pnml -o nets/philosophers.json", "petrel net import philosophers.pnml"],
  options: [{ flags: "-o, --out <file>", about: "the file to write (default: standard output)" }],
  run: async (call) => {
    const file = call.arg("file");
    const definition = importPnml(readText(call.petrel.cwd, file), file);
    const text = `${JSON.stringify(definition, null, 2)}\n`;
    const out = call.text("out");
    if (out === undefined) {
      call.out.result(definition, () => text);
      return EXIT.ok;
    }
    writeFileSync(resolve(call.petrel.cwd, out), text, { flag: "wx" });
    const { net = "", places = {}, transitions = {} } = definition;
    const counts = sizeWords(Object.keys(places as JsonObject).length, Object.keys(transitions as JsonObject).length);
    call.out.result({ net, file: out }, () => `wrote ${out}: net ${String(net)}, ${counts}`);
    return EXIT.ok;
  },
};

export const netRelinkVerb: Verb = {
  command: "net relink <net> <other>",
  summary: "let links go on although the log at their other end was made anew",
  details:
    "Tokens that go from NET to OTHER are numbered, and each side knows the other's log. When one of the logs was deleted and made anew, nothing goes on until a person has said so on the side that keeps its log, or on both. What is still on its way gets new numbers.",
  examples: ["petrel net relink shop depot"],
  options: [ROLE_OPTION],
  run: async (call) => {
    const [net, other] = [call.arg("net"), checkName(call.arg("other"), "net")];
    const answer = (await call.withBroker((broker) => askNet(broker, net, "relink", { net: other, by: callerOf(call) }))) as JsonObject;
    call.out.result(answer, () => `${net} and ${other} are tied anew; on the way there: ${String(answer.waiting)}`);
    return EXIT.ok;
  },
};

export const netLsVerb: Verb = {
  command: "net ls",
  summary: "list the nets",
  examples: ["petrel net ls --json"],
  run: async (call) => {
    const [raw, closed] = await call.withBroker((broker) => Promise.all([askRuntime(broker, "nets"), closedNets(broker)]));
    const rows = readAnswer(netRows, raw, "nets");
    for (const each of closed) {
      const { message, hint = "" } = closedError(each);
      call.out.say(`${call.out.paint.red(message)}\n  next:  ${call.pasteable(hint)}`);
    }
    call.out.result([...rows, ...closed.map(({ hint: _, ...each }) => ({ ...each, state: "closed" }))] as Json, () =>
      rows.length + closed.length === 0
        ? `no net yet: ${call.pasteable("petrel net apply nets/safe-teams.json")}`
        : call.out.table(
            ["NET", "STATE", "TOKENS", "FIRING", "WAITING", "VERSION", ""],
            [
              ...rows.map((row) => [
                ...[row.net, row.state, count(row.tokens), count(row.open), count(row.waiting)],
                ...[short(row.version), row.title ?? ""],
              ]),
              ...closed.map(({ net }) => [net, call.out.paint.red("closed"), "-", "-", "-", "-", "its log is lost or damaged"]),
            ],
          ),
    );
    return EXIT.ok;
  },
};

/** What a persona's file says, beside the net's folder or where the user stands; null when there is none to read. */
interface PersonaSaid {
  flags?: unknown;
  secrets?: unknown;
  output?: Json;
}

function personaFile(cwd: string, file: string, persona: string): PersonaSaid | null {
  const folders = [join(dirname(resolve(cwd, file)), "..", "personas"), join(cwd, "personas")];
  const path = folders.map((folder) => join(folder, `${persona}.json`)).find((one) => existsSync(one));
  if (path === undefined) return null;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as PersonaSaid;
  } catch {
    // `persona apply` says what is wrong with it.
    return null;
  }
}

function sentence(change: Change, call: VerbCall): string {
  const { paint } = call.out;
  if (change.kind === "added") return paint.green(`+ ${change.path} = ${oneLine(change.to ?? null)}`);
  if (change.kind === "removed") return paint.red(`- ${change.path} = ${oneLine(change.from ?? null)}`);
  return paint.yellow(`~ ${change.path}: ${oneLine(change.from ?? null, 40)} -> ${oneLine(change.to ?? null, 40)}`);
}

const short = (hash: string) => hash.slice(0, 12);
const count = (value: number | undefined) => (value === undefined ? "-" : String(value));
