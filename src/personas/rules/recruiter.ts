/**
 * The recruiter by the need's own words: a reviewer of what the need names, at the place that reviewers of this net read. It knows
 * one position and says so where the net has none.
 */
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { RuleAnswer, RuleFacts } from "../../models/providers/rules.ts";

interface Position {
  place: string;
  transition: JsonObject;
}
const IDLE = new Set(
  "a an and any are at be by can each every for from has have i in into is it its looks look looking need needs of on one or our over reads read somebody someone specialist that the their them they this to us want we where whether who whom whose with would should change changes review reviews reviewer checks check".split(
    " ",
  ),
);

export function recruiter({ data }: RuleFacts): RuleAnswer {
  const need = typeof data.need === "string" ? data.need.trim() : "";
  const words = (need.toLowerCase().match(/[a-z][a-z0-9]+/g) ?? []).filter((word) => !IDLE.has(word));
  const position = reviewersPosition(data.places);
  if (words.length === 0) return { refusal: "The need names nothing that a specialist could look at. Say what, in a noun." };
  if (!position)
    return {
      refusal:
        "No place of this net is read by a reviewer, and a rule knows no other position. Ask with a model, or draft the persona yourself: petrel persona new.",
    };
  const taken = new Set(listOf(data.roster).map(({ persona }) => String(persona)));
  const name = freeName(words.slice(0, 2).join("-").slice(0, 30), taken);
  return {
    answer: {
      persona: personaFor(name, need),
      knowledge: knowledgeFor(need),
      transition: transitionFor(name, position),
      why: `Nobody on the roster is called ${name}. It reads ${position.place} beside the others, takes nothing away, and adds one opinion; drafted by rule, so its prompt holds the words of the need and no more.`,
    },
  };
}

/** Of a transition that reads a place beside others, the one with the simplest arcs. */
function reviewersPosition(places: Json | undefined): Position | null {
  for (const place of listOf(places)) {
    const [reader] = listOf(place.readers);
    if (typeof place.place === "string" && reader) return { place: place.place, transition: reader };
  }
  return null;
}

function personaFor(name: string, need: string): JsonObject {
  return {
    persona: name,
    title: titleOf(name),
    flags: "r----",
    tools: ["place.read"],
    tier: "standard",
    prompt: `You were asked for in these words: "${need.replaceAll('"', "'")}". You read each change for that alone, and say what you find, where, and what would mend it. You approve nothing and change nothing; your opinion is gathered with the others. Severity is none, minor, major or blocking. If the change has nothing to do with it, say so and give none.`,
    output: {
      type: "object",
      required: ["severity", "notes"],
      additionalProperties: false,
      properties: { severity: { enum: ["none", "minor", "major", "blocking"] }, notes: { type: "string", maxLength: 1200 } },
    },
    budget: { usd: 0.3, tokens: 60_000, turns: 3, seconds: 180 },
  };
}

function titleOf(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("-", " ")}`;
}

function knowledgeFor(need: string): string {
  return `# What it was hired for\n\n- The need, as it was written: ${need.replace(/\s+/g, " ")}\n- What lies outside of it is for other reviewers.\n- Each finding names the file and the line, what could go wrong, and for whom.\n`;
}

/** As the reader that is there, for another persona: its guard, its data and its arcs are what this net gives a reviewer. */
function transitionFor(name: string, { transition }: Position): JsonObject {
  const { persona, summary, title: _, ...rest } = transition;
  // What the reader that is there calls the thing that it reads.
  const it = /“\$\{[^}]+\}”/.exec(String(summary ?? ""))?.[0] ?? "it";
  const own = JSON.parse(JSON.stringify(rest).replaceAll(/("reviewer":)"[^"]*"/g, `$1${JSON.stringify(name)}`)) as JsonObject;
  return {
    id: name,
    definition: {
      ...own,
      persona: name,
      title: titleOf(name),
      summary: `The ${name.replaceAll("-", " ")} read ${it}, severity \${$result.severity}: \${$result.notes}`,
    },
  };
}

function freeName(base: string, taken: ReadonlySet<string>): string {
  const name = base.endsWith("-reviewer") ? base : `${base}-reviewer`;
  for (let n = 1; ; n++) {
    const each = n === 1 ? name : `${name}-${n}`;
    if (!taken.has(each)) return each;
  }
}

function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
