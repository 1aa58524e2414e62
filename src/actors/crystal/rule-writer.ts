/**
 * A model is asked for a rule, beside what the learners find. It sees examples of the earlier part of the history, as data inside fences,
 * and answers by one tool whose input is a rule; what is wrong with it is told, and it may mend it. Nothing of it is carried out here.
 */

import { Terminal } from "../../contract/errors.ts";
import type { ModelUse } from "../../contract/event.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { type CrystallizeOptions, type Proposal, proveRule } from "../../crystallize/crystallize.ts";
import type { Example } from "../../crystallize/example.ts";
import {
  betterOf,
  earlyPart,
  proveWritten,
  readGiven,
  readWritten,
  shownExamples,
  type Trial,
  trialOf,
} from "../../crystallize/written.ts";
import { fenceData } from "../../models/fence.ts";
import type { Message } from "../../models/port.ts";
import type { TierAnswer, TierRequest, Tiers } from "../../models/tiers.ts";
import { addUse } from "../../models/use.ts";
import type { Rule } from "../../net/rule/rule.ts";
import { RULE_WRITER } from "./crystal-verbs.ts";
import type { Learn } from "./learn.ts";
import { studyOptions } from "./learning.ts";
import { RULE_TOOL, writerWords } from "./rule-writer-words.ts";

export interface RuleWriter {
  tiers: Tiers;
  tier: string;
  signal: AbortSignal;
  timeoutMs: number;
  /** Names the request, so that the same one is the same. */
  key: string;
  onAsk?(round: number, of: number): void;
  /** Also where a model has written a rule for this step before. */
  anew?: boolean;
  /** Whether a model is worth asking, after what was learned; default: always. */
  wanted?(learned: Proposal): boolean;
}

/** The model is asked no more often than this for one step. */
export const MOST_ROUNDS = 3;
const MOST_SHOWN = 60;
const MOST_CHARACTERS = 60_000;
const MOST_OUTPUT_TOKENS = 8000;
/** On the examples that it was shown: better it need not become. */
const ENOUGH = { wrong: 0.02, claimed: 0.95 };

/**
 * Learns as `learn` does, and has a model's rule compete: the one that a model wrote for this step before, where there is one and `anew` is
 * not said; else a model is asked. Errors: those of `learn` and of `Tiers.ask`.
 */
export function withWriter(learn: Learn, writer: RuleWriter): Learn {
  return async (history, policy, live) => {
    const learned = await learn(history, policy, live);
    const options = { ...studyOptions(policy), ...(live ? { live } : {}) };
    if (learned.examples.good < policy.least || live) return learned;
    if (writer.wanted?.(learned) === false) return learned;
    const kept = writer.anew ? null : keptIn(history);
    const again = kept && competed(learned, kept, history.examples, options);
    if (again && (again.written?.outcome === "taken" || writer.wanted === undefined)) return again;
    const early = earlyPart(history.examples, options);
    const { rule, use, rounds } = await written(early, options, writer);
    const asked = { rounds, ...(use ? { model: use } : {}) };
    if (!rule) return { ...(again ?? learned), written: { ...asked, outcome: "none" } };
    const made = competed(learned, { rule, seenTo: early.at(-1)?.seq ?? 0 }, history.examples, options);
    return made.written ? { ...made, written: { ...made.written, ...asked } } : made;
  };
}

/** Has the rule that a model wrote before compete, and asks nobody. */
export function withKept(learn: Learn): Learn {
  return async (history, policy, live) => {
    const learned = await learn(history, policy, live);
    const kept = live ? null : keptIn(history);
    return kept ? competed(learned, kept, history.examples, studyOptions(policy)) : learned;
  };
}

/** Proves this rule and looks for no other. Errors: Terminal `bad-rule`. */
export function givenRule(value: Json, by: string, seenTo = 0): Learn {
  return async ({ examples }, policy) => {
    const read = readGiven(value, examples);
    if ("rule" in read) return { ...proveRule(read.rule, examples, { ...studyOptions(policy), seenTo }), learner: by };
    throw new Terminal({
      code: "bad-rule",
      message: `the rule is not sound: ${read.problems.join("; ")}`,
      hint: "docs/net-file.md has the form of a rule",
    });
  };
}

