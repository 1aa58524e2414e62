/**
 * Answers from a file that a person wrote, for authoring a cassette. The entry is the first of this persona whose `when` texts all
 * stand in the conversation; the turn is the number of answers given so far. Everything in the answer is a function of the request.
 */
import * as z from "zod";
import type { Clock } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { type CanonicalOptions, canonicalRequest } from "../canonical-request.ts";
import { withDeadline } from "../deadline.ts";
import { estimateOutput, estimateTokens } from "../estimate-tokens.ts";
import type { Block, ModelAnswer, ModelProvider, ModelRequest } from "../port.ts";
import { speak } from "./recorded.ts";

const turnSchema = z.strictObject({
  text: z.string().optional(),
  tools: z.array(z.strictObject({ name: z.string(), input: z.json() })).optional(),
  refusal: z.literal(true).optional().describe("The provider declines"),
});
export const answersFileSchema = z.strictObject({
  $schema: z.string().optional(),
  answers: z.array(z.strictObject({ persona: z.string(), when: z.array(z.string()).default([]), turns: z.array(turnSchema).min(1) })),
});
export type AnswersFile = z.output<typeof answersFileSchema>;
type Turn = z.output<typeof turnSchema>;

export interface AuthoredOptions extends CanonicalOptions {
  clock: Clock;
  /** Named in errors. */
  file: string;
  /** What the answers give as their model. Default `hand`. */
  model?: string;
}

export function authoredProvider(answers: AnswersFile, options: AuthoredOptions): ModelProvider {
  return {
    name: "authored",
    ask: (request, call) =>
      withDeadline(options.clock, call, `the authored answer for ${request.persona}`, async (signal) => {
        const answer = compose(request, answers, options);
        await speak(answer, options.clock, 0, signal, call.onText);
        return answer;
      }),
  };
}

function compose(request: ModelRequest, answers: AnswersFile, options: AuthoredOptions): ModelAnswer {
  const text = conversationText(request);
  const entry = answers.answers.find(
    (candidate) => candidate.persona === request.persona && candidate.when.every((part) => text.includes(part)),
  );
  const index = request.messages.filter((message) => message.role === "assistant").length;
  const turn = entry?.turns[index];
  if (!turn)
    throw noAnswer(
      request,
      options.file,
      entry
        ? `its entry has ${entry.turns.length} turn${entry.turns.length === 1 ? "" : "s"}, and turn ${index + 1} is asked for`
        : "no entry fits",
      text,
    );
  const content = blocks(turn, request.persona, index);
  const called = turn.tools && turn.tools.length > 0;
  const canonical = canonicalRequest(request, options);
  return {
    content,
    stop: turn.refusal ? "refusal" : called ? "tool-call" : "end",
    // Counted on the canonical form, so that the numbers are the same wherever the work runs.
    usage: { inputTokens: estimateTokens(JSON.stringify(canonical)), outputTokens: estimateOutput(content) },
    model: options.model ?? "hand",
  };
}

function blocks(turn: Turn, persona: string, index: number): Block[] {
  const text: Block[] = turn.text === undefined || turn.text === "" ? [] : [{ type: "text", text: turn.text }];
  const calls = (turn.tools ?? []).map((tool, at): Block => ({ type: "tool-call", id: `call_${persona}_${index + 1}_${at + 1}`, ...tool }));
  return [...text, ...calls];
}

function conversationText(request: ModelRequest): string {
  return request.messages.flatMap((message) => message.content.map(blockText)).join("\n");
}
function blockText(block: Block): string {
  if (block.type === "text") return block.text;
  if (block.type === "tool-call") return `${block.name} ${valueText(block.input)}`;
  return block.type === "tool-result" ? valueText(block.output) : "";
}
/** Strings as they are, so that a `when` need not know how JSON escapes them. */
function valueText(value: Json): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(valueText).join("\n");
  return isJsonObject(value) ? Object.values(value).map(valueText).join("\n") : String(value);
}

function noAnswer(request: ModelRequest, file: string, why: string, text: string): Terminal {
  return new Terminal({
    code: "no-recording",
    message: `${file} has no answer for persona ${request.persona}: ${why}. The conversation ends with: …${text.replace(/\s+/g, " ").trim().slice(-120)}`,
    hint: "Add an entry or a turn for it to the answers file.",
    where: file,
  });
}
