/** A request in words for a model that answers in text alone, and its text read back: tools are called by one JSON object. */
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { jsonFlaw } from "../../contract/json-limits.ts";
import type { Block, Message, ModelRequest } from "../../models/port.ts";

export const YOU = "[you said]";

export function systemWords(request: ModelRequest): string {
  if (request.tools.length === 0) return request.system;
  const tools = request.tools.map(({ name, description, input }) => JSON.stringify({ tool: name, description, input }));
  const must = request.toolChoice === undefined ? "" : `\nYou must call ${request.toolChoice}.`;
  return [
    request.system,
    "# Tools\nYou run nothing yourself. To call tools, answer with one JSON object and nothing besides:",
    '{"say": "what you have to say, if anything", "calls": [{"tool": "NAME", "input": {}}]}',
    `Their results come in the next message. Without a call, answer in plain text.${must}\n\n${tools.join("\n")}`,
  ].join("\n");
}

/** The first message as it is; of a longer conversation, who said what. */
export function conversationWords(messages: readonly Message[]): string {
  if (messages.length === 1) return plain(messages[0]?.content ?? []);
  return messages.map(({ role, content }) => (role === "user" ? plain(content) : `${YOU}\n${said(content)}`)).join("\n\n");
}

function plain(content: readonly Block[]): string {
  const parts = content.flatMap((block) => {
    if (block.type === "text") return [block.text];
    if (block.type !== "tool-result") return [];
    return [`[result of ${block.id}${block.isError ? ", an error" : ""}]\n${JSON.stringify(block.output)}`];
  });
  return parts.join("\n\n");
}

function said(content: readonly Block[]): string {
  const say = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  const calls = content.flatMap((block) => (block.type === "tool-call" ? [{ id: block.id, tool: block.name, input: block.input }] : []));
  return calls.length === 0 ? say : JSON.stringify({ say, calls });
}

/** `turn` numbers the calls, so that each has an id of its own in the conversation. */
export function readWords(text: string, request: ModelRequest, turn: number): Block[] {
  const found = request.tools.length === 0 ? null : callsIn(text);
  if (!found) return text === "" ? [] : [{ type: "text", text }];
  const say: Block[] = found.say === "" ? [] : [{ type: "text", text: found.say }];
  return [
    ...say,
    ...found.calls.map(({ tool, input }, at): Block => ({ type: "tool-call", id: `call_${turn}_${at + 1}`, name: tool, input })),
  ];
}

function callsIn(text: string): { say: string; calls: { tool: string; input: Json }[] } | null {
  const body = /```(?:json)?\s*\n([\s\S]*?)\n\s*```/.exec(text)?.[1] ?? text;
  const value = objectIn(body);
  if (!value || !Array.isArray(value.calls)) return null;
  const calls = value.calls.flatMap((call) =>
    isJsonObject(call) && typeof call.tool === "string" ? [{ tool: call.tool, input: call.input ?? {} }] : [],
  );
  return calls.length === 0 ? null : { say: typeof value.say === "string" ? value.say : "", calls };
}

function objectIn(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text.trim()) as Json;
    return isJsonObject(value) && !jsonFlaw(value) ? value : null;
  } catch {
    return null;
  }
}
