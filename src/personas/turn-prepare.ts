/** Phase prepare: the prompt, and the tools that this persona may call in this place. */
import type { JsonObject } from "../contract/json.ts";
import type { ToolSpec } from "../models/port.ts";
import { toolCatalogue, toolSpec } from "../tools/catalogue.ts";
import type { ToolDefinition } from "../tools/port.ts";
import { decideTool } from "./policy.ts";
import { assemblePrompt, type Prompt } from "./prompt.ts";
import { ANSWER, type Prepared, type TurnInput } from "./turn.ts";

export const DONE = "done";
export const FAIL = "fail";

export function prepareTurns(input: TurnInput, tools: ReadonlyMap<string, ToolDefinition> = toolCatalogue): Prepared & { prompt: Prompt } {
  const prepared = input.shape === "llm" ? prepareAnswer(input) : { specs: agentTools(input, tools) };
  const { reads, writes } = input.wiring;
  const names = prepared.specs.map((spec) => spec.name).filter((name) => name !== ANSWER);
  const needed = new Set(names.flatMap((name) => tools.get(name)?.needs ?? []));
  const touches = (flag: "r" | "w") => needed.has(flag === "r" ? "reads" : "writes");
  const prompt = assemblePrompt(input.persona, input.knowledge, {
    ask: input.ask,
    ...(input.data ? { data: input.data } : {}),
    ...(input.lessons ? { lessons: input.lessons } : {}),
    specs: prepared.specs,
    toolNames: names,
    places: { read: touches("r") ? reads : [], write: touches("w") ? writes : [] },
    answerTool: prepared.toolChoice ?? null,
    loop: input.shape === "agent",
  });
  return { ...prepared, prompt };
}

function prepareAnswer({ persona }: TurnInput): Prepared {
  if (!persona.output) return { specs: [] };
  return { specs: [{ name: ANSWER, description: "Takes your whole answer.", input: schemaOf(persona.output) }], toolChoice: ANSWER };
}

function agentTools({ persona, wiring }: TurnInput, tools: ReadonlyMap<string, ToolDefinition>): ToolSpec[] {
  const names = [...new Set([...persona.tools, DONE, FAIL])];
  return names.flatMap((name) => {
    const decision = decideTool(persona, name, wiring, tools);
    if (!decision.allowed) return [];
    const spec: ToolSpec = { ...toolSpec(decision.tool), name };
    return [
      name === DONE && persona.output
        ? { ...spec, input: schemaOf(persona.output), description: "End the work as done, with the result that is asked for." }
        : spec,
    ];
  });
}

function schemaOf(output: JsonObject): JsonObject {
  const { $schema: _, $comment: __, ...schema } = output;
  return schema;
}
