/** Which artefacts an executor may be given for its work: those that the inputs of the firing name, also within what was cut out of them. */
import type { Artifacts } from "../../contract/broker.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import type { CompiledNet } from "../../net/compiled-net.ts";
import { boundInputs } from "../../net/held-inputs.ts";
import { hasCutFields } from "../../net/large-fields.ts";
import type { BoundInput } from "../../net/routing.ts";
import type { NetState, OpenFiring } from "../../net/state.ts";
import { wholeInputs } from "./load-fields.ts";

/** Errors: those of the store. */
export async function namesArtifact(
  term: { state: NetState; netOf(firing: OpenFiring): CompiledNet | null },
  id: string,
  artifact: string,
  artifacts: Artifacts,
): Promise<boolean> {
  const { state } = term;
  const firing = state.firings.get(id);
  const transition = firing && term.netOf(firing)?.transitions.get(firing.transition);
  if (!transition) return false;
  const inputs = boundInputs(state, transition, firing);
  if (named(inputs, artifact)) return true;
  const isCut = inputs.some(({ tokens }) => tokens.some(({ data }) => hasCutFields(data)));
  return isCut && named(await wholeInputs(inputs, artifacts), artifact);
}

function named(inputs: BoundInput[], artifact: string): boolean {
  return inputs.some(({ tokens }) => tokens.some(({ data }) => names(data, artifact)));
}

function names(value: Json, artifact: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (isJsonObject(value) && value.$artifact === artifact) return true;
  return Object.values(value).some((part) => names(part, artifact));
}
