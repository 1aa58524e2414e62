/** A local server that answers as OpenAI's Chat Completions and Responses do, both with server-sent events. Base URL: `${stub.url}/v1`. */
import type { ServerResponse } from "node:http";
import { mayFinish, pause, pieces, type Stub, type StubTurn, scriptIn, sendJson, startStub } from "./stub-turn.ts";

interface WireItem {
  role?: string;
  type?: string;
  content?: string | { text?: string }[] | null;
}
interface Usage {
  input: number;
  output: number;
}

export function startOpenAIStub(turns: StubTurn[] = []): Promise<Stub> {
  return startStub(turns, async (request, response, stub) => {
    const { method, path, body } = request;
    if (path.endsWith("/models"))
      return sendJson(response, 200, { object: "list", data: [{ id: "stub-model", object: "model", created: 1 }] });
    const isChat = path.endsWith("/chat/completions");
    if (method !== "POST" || !(isChat || path.endsWith("/responses"))) {
      return sendJson(response, 404, { error: { message: `stub: no ${method} ${path}`, type: "invalid_request_error" } });
    }
    const items: WireItem[] = isChat
      ? body.messages
      : typeof body.input === "string"
        ? [{ role: "user", content: body.input }]
        : body.input;
    const turn = isChat
      ? pickTurn(items, (item) => item.role === "assistant", stub.turns)
      : pickTurn(items, (item) => item.type === "function_call_output" || item.type === "custom_tool_call_output", stub.turns);
    if (turn.delayMs) await pause(turn.delayMs);
    if (turn.status) {
      const error = { message: turn.text ?? "stub error", type: turn.errorType ?? "stub", code: turn.errorType ?? null };
      return sendJson(response, turn.status, { error }, turn.headers);
    }
    const sequence = stub.requests.length;
    if (isChat) answerChat(response, body, turn, sequence);
    else answerResponses(response, body, turn, sequence);
  });
}

function pickTurn(items: WireItem[], isAnswer: (item: WireItem) => boolean, turns: StubTurn[]): StubTurn {
  const scripted = items.findLastIndex((item) => item.role === "user" && scriptIn(textOf(item)) !== null);
  const at = scripted >= 0 ? scripted : items.findLastIndex((item) => item.role === "user");
  const script =
    (scripted >= 0 ? scriptIn(textOf(items[scripted] as WireItem)) : null) ?? (turns.length > 0 ? turns : [{ text: "stub: no script" }]);
  return script[items.slice(at + 1).filter(isAnswer).length] ?? { text: "stub: script exhausted" };
}

