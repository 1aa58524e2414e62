/** A helper that a persona spawns for a part of its work: a turn loop of its own, with at most the persona's rights and budget. */
import { Refused } from "../../contract/errors.ts";
import type { ModelUse } from "../../contract/event.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { Capabilities } from "../../personas/capabilities.ts";
import { helperRights, type Rights } from "../../personas/helper-rights.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { runTurns } from "../../personas/turn-loop.ts";
import type { HelperWish } from "../../tools/hands.ts";
import type { ToolRoom } from "./tool-room.ts";

const DEEPEST = 2;
const TURNS = 12;
/** Where the persona's own budget names none. */
const TOKENS = 200_000;

export async function runHelper(
  room: ToolRoom,
  wish: HelperWish,
  call: string,
  signal: AbortSignal,
  book: (use: ModelUse) => void,
): Promise<JsonObject> {
  if (room.depth >= DEEPEST) {
    throw new Refused({ code: "helper-too-deep", message: "a helper's helper has no helpers of its own", hint: "Do this part yourself." });
  }
  const { persona, firing, clock } = room;
  const budget = {
    turns: Math.min(TURNS, persona.budget.turns),
    seconds: persona.budget.seconds,
    tokens: persona.budget.tokens ?? TOKENS,
  };
  const rights = helperRights({ grant: persona, wiring: room.wiring, budget }, wish, persona.persona);
  const helper = helperPersona(persona, rights);
  const own: ToolRoom = {
    ...room,
    persona: helper,
    wiring: rights.wiring,
    capabilities: within(room.capabilities, rights),
    signal,
    book,
    depth: room.depth + 1,
  };
  const result = await runTurns(
    {
      shape: "agent",
      persona: helper,
      knowledge: [],
      ask: wish.task,
      wiring: rights.wiring,
      key: `${firing.net}/${firing.transition}/${firing.firing}/${call}`,
    },
    {
      ask: room.tiers.ask,
      clock,
      signal,
      tools: room.tools,
      callTool: (name, input, inner, innerSignal) => room.run(own, name, input, `${call}.${inner}`, innerSignal),
      onProgress: (progress) => {
        if (progress.kind === "answered") book(progress.use);
      },
      onDenied: (denied) => room.denied(denied),
    },
  );
  return { flags: helper.flags, tools: helper.tools, answer: result.answer };
}

function helperPersona(parent: Persona, { grant, budget }: Rights): Persona {
  const { output: _, ...rest } = parent;
  return {
    ...rest,
    flags: grant.flags,
    tools: grant.tools,
    prompt: `You help ${parent.title} with one part of its work. Do what the task says, no more, and answer with what was asked for.`,
    knowledge: [],
    budget: { ...parent.budget, ...budget },
  };
}

function within(capabilities: Capabilities, { wiring }: Rights): Capabilities {
  const only = <T>(handles: ReadonlyMap<string, T>, places: readonly string[]) =>
    new Map([...handles].filter(([place]) => places.includes(place)));
  return {
    reads: only(capabilities.reads, wiring.reads),
    writes: only(capabilities.writes, wiring.writes),
    takes: only(capabilities.takes, wiring.takes ?? []),
  };
}
