/** A local server that answers as the Anthropic Messages API does, streaming and tool use included. Drives the real SDK and CLI without a network. */
import type { ServerResponse } from "node:http";
import { mayFinish, pause, pieces, type Stub, type StubRequest, type StubTurn, scriptIn, sendJson, startStub } from "./stub-turn.ts";

interface WireMessage {
  role: string;
  content: string | { type: string; text?: string }[];
}
interface WireBlock {
  type: string;
  [field: string]: unknown;
}
interface WireAnswer {
  id: string;
  model: string;
  content: WireBlock[];
  raw: string[];
  stop_reason: string;
  usage: { input_tokens: number; output_tokens: number };
}

/** `says`: what it answers to a prompt, before any script; null for nothing of its own. */
export function startAnthropicStub(turns: StubTurn[] = [], says: (prompt: string) => StubTurn[] | null = () => null): Promise<Stub> {
  return startStub(turns, async (request, response, stub) => {
    const { method, path, body } = request;
    if (method === "HEAD") return void response.writeHead(200).end();
    if (method === "POST" && path === "/v1/messages/count_tokens") {
      return sendJson(response, 200, { input_tokens: Math.ceil(JSON.stringify(body).length / 4) });
    }
    if (method === "GET" && path === "/v1/models") {
      return sendJson(response, 200, { data: [{ type: "model", id: "claude-stub", display_name: "Stub" }], has_more: false });
    }
    if (method !== "POST" || path !== "/v1/messages") {
      return sendJson(response, 404, { type: "error", error: { type: "not_found_error", message: `stub: no ${method} ${path}` } });
    }
    const turn = pickTurn(request, stub.turns, says);
    if (turn.delayMs) await pause(turn.delayMs);
    if (turn.status) {
      const error = { type: turn.errorType ?? "api_error", message: turn.text ?? "stub error" };
      return sendJson(response, turn.status, { type: "error", error }, turn.headers);
    }
    const answer = build(request, turn, stub.requests.length);
    if (body.stream) stream(response, answer, turn);
    else sendJson(response, 200, { ...answer, type: "message", role: "assistant", stop_sequence: null });
  });
}

/** The turn is the number of assistant messages after the last plain user prompt, so that a resumed conversation goes on. */
function pickTurn(request: StubRequest, turns: StubTurn[], says: (prompt: string) => StubTurn[] | null): StubTurn {
  const messages: WireMessage[] = request.body?.messages ?? [];
  const at = messages.findLastIndex((message) => message.role === "user" && !hasToolResult(message));
  const turn = messages.slice(at + 1).filter((message) => message.role === "assistant").length;
  const prompt = at >= 0 ? textOf(messages[at] as WireMessage) : "";
  const script = says(prompt) ?? scriptIn(prompt) ?? (turns.length > 0 ? turns : [{ text: "stub: no script" }]);
  const hasTools = (request.body?.tools ?? []).length > 0;
  const chosen = script[turn] ?? { text: "stub: script exhausted" };
  return !hasTools && chosen.tools ? { text: "stub: side request without tools" } : chosen;
}

function build(request: StubRequest, turn: StubTurn, sequence: number): WireAnswer {
  const content: WireBlock[] = [];
  const raw: string[] = [];
  const add = (block: WireBlock, text: string) => {
    content.push(block);
    raw.push(text);
  };
  if (turn.thinking) add({ type: "thinking", thinking: turn.thinking, signature: `signed:${turn.thinking}` }, turn.thinking);
  if (turn.text) add({ type: "text", text: turn.text }, turn.text);
  for (const [index, tool] of (turn.tools ?? []).entries()) {
    add(
      { type: "tool_use", id: `toolu_stub_${sequence}_${index}`, name: tool.name, input: tool.input ?? {} },
      tool.raw ?? JSON.stringify(tool.input ?? {}),
    );
  }
  const ended = turn.tools?.length ? "tool_use" : "end_turn";
  return {
    id: `msg_stub_${sequence}`,
    model: request.body.model,
    content,
    raw,
    stop_reason: turn.refusal !== undefined ? "refusal" : turn.length ? "max_tokens" : ended,
    usage: { input_tokens: turn.usage?.input ?? 100, output_tokens: turn.usage?.output ?? 20 },
  };
}

function stream(response: ServerResponse, answer: WireAnswer, turn: StubTurn): void {
  const event = (type: string, data: object) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream", "request-id": `req_${answer.id}` });
  const { raw, ...message } = answer;
  const [cacheRead, cacheWrite] = [turn.usage?.cacheRead ?? 0, turn.usage?.cacheWrite ?? 0];
  const usage = { ...message.usage, output_tokens: 1, cache_creation_input_tokens: cacheWrite, cache_read_input_tokens: cacheRead };
  event("message_start", {
    message: { ...message, type: "message", role: "assistant", content: [], stop_reason: null, stop_sequence: null, usage },
  });
  for (const [index, block] of answer.content.entries()) {
    const text = raw[index] ?? "";
    if (block.type === "text") {
      event("content_block_start", { index, content_block: { type: "text", text: "" } });
      for (const piece of pieces(text, 16)) event("content_block_delta", { index, delta: { type: "text_delta", text: piece } });
    } else if (block.type === "thinking") {
      event("content_block_start", { index, content_block: { type: "thinking", thinking: "", signature: "" } });
      event("content_block_delta", { index, delta: { type: "thinking_delta", thinking: text } });
      event("content_block_delta", { index, delta: { type: "signature_delta", signature: block.signature } });
    } else {
      event("content_block_start", { index, content_block: { ...block, input: {} } });
      for (const piece of pieces(text, 24))
        event("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: piece } });
    }
    event("content_block_stop", { index });
  }
  if (turn.streamError) event("error", { error: { type: turn.streamError, message: "stub: in the middle" } });
  if (!mayFinish(turn, response)) return;
  const details = turn.refusal === undefined ? null : { type: "refusal", category: null, explanation: turn.refusal };
  event("message_delta", { delta: { stop_reason: answer.stop_reason, stop_sequence: null, stop_details: details }, usage: answer.usage });
  event("message_stop", {});
  response.end();
}

function hasToolResult(message: WireMessage): boolean {
  return typeof message.content !== "string" && message.content.some((block) => block.type === "tool_result");
}
function textOf(message: WireMessage): string {
  if (typeof message.content === "string") return message.content;
  return message.content.map((block) => block.text ?? "").join("\n");
}
