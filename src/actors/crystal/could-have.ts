/** Whether a persona could have said or done what its transition's rule does: a rule never gets more than its persona has. */
import type { CompiledTransition } from "../../net/compiled-net.ts";
import type { Claim } from "../../net/decide.ts";
import { fitsPersona } from "../../personas/output-check.ts";
import type { Persona } from "../../personas/persona-schema.ts";
import { decideTool } from "../../personas/policy.ts";

export function couldHave(persona: Persona | null, { definition }: CompiledTransition, claim: Claim): boolean {
  if (persona === null) return false;
  if ("value" in claim) return fitsPersona(definition.kind === "agent" ? "agent" : "llm", persona, claim.value);
  if (definition.kind !== "agent") return false;
  // Steps of a program are requests and commands: neither reaches a place, and a release is never one of them.
  const wiring = { workspace: definition.workspace !== undefined, reads: [], writes: [] };
  return claim.tools.every((tool) => decideTool(persona, tool, wiring).allowed);
}
