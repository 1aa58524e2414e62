/**
 * Tool programs: an agent's sequences of calls, laid one over the other. At each point of the tree the learners say what comes next
 * (a call, or the end), what its input is made of, and what the answer of a call has to look like for the rest to hold.
 */
import type { Json, JsonObject } from "../contract/json.ts";
import { isJsonObject } from "../contract/json.ts";
import type { Equality } from "../net/rule/agree.ts";
import { type Answer, evaluateAnswer } from "../net/rule/answer.ts";
import type { Condition } from "../net/rule/condition.ts";
import { callsThatCount } from "../net/rule/follow-calls.ts";
import { callName, callsOf, type Program, partsOfProgram } from "../net/rule/program.ts";
import { callFault, programProblems } from "../net/rule/program-problems.ts";
import { AFTER_ITS_CALLS, type ProgramRule } from "../net/rule/rule.ts";
import { noStepReason, onlyReads, stepAnswer } from "../net/rule/tool-steps.ts";
import { learnAnswer } from "./answers.ts";
import { columnsOf } from "./columns.ts";
import type { Example, ToolCall } from "./example.ts";
import { guardOf, readsIn } from "./guards.ts";
import { fieldsOfAnswers, unlearnedWords } from "./stand-in.ts";

export interface LearnedProgram {
  rule: ProgramRule;
  learners: string[];
}
export type ProgramOutcome = { learned: LearnedProgram } | { reason: string };

/** Fewer examples of a way teach nothing of it: there the model goes on. */
const LEAST = 8;
/** A call that fewer than this share of the examples make is taken for a slip, whichever tool it is. */
const SLIPS = 0.02;
const MOST_CALLS = 12;
/** No tool is called so. */
const END = "(end)";
const LOST = "(lost)";

interface Row {
  input: JsonObject;
  output: Json;
  calls: ToolCall[];
  /** The inputs by name, and the answers of the calls so far. */
  known: JsonObject;
}

/** Whether the agent's answer takes calls by which something happens: then no rule without them can stand for it. */
export function makesEffects(examples: readonly Example[]): boolean {
  return examples.some(({ tools }) => tools.some(({ name }) => !onlyReads(name)));
}

export function callsTools(examples: readonly Example[]): boolean {
  return examples.some(({ tools }) => callsThatCount(tools).length > 0);
}

export function learnProgram(examples: readonly Example[], equality: Equality): ProgramOutcome {
  const recorded = examples.filter(({ tools }) => callsThatCount(tools).every(({ input }) => isJsonObject(input)));
  if (recorded.length < LEAST)
    return { reason: "its log does not hold the inputs of its calls: what was refused, or could not be read, was no call" };
  const rows = recorded.map(({ input, output, tools }): Row => ({ input, output, calls: callsThatCount(tools), known: { ...input } }));
  const foreign = foreignTool(rows);
  if (foreign !== null) return { reason: `its calls cannot become steps: ${foreign}` };
  const grower = new Grower(equality, rows.length);
  const program = grower.grow(rows, 0);
  if (!program) return { reason: grower.problem ?? "no learner found what its calls follow from" };
  const [fault] = programProblems(program);
  if (fault) return { reason: `its calls cannot become steps: ${fault.message}` };
  const { answers } = partsOfProgram(program);
  const inputs = rows.map(({ input }) => input);
  const guard = guardOf({ kind: "list", items: answers }, inputs);
  const learners = ["tool program", ...grower.learners];
  return { learned: { rule: { guard, answer: AFTER_ITS_CALLS, program }, learners } };
}

/** A tool that is called often enough to count, and that no step can stand for. */
function foreignTool(rows: readonly Row[]): string | null {
  const users = new Map<string, number>();
  for (const { calls } of rows) for (const name of new Set(calls.map((call) => call.name))) users.set(name, (users.get(name) ?? 0) + 1);
  for (const [name, count] of users) {
    const reason = count >= Math.max(3, SLIPS * rows.length) ? noStepReason(name) : null;
    if (reason !== null) return reason;
  }
  return null;
}

class Grower {
  readonly learners = new Set<string>();
  problem: string | null = null;
  readonly #equality: Equality;
  readonly #size: number;

  constructor(equality: Equality, size: number) {
    this.#equality = equality;
    this.#size = size;
  }

  /** The program from here on, for examples that have made `depth` calls; null where none could be learned. */
  grow(rows: readonly Row[], depth: number): Program | null {
    const labels = rows.map((row) => nextLabel(row, depth));
    const counts = new Map<string, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const least = Math.max(LEAST, SLIPS * this.#size);
    const known = [...counts].filter(([label, count]) => label !== LOST && count >= least).map(([label]) => label);
    const [only] = known;
    if (only === undefined || depth >= MOST_CALLS) return this.#fail(depth, "too few examples go on in the same way");
    // What is rare here is left to the model, unless it is a slip: the proof tells which.
    if (known.length === 1) return this.#way(only, rowsOf(rows, labels, only), depth);
    const by = this.#learn(rows, labels);
    if (!by) return this.#fail(depth, `nothing tells when ${known.sort().join(" or ")} comes next`);
    const ways = known.sort().flatMap((way) => {
      // Where the two differ, the agent has slipped: how it went on from there teaches nothing.
      const meant = rowsOf(rows, labels, way).filter((row) => isGiven(by, row, way));
      const next = meant.length < LEAST ? null : this.#way(way, meant, depth);
      return next ? [{ way, next }] : [];
    });
    return ways.length > 0 ? { do: "choose", by, ways } : null;
  }

  #way(label: string, rows: readonly Row[], depth: number): Program | null {
    return label === END ? this.#end(rows) : this.#call(label, rows, depth);
  }

