/** A persona at work without a model or an executor: scripted answers in, what it did out. */
import type { Json } from "../../src/contract/json.ts";
import type { Block, ModelAnswer } from "../../src/models/port.ts";
import type { TierRequest } from "../../src/models/tiers.ts";
import { type PersonaFile, personaSchema } from "../../src/personas/persona-schema.ts";
import type { Denied, Progress, ToolOutcome, TurnInput, TurnPorts } from "../../src/personas/turn.ts";
import { runTurns } from "../../src/personas/turn-loop.ts";
import { type HandClock, handClock } from "./model-clock.ts";

export const developerFile: PersonaFile = {
  persona: "developer",
  title: "Developer",
  flags: "rw---",
  tools: ["think", "fs.read", "fs.write", "git.commit", "tests.run"],
  tier: "standard",
  prompt: "You write code and tests.",
  budget: { turns: 8 },
};

export const storySchema = {
  type: "object",
  properties: { title: { type: "string" }, points: { type: "integer", minimum: 1 } },
  required: ["title", "points"],
  additionalProperties: false,
};

export interface Call {
  name: string;
  input: Json;
}
/** What the model answers in one turn: text, calls, or the whole answer. */
export type ScriptedTurn = { text?: string; tools?: Call[]; stop?: ModelAnswer["stop"]; usage?: ModelAnswer["usage"] };

export interface PersonaRun {
  ports: TurnPorts;
  clock: HandClock;
  /** Requests to the model, as they were when it was asked. */
  asked: { tier: string; request: TierRequest; key: string; timeoutMs: number }[];
  called: (Call & { call: string })[];
  denied: Denied[];
  progress: Progress[];
  abort: AbortController;
}

export function personaRun(
  turns: ScriptedTurn[] | ((turn: number, run: PersonaRun) => ScriptedTurn),
  tool: (call: Call, run: PersonaRun) => ToolOutcome | Promise<ToolOutcome> = () => ({ ok: true, output: { fine: true } }),
): PersonaRun {
  const clock = handClock();
  const abort = new AbortController();
  const run: PersonaRun = { asked: [], called: [], denied: [], progress: [], clock, abort, ports: undefined as unknown as TurnPorts };
  run.ports = {
    clock,
    signal: abort.signal,
    ask: async (tier, request, options) => {
      run.asked.push({ tier, request: structuredClone(request), key: options.key, timeoutMs: options.timeoutMs });
      const turn = Array.isArray(turns) ? turns[run.asked.length - 1] : turns(run.asked.length, run);
      if (!turn) throw new Error(`the script has no turn ${run.asked.length}`);
      const usage = turn.usage ?? { inputTokens: 100, outputTokens: 10 };
      const answer: ModelAnswer = {
        content: blocks(turn, run.asked.length),
        stop: turn.stop ?? (turn.tools?.length ? "tool-call" : "end"),
        usage,
        model: "scripted",
      };
      return { answer, use: { provider: "scripted", name: "scripted", calls: 1, ...usage, costUsd: 0.25 } };
    },
    callTool: async (name, input, call) => {
      run.called.push({ name, input, call });
      return tool({ name, input }, run);
    },
    onDenied: (denied) => run.denied.push(denied),
    onProgress: (progress) => run.progress.push(progress),
  };
  return run;
}

export function turnInput(over: Partial<Omit<TurnInput, "persona">> & { persona?: Partial<PersonaFile> } = {}): TurnInput {
  const { persona, ...rest } = over;
  return {
    shape: "agent",
    persona: personaSchema.parse({ ...developerFile, ...persona }),
    knowledge: [],
    ask: "Do the task.",
    wiring: { workspace: true, reads: ["tasks"], writes: ["review"] },
    key: "net/develop/f-1",
    ...rest,
  };
}

export function runPersona(run: PersonaRun, over: Parameters<typeof turnInput>[0] = {}) {
  return runTurns(turnInput(over), run.ports);
}

function blocks(turn: ScriptedTurn, number: number): Block[] {
  const text: Block[] = turn.text === undefined ? [] : [{ type: "text", text: turn.text }];
  return [...text, ...(turn.tools ?? []).map((call, index): Block => ({ type: "tool-call", id: `id-${number}-${index}`, ...call }))];
}
