/**
 * The developer by search: it reads the examples out of its task, writes them down as tests, and looks for a program of a small
 * grammar until the project's tests pass. It begins with a few of the examples; those that the tests then show to be wrong are
 * taken into the next search. What it does not find within its limit it says, and hands in nothing.
 */
import { isJsonObject, type Json } from "../../contract/json.ts";
import { objectIn, type RuleAnswer, type RuleCall, type RuleFacts } from "../../models/providers/rules.ts";
import { readExamples, type Wanted } from "./search/examples.ts";
import { type Found, findProgram } from "./search/find-program.ts";
import { fileName, moduleText, testName, testText } from "./search/program-text.ts";
import { examplesIn } from "./structured-request.ts";

/** Programs that are tried for one candidate, by the attempt at the task. */
const LIMITS = [60_000, 150_000, 400_000];
const FIRST_EXAMPLES = 4;
/** Of the limit, for one expression that is right for the examples shown so far; the rest is for all of them. */
const FOR_THE_FIRST = 4;

export async function developer(facts: RuleFacts, signal: AbortSignal): Promise<RuleAnswer> {
  const task = objectIn(facts.data, "task");
  const given = examplesIn(String(task.description ?? ""));
  if (!given) return { fail: "The task holds no examples of inputs and outputs, and without a model I work from nothing else." };
  const wanted = readExamples(given);
  if (facts.turn === 0)
    return {
      say: "First what is there.",
      calls: [call("fs.read", { path: "package.json" }), ...filesOf(wanted).map((path) => call("fs.read", { path }))],
    };
  const taken = foreignFile(facts.calls, wanted);
  if (taken) return { fail: `${taken} is there already and is not mine to replace. Give the function another name.` };
  const runs = facts.calls.filter(({ tool }) => tool === "tests.run");
  const last = runs.at(-1);
  if (last && isGreen(last)) return finished(facts, wanted, runs.length);
  const strangers = last ? failing(last).filter((name) => !isOurs(name, wanted)) : [];
  if (strangers.length > 0)
    return { fail: `Other tests of the project are red, and they are not mine to mend: ${strangers.slice(0, 3).join("; ")}` };
  if (last && failing(last).length === 0) return { fail: "The project's tests could not be run: they end with an error and name no test." };
  return candidate(facts, wanted, runs, signal);
}

async function candidate(facts: RuleFacts, wanted: Wanted, runs: readonly RuleCall[], signal: AbortSignal): Promise<RuleAnswer> {
  const attempt = Number(/attempt (\d+)/.exec(facts.ask)?.[1] ?? 1);
  const limit = LIMITS[Math.min(attempt, LIMITS.length) - 1] as number;
  const shown = shownExamples(wanted, runs);
  if (runs.length > 0 && shown.length === shownExamples(wanted, runs.slice(0, -1)).length)
    return { fail: `The tests are red, and they show no example that I did not know: ${runs.flatMap(failing).slice(-3).join("; ")}` };
  const { found, from, tried } = await searched(wanted, shown, limit, signal);
  if (!found.found) return { fail: nothingFound(wanted, found, tried, attempt, limit) };
  const [source, tests] = pathsOf(facts.calls, wanted);
  // What it was not shown and the tests find right is given right unseen as well; where they do not, it is no candidate.
  const unseen = wanted.examples.length - from;
  const [right, of] = [found.held.right + unseen, found.held.of + unseen];
  return {
    say: `Candidate ${runs.length + 1}, from ${from} of ${wanted.examples.length} examples, ${tried} programs tried.`,
    calls: [
      // Kept among the calls: the summary at the end says how long the search was.
      call("think", { thought: `Programs looked at: ${tried}, given right unseen: ${right} of ${of}` }),
      call("fs.write", { path: source, text: moduleText(wanted, found.branches) }),
      ...(runs.length === 0 ? [call("fs.write", { path: tests, text: testText(wanted, source.endsWith(".mjs") ? "mjs" : "js") })] : []),
      call("tests.run", {}),
    ],
  };
}

/** One expression for what is shown; else a program for all examples: of a few of them branches make a list. */
async function searched(wanted: Wanted, shown: Wanted["examples"], limit: number, signal: AbortSignal) {
  const few = shown.length < wanted.examples.length;
  const first = few ? await findProgram({ ...wanted, examples: shown }, Math.floor(limit / FOR_THE_FIRST), signal) : null;
  if (first?.found && first.branches.length === 1) return { found: first, from: shown.length, tried: first.tried };
  const before = first?.tried ?? 0;
  const found = await findProgram(wanted, limit - before, signal);
  return { found, from: wanted.examples.length, tried: before + found.tried };
}

