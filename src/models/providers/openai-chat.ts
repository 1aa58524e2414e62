/** The Chat Completions shapes, as OpenAI, Ollama, vLLM and the like speak them: our request into theirs, their stream into our answer. */
import type OpenAI from "openai";
import { estimateInput, estimateOutput } from "../estimate-tokens.ts";
import { type Block, type Message, type ModelAnswer, type ModelRequest, usageOf } from "../port.ts";
import { cutOff } from "../provider-errors.ts";
import { nameFromWire, parseInput, wireName } from "../tool-names.ts";

export const OPENAI = "openai";

type Params = OpenAI.ChatCompletionCreateParamsStreaming;

/** `compatible`: a server that is not OpenAI's, which may know only the older `max_tokens`. */
export function chatParams(request: ModelRequest, compatible: boolean): Params {
  const system: OpenAI.ChatCompletionMessageParam[] = request.system === "" ? [] : [{ role: "system", content: request.system }];
  const params: Params = {
    model: request.model,
    messages: [...system, ...request.messages.flatMap(messageParams)],
    stream: true,
    stream_options: { include_usage: true },
  };
  if (compatible) params.max_tokens = request.maxOutputTokens;
  else params.max_completion_tokens = request.maxOutputTokens;
  if (request.temperature !== undefined) params.temperature = request.temperature;
  if (request.tools.length > 0) {
    params.tools = request.tools.map((tool) => ({
      type: "function",
      function: { name: wireName(tool.name), description: tool.description, parameters: tool.input },
    }));
    if (request.toolChoice !== undefined) params.tool_choice = { type: "function", function: { name: wireName(request.toolChoice) } };
  }
  return params;
}

function messageParams(message: Message): OpenAI.ChatCompletionMessageParam[] {
  const text = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  if (message.role === "user") {
    const results = message.content.flatMap((block): OpenAI.ChatCompletionMessageParam[] => {
      if (block.type !== "tool-result") return [];
      const output = typeof block.output === "string" ? block.output : JSON.stringify(block.output);
      return [{ role: "tool", tool_call_id: block.id, content: block.isError ? `ERROR: ${output}` : output }];
    });
    return text === "" ? results : [...results, { role: "user", content: text }];
  }
  const calls = message.content.flatMap((block): OpenAI.ChatCompletionMessageToolCall[] => {
    if (block.type !== "tool-call") return [];
    const written = typeof block.input === "string" ? block.input : JSON.stringify(block.input);
    return [{ id: block.id, type: "function", function: { name: wireName(block.name), arguments: written } }];
  });
  return [{ role: "assistant", content: text === "" ? null : text, ...(calls.length > 0 ? { tool_calls: calls } : {}) }];
}

interface CallDraft {
  id: string;
  name: string;
  written: string;
}
interface Draft {
  text: string;
  refused: string;
  calls: Map<number, CallDraft>;
}

/** Gathers a stream into one answer. Throws Retryable `model-unreachable` when it ends before its end. */
export async function chatAnswer(
  chunks: AsyncIterable<OpenAI.ChatCompletionChunk>,
  request: ModelRequest,
  onText: ((delta: string) => void) | undefined,
): Promise<ModelAnswer> {
  const draft: Draft = { text: "", refused: "", calls: new Map() };
  let model = request.model;
  let reason: string | null = null;
  let usage: OpenAI.CompletionUsage | undefined;
  for await (const chunk of chunks) {
    if (chunk.model) model = chunk.model;
    if (chunk.usage) usage = chunk.usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    reason = choice.finish_reason ?? reason;
    take(draft, choice.delta, request, onText);
  }
  if (reason === null) throw cutOff(OPENAI);
  const content = finish(draft, request, reason);
  return {
    content,
    stop: stopOf(reason, draft),
    usage: usageOf(
      usage?.prompt_tokens ?? estimateInput(request),
      usage?.completion_tokens ?? estimateOutput(content),
      usage?.prompt_tokens_details?.cached_tokens,
    ),
    model,
  };
}

function take(
  draft: Draft,
  delta: OpenAI.ChatCompletionChunk.Choice.Delta,
  request: ModelRequest,
  onText: ((delta: string) => void) | undefined,
): void {
  if (delta.content) {
    draft.text += delta.content;
    onText?.(delta.content);
  }
  if (delta.refusal) draft.refused += delta.refusal;
  for (const [position, part] of (delta.tool_calls ?? []).entries()) {
    // Some servers leave out the index, and some the id: both are needed to answer the call.
    const index = part.index ?? position;
    const call = draft.calls.get(index) ?? { id: `call_${request.messages.length}_${index}`, name: "", written: "" };
    draft.calls.set(index, call);
    if (part.id) call.id = part.id;
    if (part.function?.name) call.name += part.function.name;
    if (part.function?.arguments) call.written += part.function.arguments;
  }
}

function finish(draft: Draft, request: ModelRequest, reason: string): Block[] {
  const said = draft.text + draft.refused;
  const text: Block[] = said === "" ? [] : [{ type: "text", text: said }];
  if (draft.refused !== "" || reason === "content_filter") return text;
  const name = nameFromWire(request.tools);
  const calls = [...draft.calls].sort(([a], [b]) => a - b).map(([, call]) => call);
  return [
    ...text,
    ...calls.map((call): Block => ({ type: "tool-call", id: call.id, name: name(call.name), input: parseInput(call.written) })),
  ];
}

function stopOf(reason: string, draft: Draft): ModelAnswer["stop"] {
  if (draft.refused !== "" || reason === "content_filter") return "refusal";
  if (reason === "length") return "length";
  // Some servers say `stop` beside tool calls, and OpenAI does when a tool was forced.
  return draft.calls.size > 0 ? "tool-call" : "end";
}
