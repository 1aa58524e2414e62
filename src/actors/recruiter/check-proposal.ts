/**
 * What keeps a proposal from being shown to people, or from being carried out. Pure.
 * H1 A specialist gets no flag that its proposer may not grant, and never `x`.
 * H2 The proposal adds one persona and one transition. It changes nothing that is there, so it takes no gate away.
 * H3 The new transition goes round no gate: it reads and takes nothing from others, and puts its answer only where transitions
 *    without a gate put theirs.
 */
import { FLAGS } from "../../contract/capability.ts";
import { checkNet } from "../../net/check.ts";
import { type NetDefinition, netSchema, type Transition } from "../../net/definition.ts";
import { checkPersonaFile } from "../../personas/check-persona.ts";
import { editProblems } from "./check-edit.ts";
import type { CheckedAgainst } from "./checked-against.ts";
import { hasPosition, isEdit, type PersonaProposal, type Proposal, personaOf, type SpecialistProposal, withPosition } from "./proposal.ts";

/** A sentence for each problem; empty when it is sound. */
export function proposalProblems(proposal: Proposal, against: CheckedAgainst): string[] {
  if (isEdit(proposal)) return editProblems(proposal, against);
  const { definition, personas } = against;
  const { persona } = proposal.draft;
  const problems = [...personaProblems(proposal)];
  if (personas.has(persona.persona)) problems.push(`There is a persona ${persona.persona} already: take another name.`);
  if (!hasPosition(proposal)) return problems;
  const { transition } = proposal.draft;
  const running = netSchema.parse(definition);
  if (transition.id in running.transitions) problems.push(`${proposal.net} has a transition ${transition.id} already.`);
  const parsed = netSchema.safeParse(withPosition(definition, proposal));
  if (!parsed.success)
    return [
      ...problems,
      `The transition is no sound one: ${parsed.error.issues[0]?.path.slice(1).join(".")}: ${parsed.error.issues[0]?.message}`,
    ];
  const added = parsed.data.transitions[transition.id] as Transition;
  problems.push(...positionProblems(added, persona.persona, running));
  const known = new Set([...personas.keys(), persona.persona]);
  for (const { severity, message } of checkNet(parsed.data, { personas: known })) if (severity === "error") problems.push(message);
  return [...new Set(problems)];
}

/** H1. */
function personaProblems(proposal: SpecialistProposal | PersonaProposal): string[] {
  const { persona, files } = personaOf(proposal);
  const name = proposal.draft.persona.persona;
  const checked = checkPersonaFile(JSON.stringify(persona), `${name}.json`, { exists: (path) => path in files });
  const found = checked.problems.filter(({ severity }) => severity === "error").map(({ message }) => message);
  const flags = String(persona.flags ?? "");
  if (flags.includes("x")) found.push("The flag x is never granted by a proposal.");
  const more = FLAGS.filter((flag) => flag !== "x" && flags.includes(flag) && !proposal.grant.includes(flag));
  if (more.length > 0) found.push(`Its proposer may not grant ${more.join(", ")}; what may be granted is ${proposal.grant}.`);
  return found;
}

/** H3. */
function positionProblems(added: Transition, persona: string, running: NetDefinition): string[] {
  const problems: string[] = [];
  if (added.kind !== "llm" && added.kind !== "agent")
    problems.push(`A specialist's transition is of kind llm or agent, not ${added.kind}.`);
  if (added.persona !== persona) problems.push(`The transition belongs to ${added.persona ?? "nobody"}, and the specialist is ${persona}.`);
  const taking = added.in.filter(({ mode }) => mode !== "read").map(({ place }) => place);
  if (taking.length > 0)
    problems.push(`It would take tokens out of ${taking.join(", ")}: a new specialist reads what others work on ("mode": "read").`);
  for (const { to } of added.out) {
    const fillers = Object.values(running.transitions).filter(({ out }) => out.some((arc) => arc.to === to));
    const open = fillers.some((each) => each.gate === undefined && (each.kind === "llm" || each.kind === "agent"));
    if (!open) problems.push(`It would put tokens into ${to}, where no specialist without a gate puts any.`);
  }
  return problems;
}
