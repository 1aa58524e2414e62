/**
 * Answers from rules: functions that need no model. The same facts give the same answer, nothing is spent, nothing is recorded.
 * - U1 A rule sees what a model would see, and no more: its persona's prompt, the fenced data, and what its tools answered.
 * - U2 A rule has no rights: its tool calls go through the same policy as a model's.
 */
import type { Clock } from "../../contract/clock.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { withDeadline } from "../deadline.ts";
import { estimateInput, estimateOutput } from "../estimate-tokens.ts";
import { fences } from "../fence.ts";
import type { Block, ModelAnswer, ModelProvider, ModelRequest } from "../port.ts";
import { speak } from "./recorded.ts";

export const RULES = "rules";

/** A tool call that the rule asked for before, with what it gave. */
export interface RuleCall {
  tool: string;
  input: Json;
  output: Json;
  isError: boolean;
}

export interface RuleFacts {
  persona: string;
  /** How many answers the rule has given in this firing: 0 at first. */
  turn: number;
  /** The task in words, without its fenced data. */
  ask: string;
  /** The bound tokens' data by the names of their arcs. */
  data: Readonly<Record<string, Json>>;
  /** Every call of the turns before, in order. */
  calls: readonly RuleCall[];
  /** Names of the tools that may be called. With `answer` among them the whole answer goes through it. */
  tools: readonly string[];
  request: ModelRequest;
}

/** At most one of `answer`, `calls`, `done`, `fail` and `refusal`; `say` may stand beside each, or alone. */
export interface RuleAnswer {
  say?: string;
  /** The answer that the persona's output schema asks for, of an `llm` or an `agent`. */
  answer?: JsonObject;
  /** For an `agent`: tools to call now; their results are in `calls` of the next turn. */
  calls?: { tool: string; input: Json }[];
  /** For an `agent`: the work is finished, with what `done` takes. */
  done?: JsonObject;
  /** For an `agent`: it cannot be done. */
  fail?: string;
  /** The rule declines. */
  refusal?: string;
}

/** Pure but for time that it may take: it must end when `signal` is aborted. What it throws ends the firing. */
export type Rule = (facts: RuleFacts, signal: AbortSignal) => RuleAnswer | Promise<RuleAnswer>;
/** By the name of the persona. */
export type RuleBook = ReadonlyMap<string, Rule>;

export interface RulesOptions {
  clock: Clock;
  /** Milliseconds that each answer takes, for eyes. Default 0. */
  paceMs?: number;
  /** Answers for a persona that the book does not have; null where nothing can be said. */
  otherwise?(facts: RuleFacts): RuleAnswer | null;
}

/** Errors: Terminal `no-rule` for a persona without one, `rule-failed` for a rule that threw; Cancelled `aborted`; Retryable `model-timeout`. */
export function rulesProvider(rules: RuleBook, options: RulesOptions): ModelProvider {
  const { clock } = options;
  return {
    name: RULES,
    ask: (request, call) =>
      withDeadline(clock, call, `the rule of ${request.persona}`, async (signal) => {
        const rule = rules.get(request.persona);
        const given = rule ? await decided(rule, request, signal) : (options.otherwise?.(ruleFacts(request)) ?? null);
        if (given === null) throw noRule(request.persona, rules);
        const answer = answerOf(given, request);
        await speak(answer, clock, options.paceMs ?? 0, signal, call.onText);
        return answer;
      }),
  };
}

async function decided(rule: Rule, request: ModelRequest, signal: AbortSignal): Promise<RuleAnswer> {
  try {
    return await rule(ruleFacts(request), signal);
  } catch (cause) {
    if (cause instanceof PetrelError || signal.aborted) throw cause;
    const message = `the rule of ${request.persona} failed: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new Terminal({ code: "rule-failed", message, cause });
  }
}

/** What a rule is told of a request. */
export function ruleFacts(request: ModelRequest): RuleFacts {
  const first = textOf(request.messages[0]?.content ?? []);
  const { plain, data } = fences(first);
  const blocks = request.messages.flatMap((message) => message.content);
  const results = new Map(blocks.flatMap((block) => (block.type === "tool-result" ? [[block.id, block] as const] : [])));
  const calls = blocks.flatMap((block): RuleCall[] => {
    if (block.type !== "tool-call") return [];
    const result = results.get(block.id);
    return result ? [{ tool: block.name, input: block.input, output: result.output, isError: result.isError ?? false }] : [];
  });
  return {
    persona: request.persona,
    turn: request.messages.filter(({ role }) => role === "assistant").length,
    ask: plain,
    data,
    calls,
    tools: request.tools.map(({ name }) => name),
    request,
  };
}

function answerOf(given: RuleAnswer, request: ModelRequest): ModelAnswer {
  const turn = request.messages.filter(({ role }) => role === "assistant").length + 1;
  const named: { tool: string; input: Json }[] = [
    ...(given.calls ?? []),
    ...(given.answer ? [{ tool: request.toolChoice ?? ending(request), input: given.answer }] : []),
    ...(given.done ? [{ tool: "done", input: given.done }] : []),
    ...(given.fail === undefined ? [] : [{ tool: "fail", input: { reason: given.fail } }]),
  ];
  const said = given.refusal ?? given.say ?? "";
  const text: Block[] = said === "" ? [] : [{ type: "text", text: said }];
  const calls = named.map(({ tool, input }, at): Block => ({ type: "tool-call", id: `rule_${turn}_${at + 1}`, name: tool, input }));
  const content = given.refusal === undefined ? [...text, ...calls] : text;
  return {
    content,
    stop: given.refusal !== undefined ? "refusal" : calls.length > 0 ? "tool-call" : "end",
    usage: { inputTokens: estimateInput(request), outputTokens: estimateOutput(content) },
    model: RULES,
  };
}

/** An agent hands in its answer by `done`. */
function ending({ tools }: ModelRequest): string {
  return tools.some(({ name }) => name === "done") ? "done" : "answer";
}

function textOf(content: readonly Block[]): string {
  return content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
}

function noRule(persona: string, rules: RuleBook): Terminal {
  const known = [...rules.keys()].sort().join(", ");
  return new Terminal({
    code: "no-rule",
    message: `there is no rule for persona ${persona}; there are rules for ${known === "" ? "nobody" : known}`,
    hint: "Give its tier a model in petrel.config.json, or start with --models live.",
  });
}

/** For rules that look into data: the object under a name, or an empty one. */
export function objectIn(data: Readonly<Record<string, Json>>, name: string): JsonObject {
  const value = data[name];
  return isJsonObject(value) ? value : {};
}
