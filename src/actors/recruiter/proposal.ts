/** A proposal: a new specialist with the transition that gives it its position, a persona alone, or an edit of a running net. */
import * as z from "zod";
import { NAME_PATTERN } from "../../contract/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";

/** The net in which needs become proposals, and the places that its actor watches. */
export const RECRUITING = "recruiting";

/** The place of it that proposals of specialists come to, by a link from their own net. */
export const OFFERS = "offers";

const persona = z.looseObject({ persona: z.string().regex(NAME_PATTERN), title: z.string() });
const common = {
  need: z.string(),
  net: z.string(),
  /** The flags that the proposer may grant. */
  grant: z.string(),
};
const words = { knowledge: z.string().nullish(), why: z.string().default("") };

/** One new persona and its position. */
const specialistSchema = z.looseObject({
  ...common,
  draft: z.looseObject({
    persona,
    transition: z.object({ id: z.string().regex(NAME_PATTERN), definition: z.record(z.string(), z.json()) }),
    ...words,
  }),
});
/** An edit of the whole net, on the version that it was made from. */
const editSchema = z.looseObject({
  ...common,
  draft: z.looseObject({ definition: z.record(z.string(), z.json()), base: z.string(), ...words }),
});
/** One new persona without a position. */
const personaSchema = z.looseObject({ ...common, draft: z.looseObject({ persona, transition: z.null().optional(), ...words }) });

export const proposalSchema = z.union([specialistSchema, editSchema, personaSchema]);
export type SpecialistProposal = z.output<typeof specialistSchema>;
export type EditProposal = z.output<typeof editSchema>;
export type PersonaProposal = z.output<typeof personaSchema>;
export type Proposal = SpecialistProposal | EditProposal | PersonaProposal;

export function isEdit(proposal: Proposal): proposal is EditProposal {
  return proposal.draft.definition !== undefined;
}
export function hasPosition(proposal: SpecialistProposal | PersonaProposal): proposal is SpecialistProposal {
  return isJsonObject(proposal.draft.transition as Json);
}

/** The persona as it is applied, with its knowledge file where there is one. */
export function personaOf({ draft }: SpecialistProposal | PersonaProposal): { persona: JsonObject; files: Record<string, string> } {
  const file = `knowledge/${draft.persona.persona}.md`;
  const given = draft.persona as unknown as JsonObject;
  if (!draft.knowledge || draft.knowledge.trim() === "") return { persona: { ...given, knowledge: [] }, files: {} };
  return { persona: { ...given, knowledge: [file] }, files: { [file]: draft.knowledge } };
}

/** The net with the new transition and nothing else changed. */
export function withPosition(definition: JsonObject, { draft }: SpecialistProposal): JsonObject {
  const transitions = (definition.transitions ?? {}) as JsonObject;
  return { ...definition, transitions: { ...transitions, [draft.transition.id]: draft.transition.definition as Json } };
}