  #end(rows: readonly Row[]): Program | null {
    const unlearned = new Set<string>();
    const outputs = rows.map(({ output }) => output);
    const answer = this.#learn(rows, outputs, this.#equality, unlearned);
    if (answer) return { do: "end", answer };
    return this.#fail(null, unlearnedWords("no learner found what its answer is made of", unlearned, fieldsOfAnswers(rows)));
  }

  #call(tool: string, rows: readonly Row[], depth: number): Program | null {
    const input = this.#learn(
      rows,
      rows.map(({ calls }) => calls[depth]?.input ?? null),
    );
    if (!input) return this.#fail(depth, `no learner found what the input of ${tool} is made of`);
    const fault = callFault({ tool, input });
    if (fault !== null) return this.#fail(depth, fault);
    const answered = rows.flatMap((row) => answeredRow(row, depth));
    if (answered.length < LEAST) return this.#fail(depth, `the answers of ${tool} are not such as a step gives`);
    const next = this.grow(answered, depth + 1);
    if (!next) return null;
    return { do: "call", tool, input, expects: expectations(next, answered, depth + 1), seen: rows.length, next };
  }

  #learn(rows: readonly Row[], targets: readonly Json[], equality: Equality = "exact", unlearned?: Set<string>): Answer | null {
    const inputs = rows.map(({ known }) => known);
    const learned = learnAnswer({ inputs, targets, columns: columnsOf(inputs), equality }, "", 0, unlearned);
    for (const learner of learned?.learners ?? []) this.learners.add(learner);
    return learned?.answer ?? null;
  }

  #fail(depth: number | null, why: string): null {
    this.problem ??= depth === null ? why : `call ${depth + 1}: ${why}`;
    return null;
  }
}

/** What the example does after `depth` calls; a call that failed, or whose answer no step would give, leads nowhere. */
function nextLabel({ calls }: Row, depth: number): string {
  const call = calls[depth];
  if (!call) return END;
  return noStepReason(call.name) === null ? call.name : LOST;
}

function rowsOf(rows: readonly Row[], labels: readonly string[], label: string): Row[] {
  return rows.filter((_, at) => labels[at] === label);
}

function isGiven(by: Answer, { known }: Row, way: string): boolean {
  const given = evaluateAnswer(by, known);
  return given.ok && given.value === way;
}

function answeredRow(row: Row, depth: number): Row[] {
  const call = row.calls[depth];
  const answer = call && !call.failed ? stepAnswer(call.name, call.output) : undefined;
  return answer === undefined ? [] : [{ ...row, known: { ...row.known, [callName(depth + 1)]: answer } }];
}

/** What the rest of the program relies on in the answer of one call. */
function expectations(next: Program, rows: readonly Row[], number: number): Condition[] {
  const name = callName(number);
  const { answers } = partsOfProgram(next);
  const seen = rows.map(({ known }): JsonObject => ({ [name]: known[name] ?? null }));
  const rest: Answer = { kind: "list", items: answers };
  const { deciding } = readsIn(rest);
  return guardOf(rest, seen).filter((condition) => {
    const paths = pathsOf(condition);
    // How great a number is, or how long a text, says nothing where it is only handed on.
    return paths.every((path) => path.startsWith(`/${name}/`)) && (!isRange(condition) || paths.every((path) => deciding.has(path)));
  });
}

function isRange(condition: Condition): boolean {
  return condition.test === "range" || (condition.test === "any" && condition.conditions.some(isRange));
}

function pathsOf(condition: Condition): string[] {
  if (condition.test === "not") return pathsOf(condition.condition);
  if (condition.test === "any") return condition.conditions.flatMap(pathsOf);
  return condition.test === "same" || condition.test === "less" ? [condition.path, condition.than] : [condition.path];
}

/** A program from elsewhere with what the examples tell: its guard, and what the answers of its calls have to look like. */
export function hardened(program: Program, examples: readonly Example[]): { program: Program; guard: Condition[] } {
  const rows = examples.map(({ input, output, tools }): Row => ({ input, output, calls: callsThatCount(tools), known: { ...input } }));
  const { answers } = partsOfProgram(program);
  const inputs = rows.map(({ input }) => input);
  return { program: expecting(program, rows, 0), guard: guardOf({ kind: "list", items: answers }, inputs) };
}

function expecting(program: Program, rows: readonly Row[], depth: number): Program {
  if (program.do === "end") return program;
  if (program.do === "choose") {
    const ways = program.ways.map(({ way, next }) => ({
      ...{
        way,
        next: expecting(
          next,
          rows.filter((row) => isGiven(program.by, row, way)),
          depth,
        ),
      },
    }));
    return { ...program, ways };
  }
  const answered = rows.filter(({ calls }) => calls[depth]?.name === program.tool).flatMap((row) => answeredRow(row, depth));
  const next = expecting(program.next, answered, depth + 1);
  const learned = answered.length === 0 ? [] : expectations(next, answered, depth + 1);
  return { ...program, next, expects: [...learned, ...program.expects], seen: answered.length };
}

/** The tools that a program calls, each once. */
export function namesOfCalls(program: Program): string[] {
  return [...new Set(callsOf(program).map(({ node }) => node.tool))];
}
