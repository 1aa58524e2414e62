/** A proposal: one new specialist, and the transition that gives it its position in a running net. */
import { z } from "zod";
import { NAME_PATTERN } from "../../contract/ids.ts";
import type { Json, JsonObject } from "../../contract/json.ts";

/** The net in which needs become proposals, and the places that its actor watches. */
export const RECRUITING = "recruiting";

export const proposalSchema = z.looseObject({
  need: z.string(),
  net: z.string(),
  /** The flags that the proposer may grant. */
  grant: z.string(),
  draft: z.looseObject({
    persona: z.looseObject({ persona: z.string().regex(NAME_PATTERN), title: z.string() }),
    knowledge: z.string().default(""),
    transition: z.object({ id: z.string().regex(NAME_PATTERN), definition: z.record(z.string(), z.json()) }),
    why: z.string().default(""),
  }),
});
export type Proposal = z.output<typeof proposalSchema>;

/** The persona as it is applied, with its knowledge file where there is one. */
export function personaOf({ draft }: Proposal): { persona: JsonObject; files: Record<string, string> } {
  const file = `knowledge/${draft.persona.persona}.md`;
  const given = draft.persona as unknown as JsonObject;
  if (draft.knowledge.trim() === "") return { persona: { ...given, knowledge: [] }, files: {} };
  return { persona: { ...given, knowledge: [file] }, files: { [file]: draft.knowledge } };
}

/** The net with the new transition and nothing else changed. */
export function withPosition(definition: JsonObject, { draft }: Proposal): JsonObject {
  const transitions = (definition.transitions ?? {}) as JsonObject;
  return { ...definition, transitions: { ...transitions, [draft.transition.id]: draft.transition.definition as Json } };
}
