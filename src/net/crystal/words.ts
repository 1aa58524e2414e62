/** What people read of a rule: where it comes from, and what it does in its transition. */

import type { CrystalRecord } from "../records.ts";
import type { CompiledCrystal } from "./compiled.ts";
import type { Proof } from "./definition.ts";

/** One line. */
export function proofWords({ learner, learned, from, to, held, covered, wrong, bound, confidence }: Proof): string {
  const source = `learned (${learner}) from ${learned} firings`;
  return `${source}; of ${held} later ones (events ${from} to ${to}) it claimed ${covered}, and ${wrong} differed: no more than ${share(bound)} with ${share(confidence)} confidence`;
}

/** It goes on beside the model until somebody has decided. */
function howFar(seen: number, wanted: number): string {
  return seen > wanted ? `${seen} firings where ${wanted} were asked for` : `${seen} of ${wanted} firings`;
}

/** `record`: null for a rule that has done nothing yet. */
export function ruleWords({ id, definition }: CompiledCrystal, record: CrystalRecord | null): string {
  const { mode, shadow, proof } = definition;
  const origin = proof ? ` It was ${proofWords(proof)}.` : " It came with the net file, without a proof.";
  if (record?.demoted)
    return `the model answers: the rule ${id} was demoted at event ${record.demoted.seq}, ${record.demoted.reason}.${origin}`;
  if (mode === "off") return `the model answers: the rule ${id} is off.${origin}`;
  if (mode === "shadow") {
    const { same, other } = record?.shadow ?? { same: 0, other: 0 };
    return `the model answers: the rule ${id} is in its shadow, ${howFar(same + other, shadow)}, ${other} of them other than the model.${origin}`;
  }
  const did = record ? `, ${record.answered} times so far, and left ${record.declined} to it` : "";
  const missed = record?.missed?.inRow ? ` Its last ${record.missed.inRow} audits were missed: the model could not be asked.` : "";
  const later = record?.next
    ? ` A later rule, ${record.next.rule}, is beside it: ${record.next.same + record.next.other} firings, ${record.next.other} of them other than the model.`
    : "";
  return `the rule ${id} answers in the model's place where it claims to${did}.${missed}${origin}${later}`;
}

function share(part: number): string {
  return `${Number((part * 100).toFixed(1))} %`;
}