function answerChat(
  response: ServerResponse,
  body: { model: string; stream?: boolean; stream_options?: { include_usage?: boolean } },
  turn: StubTurn,
  sequence: number,
): void {
  const calls = (turn.tools ?? []).map((tool, index) => ({
    index,
    id: `call_${sequence}_${index}`,
    type: "function",
    function: { name: tool.name, arguments: tool.raw ?? JSON.stringify(tool.input ?? {}) },
  }));
  const counted: Usage = turn.usage ?? { input: 100, output: 20 };
  const usage = {
    prompt_tokens: counted.input,
    completion_tokens: counted.output,
    total_tokens: counted.input + counted.output,
    prompt_tokens_details: { cached_tokens: turn.usage?.cacheRead ?? 0 },
  };
  const reason = turn.length ? "length" : turn.refusal === "" ? "content_filter" : calls.length > 0 ? "tool_calls" : "stop";
  const base = { id: `chatcmpl-${sequence}`, created: 1, model: body.model };
  if (!body.stream) {
    const message = {
      role: "assistant",
      content: turn.text ?? null,
      refusal: turn.refusal ?? null,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    };
    sendJson(response, 200, { ...base, object: "chat.completion", choices: [{ index: 0, message, finish_reason: reason }], usage });
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const write = (chunk: object) => response.write(`data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", ...chunk })}\n\n`);
  const event = (delta: object, finish: string | null = null) => write({ choices: [{ index: 0, delta, finish_reason: finish }] });
  event({ role: "assistant", content: "" });
  for (const piece of pieces(turn.text ?? "", 8)) event({ content: piece });
  for (const piece of pieces(turn.refusal ?? "", 8)) event({ refusal: piece });
  for (const call of calls) {
    event({ tool_calls: [{ ...call, function: { name: call.function.name, arguments: "" } }] });
    for (const piece of pieces(call.function.arguments, 10)) event({ tool_calls: [{ index: call.index, function: { arguments: piece } }] });
  }
  if (turn.streamError)
    response.write(`data: ${JSON.stringify({ error: { type: turn.streamError, message: "stub: in the middle" } })}\n\n`);
  if (!mayFinish(turn, response)) return;
  event({}, reason);
  if (body.stream_options?.include_usage) write({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}

function answerResponses(response: ServerResponse, body: { model: string; stream?: boolean }, turn: StubTurn, sequence: number): void {
  const output = outputItems(turn, sequence);
  const usage = {
    input_tokens: turn.usage?.input ?? 100,
    input_tokens_details: { cached_tokens: turn.usage?.cacheRead ?? 0 },
    output_tokens: turn.usage?.output ?? 20,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: (turn.usage?.input ?? 100) + (turn.usage?.output ?? 20),
  };
  const whole = {
    id: `resp_${sequence}`,
    object: "response",
    created_at: 1,
    status: turn.length ? "incomplete" : "completed",
    ...(turn.length ? { incomplete_details: { reason: "max_output_tokens" } } : {}),
    model: body.model,
    output,
    tools: [],
    tool_choice: "auto",
    usage,
  };
  if (!body.stream) {
    sendJson(response, 200, whole);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  let count = 0;
  const event = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: count++, ...data })}\n\n`);
  event("response.created", { response: { ...whole, status: "in_progress", output: [], usage: null } });
  for (const [index, item] of output.entries()) responseItem(event, item, index);
  if (turn.streamError) event("error", { code: turn.streamError, message: "stub: in the middle", param: null });
  if (!mayFinish(turn, response)) return;
  event(turn.length ? "response.incomplete" : "response.completed", { response: whole });
  response.end();
}

type OutputItem = ReturnType<typeof outputItems>[number];

function outputItems(turn: StubTurn, sequence: number) {
  const text = turn.text ?? turn.refusal ?? "";
  const part = turn.refusal === undefined ? { type: "output_text", text, annotations: [] } : { type: "refusal", refusal: text };
  const message = {
    kind: "message" as const,
    type: "message",
    id: `msg_${sequence}`,
    status: "completed",
    role: "assistant",
    content: [part],
    text,
  };
  const calls = (turn.tools ?? []).map((tool, index) => {
    const common = { status: "completed", call_id: `call_${sequence}_${index}`, name: tool.name };
    const written = tool.raw ?? JSON.stringify(tool.input ?? {});
    return tool.custom
      ? { kind: "custom" as const, type: "custom_tool_call", id: `ctc_${sequence}_${index}`, ...common, input: String(tool.input ?? "") }
      : { kind: "call" as const, type: "function_call", id: `fc_${sequence}_${index}`, ...common, arguments: written };
  });
  return text === "" ? calls : [message, ...calls];
}

function responseItem(event: (type: string, data: object) => void, item: OutputItem, index: number): void {
  const at = { item_id: item.id, output_index: index };
  if (item.kind === "message") {
    const part = { ...at, content_index: 0 };
    event("response.output_item.added", { output_index: index, item: { ...item, content: [], status: "in_progress" } });
    event("response.content_part.added", { ...part, part: { type: "output_text", text: "", annotations: [] } });
    for (const piece of pieces(item.text, 8)) event("response.output_text.delta", { ...part, delta: piece, logprobs: [] });
    event("response.output_text.done", { ...part, text: item.text, logprobs: [] });
    event("response.content_part.done", { ...part, part: item.content[0] });
  } else if (item.kind === "call") {
    event("response.output_item.added", { output_index: index, item: { ...item, arguments: "", status: "in_progress" } });
    event("response.function_call_arguments.delta", { ...at, delta: item.arguments });
    event("response.function_call_arguments.done", { ...at, name: item.name, arguments: item.arguments });
  } else event("response.output_item.added", { output_index: index, item: { ...item, input: "", status: "in_progress" } });
  event("response.output_item.done", { output_index: index, item });
}

function textOf(item: WireItem): string {
  if (typeof item.content === "string") return item.content;
  return (item.content ?? []).map((part) => part.text ?? "").join("\n");
}