function nothingFound(
  { name, examples }: Wanted,
  found: Extract<Found, { found: false }>,
  tried: number,
  attempt: number,
  limit: number,
): string {
  const searched = `${tried} were tried, the limit of attempt ${attempt} is ${limit}`;
  if (found.byHeart)
    return `I found a program for all ${examples.length} examples of ${name}, but it says them by heart: of ${found.byHeart.of} that were left out in turn, the search gives ${found.byHeart.right} right (${searched}). I hand in nothing; more examples tell what is meant.`;
  return `I found no program for all ${examples.length} examples of ${name}: ${searched}, and the best gives ${found.best} of ${examples.length} right. I hand in nothing.`;
}

/** The first few, and each that a test has shown to be wrong. */
function shownExamples(wanted: Wanted, runs: readonly RuleCall[]): Wanted["examples"] {
  const wrong = runs.flatMap(failing);
  // The runner puts the file before a test's name.
  const isWrong = (name: string) => wrong.some((each) => each.endsWith(name));
  return wanted.examples.filter(({ args, out }, at) => at < FIRST_EXAMPLES || isWrong(testName(wanted.name, args, out)));
}

function finished(facts: RuleFacts, wanted: Wanted, candidates: number): RuleAnswer {
  const committed = facts.calls.find(({ tool, isError }) => tool === "git.commit" && !isError);
  const refused = facts.calls.find(({ tool, isError }) => tool === "git.commit" && isError);
  if (!committed && refused) {
    const why = isJsonObject(refused.output) ? String(refused.output.message ?? "") : "";
    return { fail: `I find the same program again, and have nothing new to hand in: the examples say no more. ${why}`.trim() };
  }
  if (!committed)
    return { calls: [call("git.commit", { message: `Write ${wanted.name}, as its ${wanted.examples.length} examples say`.slice(0, 72) })] };
  const { looked, held } = told(facts.calls);
  const summary = `${wanted.name} gives all ${wanted.examples.length} examples right; found by a search through ${looked} programs, of which the project's tests were shown ${candidates}. ${held}`;
  return { done: { status: "done", summary } };
}

/** What the candidates' own notes say: how long the search was in all, and how sure the last one is. */
function told(calls: readonly RuleCall[]): { looked: number; held: string } {
  const thoughts = calls.flatMap(({ tool, input }) => (tool === "think" && isJsonObject(input) ? [String(input.thought)] : []));
  const notes = thoughts.flatMap((thought) => {
    const [, looked, right, of] = /^Programs looked at: (\d+), given right unseen: (\d+) of (\d+)$/.exec(thought) ?? [];
    return looked === undefined ? [] : [{ looked: Number(looked), right: Number(right), of: Number(of) }];
  });
  const last = notes.at(-1);
  const held = last
    ? `Of ${last.of} examples left out in turn, the search gives ${last.right} right unseen${last.right * 2 <= last.of ? ": look whether it is what you mean" : ""}.`
    : "";
  return { looked: notes.reduce((sum, each) => sum + each.looked, 0), held };
}

function filesOf({ name }: Wanted): string[] {
  const file = fileName(name);
  return ["js", "mjs"].flatMap((extension) => [`src/${file}.${extension}`, `test/${file}.test.${extension}`]);
}

/** Modules by name where the package does not say so. */
function pathsOf(calls: readonly RuleCall[], { name }: Wanted): [string, string] {
  const manifest = calls.find(({ tool, input }) => tool === "fs.read" && isJsonObject(input) && input.path === "package.json");
  const text = isJsonObject(manifest?.output) ? String(manifest.output.text ?? "") : "";
  const extension = /"type"\s*:\s*"module"/.test(text) ? "js" : "mjs";
  const file = fileName(name);
  return [`src/${file}.${extension}`, `test/${file}.test.${extension}`];
}

/** A file of this name that an earlier attempt did not write: it exports something else, or is no module at all. */
function foreignFile(calls: readonly RuleCall[], wanted: Wanted): string | null {
  for (const { tool, input, output, isError } of calls) {
    if (tool !== "fs.read" || isError || !isJsonObject(input) || input.path === "package.json" || !isJsonObject(output)) continue;
    const text = String(output.text ?? "");
    const own = text.includes(`export function ${wanted.name}(`) || text.includes(`import { ${wanted.name} } from "../src/`);
    if (!own) return String(input.path);
  }
  return null;
}

function isGreen({ output, isError }: RuleCall): boolean {
  return !isError && isJsonObject(output) && output.ok === true && Number(output.passed) > 0;
}
function failing({ output }: RuleCall): string[] {
  const list = isJsonObject(output) && Array.isArray(output.failing) ? output.failing : [];
  return list.flatMap((each) => (isJsonObject(each) && typeof each.name === "string" ? [each.name] : []));
}
/** The runner may put the file or a group in front of a test's name, and names a file whose tests are red as well. */
function isOurs(name: string, wanted: Wanted): boolean {
  return name.includes(`${wanted.name}(`) || name.includes(`${fileName(wanted.name)}.test.`);
}
function call(tool: string, input: Json): { tool: string; input: Json } {
  return { tool, input };
}
