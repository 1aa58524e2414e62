/** The Messages API's shapes: our request into theirs, their stream into our answer. */
import type Anthropic from "@anthropic-ai/sdk";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { type Block, type Message, type ModelAnswer, type ModelRequest, type Usage, usageOf } from "../port.ts";
import { cutOff } from "../provider-errors.ts";
import { nameFromWire, parseInput, wireName } from "../tool-names.ts";

export const ANTHROPIC = "anthropic";

/** `force`: whether this model lets a tool be forced; where not, the prompt alone must say it. */
export function anthropicParams(request: ModelRequest, force: boolean): Anthropic.MessageCreateParamsStreaming {
  const params: Anthropic.MessageCreateParamsStreaming = {
    model: request.model,
    max_tokens: request.maxOutputTokens,
    messages: request.messages.map((message) => ({ role: message.role, content: content(message, request.model) })),
    stream: true,
  };
  // Tools, system and conversation are one prefix, in this order: what a firing repeats in each turn is read from the cache.
  if (request.system !== "") params.system = [{ type: "text", text: request.system, cache_control: CACHED }];
  markLast(params.messages);
  if (request.tools.length > 0) {
    params.tools = request.tools.map((tool, index) => ({
      name: wireName(tool.name),
      description: tool.description,
      input_schema: { ...tool.input, type: "object" },
      ...(request.system === "" && index === request.tools.length - 1 ? { cache_control: CACHED } : {}),
    }));
    params.tool_choice =
      request.toolChoice !== undefined && force
        ? { type: "tool", name: wireName(request.toolChoice), disable_parallel_tool_use: true }
        : { type: "auto" };
  }
  return params;
}

/** Kept for five minutes from the last reading. */
const CACHED = { type: "ephemeral" } as const;

/** The conversation up to here, for the next turn to read. Thinking may not be marked, and an empty text may not stand. */
function markLast(messages: Anthropic.MessageParam[]): void {
  const content = messages.at(-1)?.content;
  if (!Array.isArray(content)) return;
  const last = content.at(-1);
  if (last && (last.type === "text" || last.type === "tool_result" || last.type === "tool_use")) last.cache_control = CACHED;
}

function content(message: Message, model: string): Anthropic.ContentBlockParam[] {
  const blocks = message.content.flatMap((block) => blockParam(block, model));
  // The API wants the results of tools before any text of the same turn.
  return message.role === "user"
    ? [...blocks.filter((b) => b.type === "tool_result"), ...blocks.filter((b) => b.type !== "tool_result")]
    : blocks;
}

function blockParam(block: Block, model: string): Anthropic.ContentBlockParam[] {
  switch (block.type) {
    case "text":
      return block.text === "" ? [] : [{ type: "text", text: block.text }];
    case "tool-call": {
      const input = isJsonObject(block.input) ? block.input : { value: block.input };
      return [{ type: "tool_use", id: block.id, name: wireName(block.name), input }];
    }
    case "tool-result": {
      const text = typeof block.output === "string" ? block.output : JSON.stringify(block.output);
      return [{ type: "tool_result", tool_use_id: block.id, content: text, is_error: block.isError ?? false }];
    }
    case "opaque":
      // Thinking is signed for one model; any other refuses the request that carries it.
      return block.provider === ANTHROPIC && block.model === model ? [block.value as unknown as Anthropic.ThinkingBlockParam] : [];
  }
}

interface Draft {
  block: Anthropic.ContentBlock;
  text: string;
  signature: string;
}

/** Gathers a stream into one answer. Throws Retryable `model-unreachable` when it ends before its end. */
export async function anthropicAnswer(
  events: AsyncIterable<Anthropic.RawMessageStreamEvent>,
  request: ModelRequest,
  onText: ((delta: string) => void) | undefined,
): Promise<ModelAnswer> {
  const drafts = new Map<number, Draft>();
  let usage: Usage = { inputTokens: 0, outputTokens: 0 };
  let model = request.model;
  let reason: Anthropic.StopReason | null = null;
  let explanation = "";
  let whole = false;
  for await (const event of events) {
    if (event.type === "message_start") {
      model = event.message.model;
      usage = begun(event.message.usage);
    } else if (event.type === "content_block_start") {
      const block = event.content_block;
      drafts.set(event.index, {
        block,
        text: block.type === "text" ? block.text : block.type === "thinking" ? block.thinking : "",
        signature: "",
      });
    } else if (event.type === "content_block_delta") {
      const draft = drafts.get(event.index);
      if (draft) take(draft, event.delta, onText);
    } else if (event.type === "message_delta") {
      reason = event.delta.stop_reason;
      explanation = event.delta.stop_details?.explanation ?? "";
      usage = { ...usage, outputTokens: event.usage.output_tokens };
    } else if (event.type === "message_stop") whole = true;
  }
  if (!whole) throw cutOff(ANTHROPIC);
  const blocks = [...drafts].sort(([a], [b]) => a - b).flatMap(([, draft]) => finish(draft, request));
  return { content: reason === "refusal" ? refusal(blocks, explanation) : blocks, stop: stopOf(reason), usage, model };
}

function take(draft: Draft, delta: Anthropic.RawContentBlockDelta, onText: ((delta: string) => void) | undefined): void {
  if (delta.type === "text_delta") {
    draft.text += delta.text;
    onText?.(delta.text);
  } else if (delta.type === "input_json_delta") draft.text += delta.partial_json;
  else if (delta.type === "thinking_delta") draft.text += delta.thinking;
  else if (delta.type === "signature_delta") draft.signature += delta.signature;
}

function finish(draft: Draft, request: ModelRequest): Block[] {
  const { block, text } = draft;
  if (block.type === "text") return text === "" ? [] : [{ type: "text", text }];
  if (block.type === "tool_use")
    return [{ type: "tool-call", id: block.id, name: nameFromWire(request.tools)(block.name), input: parseInput(text) }];
  const opaque = (value: Json): Block[] => [{ type: "opaque", provider: ANTHROPIC, model: request.model, value }];
  if (block.type === "thinking") return opaque({ type: "thinking", thinking: text, signature: draft.signature || block.signature });
  if (block.type === "redacted_thinking") return opaque({ type: "redacted_thinking", data: block.data });
  return [];
}

/** What was begun before a refusal is not to be acted on. */
function refusal(blocks: Block[], explanation: string): Block[] {
  const text = blocks.filter((block) => block.type === "text");
  return text.length > 0 || explanation === "" ? text : [{ type: "text", text: explanation }];
}

function stopOf(reason: Anthropic.StopReason | null): ModelAnswer["stop"] {
  if (reason === "tool_use") return "tool-call";
  if (reason === "refusal") return "refusal";
  return reason === "max_tokens" || reason === "model_context_window_exceeded" ? "length" : "end";
}

/** Anthropic counts what was cached beside the input; the port counts it inside. */
function begun(usage: Anthropic.Usage): Usage {
  const [written, read] = [usage.cache_creation_input_tokens ?? 0, usage.cache_read_input_tokens ?? 0];
  return usageOf(usage.input_tokens + written + read, usage.output_tokens, read, written);
}
