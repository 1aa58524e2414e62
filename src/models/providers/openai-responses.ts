/** The Responses API's shapes: our request into theirs, their stream into our answer. Nothing is stored there: each request carries all. */
import type OpenAI from "openai";
import type { Json } from "../../contract/json.ts";
import { estimateInput, estimateOutput } from "../estimate-tokens.ts";
import { type Block, type Message, type ModelAnswer, type ModelRequest, usageOf } from "../port.ts";
import { cutOff } from "../provider-errors.ts";
import { nameFromWire, parseInput, wireName } from "../tool-names.ts";
import { OPENAI } from "./openai-chat.ts";

type Params = OpenAI.Responses.ResponseCreateParamsStreaming;
type Item = OpenAI.Responses.ResponseInputItem;

export function responsesParams(request: ModelRequest): Params {
  const params: Params = {
    model: request.model,
    input: request.messages.flatMap((message) => inputItems(message, request.model)),
    max_output_tokens: request.maxOutputTokens,
    stream: true,
    store: false,
    include: ["reasoning.encrypted_content"],
    // Requests of one persona begin alike: they meet the same cache.
    prompt_cache_key: `petrel-${request.persona}`,
  };
  if (request.system !== "") params.instructions = request.system;
  if (request.temperature !== undefined) params.temperature = request.temperature;
  if (request.tools.length > 0) {
    params.tools = request.tools.map((tool) => ({
      type: "function",
      name: wireName(tool.name),
      description: tool.description,
      parameters: tool.input,
      strict: false,
    }));
    if (request.toolChoice !== undefined) params.tool_choice = { type: "function", name: wireName(request.toolChoice) };
  }
  return params;
}

function inputItems(message: Message, model: string): Item[] {
  const items = message.content.flatMap((block): Item[] => {
    switch (block.type) {
      case "text":
        return block.text === "" ? [] : [{ role: message.role, content: block.text }];
      case "tool-call": {
        const written = typeof block.input === "string" ? block.input : JSON.stringify(block.input);
        return [{ type: "function_call", call_id: block.id, name: wireName(block.name), arguments: written }];
      }
      case "tool-result": {
        const output = typeof block.output === "string" ? block.output : JSON.stringify(block.output);
        return [{ type: "function_call_output", call_id: block.id, output: block.isError ? `ERROR: ${output}` : output }];
      }
      default:
        return block.provider === OPENAI && block.model === model ? [block.value as unknown as Item] : [];
    }
  });
  // The results of tools come before any text of the same turn.
  return message.role === "user" ? [...items.filter(isResult), ...items.filter((item) => !isResult(item))] : items;
}

function isResult(item: Item): boolean {
  return "type" in item && item.type === "function_call_output";
}

/** Gathers a stream into one answer. Throws Retryable `model-unreachable` when it ends before its end. */
export async function responsesAnswer(
  events: AsyncIterable<OpenAI.Responses.ResponseStreamEvent>,
  request: ModelRequest,
  onText: ((delta: string) => void) | undefined,
): Promise<ModelAnswer> {
  const items: OpenAI.Responses.ResponseOutputItem[] = [];
  let last: OpenAI.Responses.Response | null = null;
  for await (const event of events) {
    if (event.type === "response.output_text.delta") onText?.(event.delta);
    else if (event.type === "response.output_item.done") items[event.output_index] = event.item;
    else if (event.type === "response.completed" || event.type === "response.incomplete") last = event.response;
    else if (event.type === "response.failed") throw new ResponseFailure(event.response.error?.code, event.response.error?.message);
    else if (event.type === "error") throw new ResponseFailure(event.code, event.message);
  }
  if (!last) throw cutOff(OPENAI);
  const blocks = items.filter((item) => item !== undefined).flatMap((item) => blocksOf(item, request));
  const refused = items.some((item) => item?.type === "message" && item.content.some((part) => part.type === "refusal"));
  const cut = last.incomplete_details?.reason;
  const isRefusal = refused || cut === "content_filter";
  const content = isRefusal ? blocks.filter((block) => block.type === "text") : blocks;
  const { usage } = last;
  return {
    content,
    stop: isRefusal ? "refusal" : cut !== undefined ? "length" : content.some((block) => block.type === "tool-call") ? "tool-call" : "end",
    usage: usageOf(
      usage?.input_tokens ?? estimateInput(request),
      usage?.output_tokens ?? estimateOutput(content),
      usage?.input_tokens_details?.cached_tokens,
    ),
    model: last.model,
  };
}

/** A failure that came inside a stream that began well. */
export class ResponseFailure extends Error {
  readonly kind: string | undefined;
  constructor(kind: string | null | undefined, message: string | undefined) {
    super(message ?? "the response failed");
    this.kind = kind ?? undefined;
  }
}

function blocksOf(item: OpenAI.Responses.ResponseOutputItem, request: ModelRequest): Block[] {
  if (item.type === "message") {
    const text = item.content.map((part) => (part.type === "output_text" ? part.text : part.refusal)).join("");
    return text === "" ? [] : [{ type: "text", text }];
  }
  if (item.type === "function_call")
    return [{ type: "tool-call", id: item.call_id, name: nameFromWire(request.tools)(item.name), input: parseInput(item.arguments) }];
  if (item.type !== "reasoning") return [];
  return [{ type: "opaque", provider: OPENAI, model: request.model, value: item as unknown as Json }];
}
