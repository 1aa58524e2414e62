/**
 * The parts of a request, what each takes, and what goes first when they would not fit together: a persona's `context` says how many
 * tokens there are, and in `keep` which parts are dearest. Never trimmed: who the persona is, the rules, the ask, the tools.
 */
import { Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { estimateTokens } from "../models/estimate-tokens.ts";
import { fenceData } from "../models/fence.ts";
import type { Persona } from "./persona-schema.ts";

export interface ContextPart {
  /** `persona`, `knowledge/FILE`, `rules`, `ask`, `lessons`, `data.NAME`, `tools`. */
  name: string;
  where: "system" | "user" | "tools";
  text: string;
  /** Estimated. */
  tokens: number;
  trimmed?: "cut" | "left out";
  /** Of data: what is fenced. */
  data?: Json;
}

/** Room in most models' windows, with some left for answers. */
const DEFAULT_TOKENS = 150_000;
/** Less of a text is of no use. */
const LEAST_CUT = 100;

export function part(name: string, where: ContextPart["where"], text: string, data?: Json): ContextPart {
  return { name, where, text, tokens: estimateTokens(text), ...(data === undefined ? {} : { data }) };
}

/** Errors: Terminal `request-too-long` when even without all that may go it is too long. */
export function fitted(parts: ContextPart[], persona: Pick<Persona, "persona" | "context">): ContextPart[] {
  const limit = persona.context?.tokens ?? DEFAULT_TOKENS;
  const fitting = [...parts];
  for (const name of sacrifices(parts, persona.context?.keep ?? [])) {
    const excess = sum(fitting) - limit;
    if (excess <= 0) return fitting;
    const at = fitting.findIndex((each) => each.name === name);
    fitting[at] = trimmed(fitting[at] as ContextPart, excess);
  }
  if (sum(fitting) <= limit) return fitting;
  throw new Terminal({
    code: "request-too-long",
    message: `the request of ${persona.persona} takes about ${sum(fitting)} tokens without all that may be left out, and may take ${limit}`,
    hint: `petrel persona preview ${persona.persona} --token ID shows its parts; raise context.tokens, or ask for less`,
  });
}

export function sum(parts: readonly ContextPart[]): number {
  return parts.reduce((total, { tokens }) => total + tokens, 0);
}

/** Names of what may be trimmed, the least dear first. What is not named in `keep` goes before what is: lessons, knowledge, data. */
function sacrifices(parts: readonly ContextPart[], keep: readonly string[]): string[] {
  const kind = (name: string) => (name === "lessons" ? 2 : name.startsWith("knowledge/") ? 1 : 0);
  const rank = (name: string) => {
    const at = keep.findIndex(
      (kept) => kept === name || (kept === "knowledge" && kind(name) === 1) || (kept === "data" && kind(name) === 0),
    );
    return at === -1 ? keep.length + kind(name) : at;
  };
  return parts
    .map(({ name }) => name)
    .filter((name) => name === "lessons" || name.startsWith("knowledge/") || name.startsWith("data."))
    .map((name, at) => ({ name, at, rank: rank(name) }))
    .sort((a, b) => b.rank - a.rank || b.at - a.at)
    .map(({ name }) => name);
}

function trimmed(whole: ContextPart, excess: number): ContextPart {
  const room = whole.tokens - excess;
  const isData = whole.name.startsWith("data.");
  if (isData && room > LEAST_CUT) {
    const text = JSON.stringify(whole.data ?? null);
    for (let keep = room - 40; keep > LEAST_CUT / 2; keep = Math.floor(keep * 0.8)) {
      const cut = fenceData(whole.name.slice(5), {
        cut: true,
        note: "It did not fit; this is its beginning.",
        text: text.slice(0, keep * 4),
      });
      if (estimateTokens(cut) <= room) return { ...whole, text: cut, tokens: estimateTokens(cut), trimmed: "cut" };
    }
  }
  const note = whole.name === "lessons" ? "" : `[${whole.name} is left out: it did not fit.]`;
  return { ...whole, text: note, tokens: estimateTokens(note), trimmed: "left out" };
}
