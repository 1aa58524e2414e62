#!/usr/bin/env node
/**
 * Plays `claude -p` for tests: asks the Messages API at ANTHROPIC_BASE_URL with what came by standard input, and prints what the real one
 * prints: stream events line by line, and one result. Its tools are none, so calls come as one JSON object in text.
 */
import { readFileSync, writeFileSync } from "node:fs";

const args = process.argv.slice(2);
const option = (name) => args[args.indexOf(name) + 1];
if (process.env.CLAUDE_CONFIG_DIR) writeFileSync(`${process.env.CLAUDE_CONFIG_DIR}/seen.json`, JSON.stringify({ args, env: process.env }));
const system = readFileSync(option("--system-prompt-file"), "utf8");
const prompt = readFileSync(0, "utf8");
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const result = (more) => print({ type: "result", subtype: "success", is_error: false, permission_denials: [], ...more });

/** One assistant message for each turn that is told of. */
const turns = prompt.split("[you said]\n");
const messages = turns.flatMap((text, at) => [
  ...(at > 0 ? [{ role: "assistant", content: "…" }] : []),
  { role: "user", content: at === 0 ? text : [{ type: "tool_result", tool_use_id: "x", content: text }] },
]);
const answer = await fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/messages`, {
  method: "POST",
  headers: { "content-type": "application/json", "x-api-key": process.env.ANTHROPIC_API_KEY ?? "" },
  body: JSON.stringify({ model: option("--model"), stream: true, system, messages, tools: [{ name: "any" }] }),
}).catch((error) => {
  result({
    is_error: true,
    result: `API Error: Connection error. ${error.cause?.message ?? error.message} ${process.env.ANTHROPIC_BASE_URL}`,
  });
  process.exit(1);
});
if (!answer.ok) {
  const body = await answer.text();
  result({ is_error: true, result: `API Error: ${answer.status} ${body}` });
  process.exit(1);
}
let text = "";
const calls = [];
let usage = {};
let reason = "";
let details = null;
let buffer = "";
let whole = false;
try {
  for await (const chunk of answer.body) {
    buffer += Buffer.from(chunk).toString();
    const events = buffer.split("\n\n");
    buffer = events.pop();
    for (const each of events) {
      const event = JSON.parse(each.slice(each.indexOf("data: ") + 6));
      if (event.type === "message_start") usage = { ...event.message.usage };
      if (event.type === "content_block_start" && event.content_block.type === "tool_use")
        calls.push({ tool: event.content_block.name.replaceAll("__", "."), raw: "" });
      if (event.delta?.type === "text_delta") text += event.delta.text;
      if (event.delta?.type === "input_json_delta") calls.at(-1).raw += event.delta.partial_json;
      if (event.type === "message_delta") {
        usage.output_tokens = event.usage.output_tokens;
        reason = event.delta.stop_reason;
        details = event.delta.stop_details;
      }
      if (event.type === "message_stop") whole = true;
      print({ type: "stream_event", event });
    }
  }
} catch {
  result({ is_error: true, result: "API Error: Connection error." });
  process.exit(1);
}
if (!whole) process.exit(1);
const parsed = (raw) => {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
};
const said = calls.length > 0 ? JSON.stringify({ say: text, calls: calls.map(({ tool, raw }) => ({ tool, input: parsed(raw) })) }) : text;
result({
  result: reason === "refusal" ? details?.explanation || said : said,
  usage,
  total_cost_usd: 0.0123,
  ...(system.includes("TRY YOUR OWN TOOLS") ? { permission_denials: [{ tool_name: "Bash" }] } : {}),
});
