/**
 * `--with-model`: a model is asked for a rule beside the learners. `--judge`: a persona is asked about answers in other words. Both by the
 * providers and within the budget of this machine.
 */

import * as z from "zod";
import { type Learn, learnHere } from "../../actors/crystal/learn.ts";
import { studyOptions } from "../../actors/crystal/learning.ts";
import { withJudge } from "../../actors/crystal/rule-judge.ts";
import { givenRule, withWriter } from "../../actors/crystal/rule-writer.ts";
import { latestPersona } from "../../actors/crystal/study-models.ts";
import { PersonaBook } from "../../actors/persona-book.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { type Problem, parseJsonFile, schemaProblems } from "../../contract/json-file.ts";
import { proveRule } from "../../crystallize/crystallize.ts";
import { WRITTEN } from "../../crystallize/written.ts";
import { TIERS } from "../../models/config.ts";
import type { Crystal } from "../../net/crystal/definition.ts";
import { judgeOf } from "../../net/rule/agree.ts";
import { ruleSchema } from "../../net/rule/rule.ts";
import { MODEL_OPTIONS, modelOptions } from "../model-options.ts";
import { chooseModels } from "../processes/model-choice.ts";
import { readText } from "../read-file.ts";
import type { VerbCall, VerbOption } from "../verb.ts";
import { EQUALITY_OPTION } from "./equality-option.ts";

const TIMEOUT_MS = 5 * 60_000;
const TIER = "frontier";

export const WITH_MODEL_OPTIONS: readonly VerbOption[] = [
  { flags: "--with-model", about: "a rule that a model has written competes with the learned one, and is proven in the same way" },
  { flags: "--rule <file|id>", about: "this rule and no other: a JSON file, or the id of the one that a model wrote last (r-...)" },
  { flags: "--tier <tier>", about: `the tier that --with-model asks (default: ${TIER})`, choices: TIERS },
  EQUALITY_OPTION,
  { flags: "--judge", about: "ask the persona that the equality names about answers that are not equal by content" },
  ...MODEL_OPTIONS,
];

export interface LearnerWish {
  net: string;
  transition: string | undefined;
  /** With --with-model: a model is asked also where one has written a rule before. */
  anew: boolean;
  /** The rule that stands there: it is proven, on what it was not learned from, and no other is looked for. */
  standing?: Pick<Crystal, "rule" | "proof" | "equality">;
}

/** How this call learns. `tell`: progress for people. */
export async function learnerOf(
  call: VerbCall,
  broker: Broker,
  { net, transition, anew, standing }: LearnerWish,
  tell: (text: string) => void,
): Promise<Learn> {
  const [writes, judges, rule] = [call.on("withModel"), call.on("judge"), call.text("rule")];
  if (rule !== undefined && writes) throw usage("--rule names the rule, so --with-model has nothing to ask", "leave one of them away");
  if (rule !== undefined && transition === undefined)
    throw usage("--rule is about one step", `petrel crystallize ${net} TRANSITION --rule ${rule}`);
  const base = rule === undefined ? (standing ? standingRule(standing) : learnHere) : await ruleGiven(call, rule);
  if (!writes && !judges) {
    const given = ["tier", "models", "answers", "record", "budget", "ollama", "pace"].find((name) => call.text(name) !== undefined);
    if (given === undefined) return base;
    throw usage(`--${given} is about the models that --with-model and --judge ask`, "add one of them, or leave it away");
  }
  const { cwd, root, env, clock, random, signal } = call.petrel;
  const { dir } = call;
  const tiers = await chooseModels({
    ...{ options: modelOptions(call, "live"), roots: [dir, cwd], dir, cwd, root, env, clock },
    random: () => random(),
  });
  const common = { tiers, signal, timeoutMs: TIMEOUT_MS, key: `rule/${net}/${clock.now()}` };
  const onAsk = (round: number, of: number) => tell(`asking a model for a rule (${round} of ${of} times at most)`);
  const learn = writes ? withWriter(learnHere, { ...common, tier: call.text("tier") ?? TIER, onAsk, anew }) : base;
  if (!judges) return learn;
  const judged = withJudge(learn, {
    ...common,
    persona: (name) => latestPersona(new PersonaBook(broker.personaVersions, broker.artifacts), name),
    onAsk: (at, of) => tell(`the judge looks at ${at} of ${of} pairs of answers`),
  });
  const named = transition === undefined ? judged : judgeNamed(net, judged);
  return standing && !writes ? withOwn(standing, named) : named;
}

/** `--judge` where nobody is named would ask nobody, and look as if it had. */
function judgeNamed(net: string, learn: Learn): Learn {
  return (history, policy, live) => {
    if (judgeOf(policy.equality) !== null) return learn(history, policy, live);
    const message = "--judge has nobody to ask: no equality of this step names a judge";
    const hint = `--equality '{"judge":"PERSONA"}', or "equality" of the transition in the file of ${net}`;
    throw new Terminal({ code: "no-judge", message, hint });
  };
}

/** Answers are compared as the rule itself says, whatever the policy says by now. */
function withOwn({ equality = "exact" }: NonNullable<LearnerWish["standing"]>, learn: Learn): Learn {
  return (history, policy, live) => learn(history, { ...policy, equality }, live);
}

function standingRule(standing: NonNullable<LearnerWish["standing"]>): Learn {
  const { rule, proof } = standing;
  const seenTo = (proof?.from ?? 1) - 1;
  return withOwn(standing, async ({ examples }, policy) => ({
    ...proveRule(rule, examples, { ...studyOptions(policy), seenTo }),
    learner: proof?.learner ?? "written by hand",
  }));
}

/** The rule of a file, bare or as `rule` of an object like `crystal`. Errors: Terminal `bad-rule`, at its line and column. */
function ruleOfFile(text: string, file: string): Json {
  const { source, problems } = parseJsonFile(text, file);
  const { value } = source;
  if (value === undefined) throw badRule(problems);
  const within = isJsonObject(value) && value.rule !== undefined ? ["rule"] : [];
  const rule = isJsonObject(value) && value.rule !== undefined ? value.rule : value;
  const { error } = ruleSchema.safeParse(rule);
  if (!error) return rule;
  const issues = error.issues.map((issue) => ({ ...issue, path: [...within, ...issue.path] }));
  throw badRule(schemaProblems(source, new z.ZodError(issues)));
}

function badRule(problems: Problem[]): Terminal {
  const first = problems[0];
  const lines = problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  return new Terminal({
    code: "bad-rule",
    message: `the rule cannot be used: ${lines.join("; ")}`,
    ...(first ? { where: `${first.file}:${first.line}:${first.column}` } : {}),
    hint: "a rule is {guard, answer}: docs/net-file.md, and crystallize show --json prints one",
  });
}

const RULE_ID = /^r-[0-9a-f]{12}$/;

/** Errors: Terminal `no-such-rule`, `bad-rule`; those of reading a file. */
async function ruleGiven(call: VerbCall, wanted: string): Promise<Learn> {
  if (!RULE_ID.test(wanted)) {
    return givenRule(ruleOfFile(readText(call.petrel.cwd, wanted), wanted), `given (${wanted})`);
  }
  return async (history, policy, live) => {
    const { written } = history;
    if (written?.id === wanted) return givenRule(written.rule, WRITTEN, written.seenTo)(history, policy, live);
    const message = written
      ? `the last rule that a model wrote for this step is ${written.id}, not ${wanted}`
      : `no model has written the rule ${wanted} for this step`;
    throw new Terminal({ code: "no-such-rule", message, hint: "petrel crystallize NET TRANSITION --with-model asks a model for one" });
  };
}
