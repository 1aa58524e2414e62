/**
 * Which tools can be steps of a net, each with the kind of step that has the same effect. A tool that is not in this table keeps an
 * agent's sequence with its model. `thinks`: nothing happens by it, so a program leaves it out.
 */
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";

export type ToolStep =
  | { kind: "http"; method: "GET" | "POST"; effect: "reads" | "acts"; inputs: readonly string[] }
  | { kind: "command"; effect: "acts"; inputs: readonly string[] }
  | { kind: "thinks" };

const TABLE: Readonly<Record<string, ToolStep>> = {
  "http.get": { kind: "http", method: "GET", effect: "reads", inputs: ["url", "headers", "raw"] },
  "http.post": { kind: "http", method: "POST", effect: "acts", inputs: ["url", "headers", "json"] },
  "command.run": { kind: "command", effect: "acts", inputs: ["argv", "input", "seconds"] },
  think: { kind: "thinks" },
  plan: { kind: "thinks" },
};

export function toolStep(tool: string): ToolStep | null {
  return Object.hasOwn(TABLE, tool) ? (TABLE[tool] ?? null) : null;
}

/** Why calls of this tool cannot be steps; null where they can. */
export function noStepReason(tool: string): string | null {
  if (toolStep(tool)) return null;
  if (tool.startsWith("browser.")) return `${tool} works on the page of a browser, which a step has not`;
  if (/^(fs|git|tests)\./.test(tool)) return `${tool} works on the files of a workspace, which a step has not`;
  if (/^(place|memory|gate|ask|net|persona|events)\b/.test(tool)) return `${tool} depends on what lies in the net, not on its input alone`;
  return `${tool} is no request and no command, so no step does the same`;
}

const READS =
  /^(data\..*|knowledge\.search|memory\.(recall|list)|place\.(read|query|count|peek)|events\..*|net\.(check|describe|why)|persona\.describe|artifact\.(get|text|describe)|gate\.list|time\.(now|wait))$/;

/** Nothing is changed by it: to make it once more is no harm. */
export function onlyReads(tool: string): boolean {
  const step = toolStep(tool);
  return step?.kind === "thinks" || (step?.kind === "http" && step.effect === "reads") || READS.test(tool);
}

/** A tool's answer as the step of the same effect gives it; undefined where the step would give something else. */
export function stepAnswer(tool: string, output: Json): JsonObject | undefined {
  const step = toolStep(tool);
  if (!step || !isJsonObject(output)) return undefined;
  if (step.kind === "http") return httpAnswer(output, step.method === "GET");
  if (step.kind !== "command" || output.truncated !== false || output.timedOut !== false) return undefined;
  const { exitCode = null, stdout = "", stderr = "" } = output;
  return { exitCode, stdout, stderr };
}

function httpAnswer({ status, type, text, truncated }: JsonObject, isGet: boolean): JsonObject | undefined {
  if (typeof status !== "number" || typeof type !== "string" || typeof text !== "string" || truncated === true) return undefined;
  if (text === "") return { status, type, body: null };
  if (type === "application/json" || type.endsWith("+json")) {
    const body = parsed(text);
    return body === undefined ? undefined : { status, type, body };
  }
  // The tool shows a page without its tags, the step as it is.
  const isPlain = type.startsWith("text/") && !(isGet && /html|xml/.test(type));
  return isPlain ? { status, type, body: text } : undefined;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The other way round: what the tool would have answered where its step answered this. */
export function toolAnswer(tool: string, answer: Json): Json {
  const step = toolStep(tool);
  if (!isJsonObject(answer)) return answer;
  if (step?.kind === "command") return { ...answer, truncated: false, timedOut: false };
  const { status = 0, type = "", body = null } = answer;
  const text = body === null ? "" : typeof body === "string" ? body : JSON.stringify(body);
  return { status, type, text, truncated: false };
}
