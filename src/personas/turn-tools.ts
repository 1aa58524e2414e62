/** Phase run tools, for an `agent`: its tool calls, one after the other, each through the policy. */
import { Cancelled, type ErrorData, errorData } from "../contract/errors.ts";
import type { ModelUse, ToolUse } from "../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import type { Block } from "../models/port.ts";
import type { RecordedCall } from "../net/rule/follow-calls.ts";
import type { ToolDefinition } from "../tools/port.ts";
import { mismatches } from "./output-check.ts";
import { decideTool } from "./policy.ts";
import type { TurnInput, TurnPorts } from "./turn.ts";
import { once, toolStep } from "./turn-journal.ts";
import type { TurnOutcome } from "./turn-outcome.ts";
import { DONE, FAIL } from "./turn-prepare.ts";
import type { ToolCall } from "./turn-step.ts";

export interface CalledTools {
  results: Block[];
  uses: ToolUse[];
  /** Model calls that the tools made. */
  spent: ModelUse[];
  /** The agent ended its work by `done` or `fail`. */
  ended: { outcome: TurnOutcome; answer: JsonObject } | null;
  /** Calls whose input no tool could take. */
  malformed: number;
  /** What was wrong with a `done` that does not fit the persona's output schema. */
  misfit: string | null;
}

/** Calls after a `done` or `fail` that counts are not made. `beforeEach` may throw, to end the work. */
export async function callTools(
  calls: ToolCall[],
  turn: number,
  input: TurnInput,
  ports: TurnPorts,
  beforeEach: () => void,
): Promise<CalledTools> {
  const called: CalledTools = { results: [], uses: [], spent: [], ended: null, malformed: 0, misfit: null };
  for (const [index, call] of calls.entries()) {
    beforeEach();
    const name = call.name.slice(0, 64);
    ports.onProgress?.({ kind: "tool", turn, tool: name });
    const made = await callOne(call, `t${turn}c${index + 1}`, input, ports);
    const failed = made.ok ? {} : { code: made.error.code };
    ports.onProgress?.({ kind: "tool-done", turn, tool: name, ok: made.ok, call: call.id.slice(0, 64), ...failed });
    called.uses.push({ name, ok: made.ok, ...(made.ok || !made.refused ? {} : { refused: true }) });
    if (made.use) called.spent.push(made.use);
    if (wasMade(made)) ports.onCalled?.(recorded(call, made));
    if (made.ok && made.ended) return { ...called, ended: made.ended };
    if (!made.ok && made.error.code === MALFORMED) {
      called.malformed += 1;
      if (name === DONE && input.persona.output) called.misfit = made.error.message;
    }
    called.results.push(
      made.ok
        ? { type: "tool-result", id: call.id, output: made.output }
        : { type: "tool-result", id: call.id, output: told(made.error), isError: true },
    );
  }
  return called;
}

const MALFORMED = "tool-input";

/** What was refused or could not be read has never been a call. */
function wasMade(made: Made): boolean {
  return made.ok ? !made.ended : !made.refused && made.error.code !== MALFORMED;
}

function recorded({ name, input }: ToolCall, made: Made): RecordedCall {
  return made.ok ? { name, input, output: made.output } : { name, input, output: told(made.error), failed: true };
}

type Made = ({ ok: true; output: Json; ended?: CalledTools["ended"] } | { ok: false; error: ErrorData; refused: boolean }) & {
  use?: ModelUse;
};

async function callOne(call: ToolCall, callId: string, input: TurnInput, ports: TurnPorts): Promise<Made> {
  const decision = decideTool(input.persona, call.name, input.wiring, ports.tools);
  if (!decision.allowed) return refused(call.name, errorData(decision.refused), ports);
  const { tool } = decision;
  const fault = inputFault(tool, call.input, input);
  if (fault !== null)
    return wrong({
      outlook: "terminal",
      code: MALFORMED,
      message: `the input of ${tool.name} is wrong: ${fault}`,
      hint: "Call it again with an input that fits its schema.",
    });
  if (tool.runs === "loop") return loopTool(tool, call.input);
  const { made: outcome, again } = await once(ports.journal, toolStep(callId), async () => {
    const given = await unlessAborted(ports.callTool(tool.name, call.input, callId, ports.signal), ports.signal);
    return given.ok ? { ...given, output: limited(given.output, tool.limits.bytes) } : given;
  });
  const use = outcome.use ? { use: outcome.use } : {};
  if (outcome.ok) return { ok: true, output: outcome.output, ...use };
  if (outcome.error.outlook !== "refused") return { ...wrong(outcome.error), ...use };
  return { ...(again ? { ok: false, error: outcome.error, refused: true } : refused(tool.name, outcome.error, ports)), ...use };
}

/** `done` takes what the persona's output schema asks for; every other tool what it says itself. */
function inputFault(tool: ToolDefinition, input: Json, { persona }: TurnInput): string | null {
  if (!isJsonObject(input)) return "it is no JSON object; it may have been cut off";
  if (tool.name === DONE && persona.output) return mismatches(persona.output, input).join("; ") || null;
  const parsed = tool.input.safeParse(input);
  return parsed.success ? null : parsed.error.issues.map((issue) => `${issue.path.join(".") || "it"}: ${issue.message}`).join("; ");
}

function loopTool(tool: ToolDefinition, input: Json): Made {
  const given = isJsonObject(input) ? input : {};
  if (tool.name === DONE) return { ok: true, output: { ended: true }, ended: { outcome: "done", answer: { status: "done", ...given } } };
  if (tool.name === FAIL)
    return { ok: true, output: { ended: true }, ended: { outcome: "failed", answer: { ...given, status: "failed" } } };
  return { ok: true, output: { noted: true } };
}

function refused(tool: string, error: ErrorData, ports: TurnPorts): Made {
  ports.onDenied?.({ tool: tool.slice(0, 64), code: error.code, reason: error.message });
  return { ok: false, error, refused: true };
}
function wrong(error: ErrorData): Made {
  return { ok: false, error, refused: false };
}

function told(error: ErrorData): JsonObject {
  return { error: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

/** A tool says its limit; here it is held, whatever ran it. */
function limited(output: Json, bytes: number): Json {
  const text = JSON.stringify(output);
  const slack = 1024;
  if (Buffer.byteLength(text) <= bytes + slack) return output;
  return { cut: true, note: `The output was over ${bytes} bytes; this is its beginning.`, text: text.slice(0, bytes) };
}

/** A tool that is deaf to its signal does not hold up a kill. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(calledOff());
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

export function calledOff(): Cancelled {
  return new Cancelled({ code: "aborted", message: "the work was called off" });
}