export interface KeptRule {
  rule: Rule;
  /** The last event of what its writer was shown. */
  seenTo: number;
}

/** Null: none, or none that would be sound today. */
function keptIn({ written, examples }: Parameters<Learn>[0]): KeptRule | null {
  const read = written ? readGiven(written.rule, examples) : null;
  return written && read && "rule" in read ? { rule: read.rule, seenTo: written.seenTo } : null;
}

function competed(learned: Proposal, { rule, seenTo }: KeptRule, examples: readonly Example[], options: CrystallizeOptions): Proposal {
  const proposal = proveWritten(rule, examples, { ...options, seenTo });
  const better = betterOf(learned, proposal);
  const outcome = better !== proposal ? "behind" : proposal.promotable ? "taken" : "unproven";
  return { ...better, written: { rounds: 0, outcome, proof: proposal.proof, rule, seenTo } };
}

interface Attempt {
  rule: Rule;
  trial: Trial;
}

async function written(early: readonly Example[], options: Parameters<typeof readWritten>[2], writer: RuleWriter) {
  const messages: Message[] = [{ role: "user", content: [{ type: "text", text: askOf(early) }] }];
  let best: Attempt | null = null;
  let use: ModelUse | null = null;
  let rounds = 0;
  while (rounds < MOST_ROUNDS) {
    rounds += 1;
    writer.onAsk?.(rounds, MOST_ROUNDS);
    const answer = await askedOnce(writer, messages, rounds);
    if (!answer) break;
    use = addUse(use, answer.use);
    const call = answer.answer.content.find((block) => block.type === "tool-call");
    if (!call) break;
    const read = readWritten(call.input, early, options);
    const trial = "rule" in read ? trialOf(read.rule, early, options) : null;
    if ("rule" in read && trial && (!best || trial.score > best.trial.score)) best = { rule: read.rule, trial };
    if (trial && isEnough(trial, early.length)) break;
    const told = trial ? trialWords(trial, early.length) : ({ problems: "problems" in read ? read.problems : [] } as JsonObject);
    messages.push({ role: "assistant", content: answer.answer.content });
    messages.push({ role: "user", content: [{ type: "tool-result", id: call.id, output: told, isError: trial === null }] });
  }
  return { rule: best?.rule ?? null, use, rounds };
}

/** Null: a later round failed, and what was written before it counts. */
async function askedOnce(
  { tiers, tier, signal, timeoutMs, key }: RuleWriter,
  messages: Message[],
  round: number,
): Promise<TierAnswer | null> {
  try {
    return await tiers.ask(tier, requestOf(messages), { signal, timeoutMs, key: `${key}/${round}` });
  } catch (error) {
    if (round === 1 || signal.aborted) throw error;
    return null;
  }
}

function requestOf(messages: Message[]): TierRequest {
  const { system } = writerWords();
  return {
    ...{ persona: RULE_WRITER, system, messages: [...messages], tools: [RULE_TOOL], toolChoice: RULE_TOOL.name },
    maxOutputTokens: MOST_OUTPUT_TOKENS,
  };
}

function askOf(early: readonly Example[]): string {
  const shown: Json[] = [];
  let room = MOST_CHARACTERS;
  for (const { input, output, tools } of shownExamples(early, MOST_SHOWN)) {
    const one: JsonObject = { input, answer: output, ...(tools.length > 0 ? { calls: tools as unknown as Json } : {}) };
    room -= JSON.stringify(one).length;
    if (room < 0 && shown.length > 0) break;
    shown.push(one);
  }
  return `${writerWords().ask}\n\nOf ${early.length} firings these are ${shown.length}.\n${fenceData("examples", shown)}`;
}

function isEnough({ claimed, wrong }: Trial, all: number): boolean {
  return wrong <= ENOUGH.wrong * claimed && claimed >= ENOUGH.claimed * all;
}

function trialWords({ claimed, wrong, mistakes, left }: Trial, all: number): JsonObject {
  return {
    tried: `of ${all} firings it answers ${claimed}, ${wrong} of them otherwise than was answered`,
    mistakes: mistakes as unknown as Json,
    left: left as unknown as Json,
  };
}
