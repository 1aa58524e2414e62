/** Gates: people decide whether a firing may start. A persona's tool never reaches this code. */
import { Refused, Terminal } from "../contract/errors.ts";
import { CATEGORY_OF, type EventDraft } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import type { Json } from "../contract/json.ts";
import { DEAD_LETTER } from "./built-in-places.ts";
import type { CompiledTransition } from "./compiled-net.ts";
import { provenanceOf } from "./decide.ts";
import { inputTokens } from "./fold.ts";
import { type Edits, editsDraft } from "./gate-edits.ts";
import { boundInputs } from "./held-inputs.ts";
import { markingIndex } from "./marking-index.ts";
import { inputData } from "./routing.ts";
import type { GateState, NetState, OpenFiring } from "./state.ts";

export interface Person {
  user: string;
  roles: string[];
}
export interface DecisionRequest {
  id: string;
  decision: "approve" | "reject";
  by: Person;
  comment?: string;
  /** With `approve`: new data of tokens that it holds, and how a place's schema judges it. */
  edits?: Edits;
  problem?: (place: string, data: Json) => string | null;
}

/** Open gates by name or firing id, oldest first. */
export function findGates(state: NetState, key?: string): OpenFiring[] {
  return [...state.firings.values()].filter(
    ({ gate, firing }) => gate !== null && !gate.passed && (key === undefined || gate.name === key || firing === key),
  );
}

/**
 * The event of one decision, or null when this decision (or this person's same decision) is already in: sent twice, it counts once.
 * @throws Refused `not-an-approver`, `author-may-not-approve`, `already-decided`, `gate-passed`
 */
export function decisionDraft(
  state: NetState,
  transition: CompiledTransition,
  firing: OpenFiring,
  request: DecisionRequest,
  now: number,
): EventDraft | null {
  const gate = firing.gate;
  if (!gate) throw new Terminal({ code: "no-such-gate", message: `firing ${firing.firing} waits at no gate`, hint: "petrel gate ls" });
  const before = gate.decisions.find(({ id, by }) => id === request.id || by === request.by.user);
  if (before && before.approve === (request.decision === "approve")) return null;
  if (before) throw new Refused({ code: "already-decided", message: `${request.by.user} has already decided on ${gate.name}` });
  mayDecide(state, gate, firing, request.by);
  if (gate.passed) {
    if (request.decision === "approve") return null;
    throw new Refused({
      code: "gate-passed",
      message: `${gate.name} is open already: its work starts as soon as it can`,
      hint: "petrel pause",
    });
  }
  if (gate.crystal && request.decision === "reject") return refusedRule(transition, firing, gate, request);
  const approvals = gate.decisions.filter(({ approve }) => approve).length + (request.decision === "approve" ? 1 : 0);
  const passed = request.decision === "approve" && approvals >= gate.quorum;
  const edited = editedBy(state, firing, request, now);
  return request.decision === "approve"
    ? { ...approvalDraft(transition, firing, gate, request, { approvals, passed, edited: edited !== null }), ...edited }
    : {
        ...closingDraft(state, transition, firing, now, "decided", { by: request.by.user, comment: request.comment ?? null }),
        ...rejection(gate, request),
      };
}

/** A gate that ran out of time. */
export function expiryDraft(state: NetState, transition: CompiledTransition, firing: OpenFiring, now: number): EventDraft {
  const draft = closingDraft(state, transition, firing, now, "expired", { by: "clock", comment: null });
  return {
    ...draft,
    status: "error",
    summary: `Nobody decided on the gate ${firing.gate?.name ?? ""} in time: the work went to ${draft.produced?.[0]?.place ?? ""}.`,
  };
}

export function dueGates(state: NetState, now: number): OpenFiring[] {
  return [...markingIndex(state).timed].filter(
    ({ gate }) => gate !== null && !gate.passed && gate.expiresAt !== null && gate.expiresAt <= now,
  );
}

function mayDecide(state: NetState, gate: GateState, firing: OpenFiring, person: Person): void {
  const names = new Set([`user:${person.user}`, ...person.roles.map((role) => `role:${role}`)]);
  if (!gate.approvers.some((approver) => names.has(approver))) {
    throw new Refused({
      code: "not-an-approver",
      message: `${person.user} may not decide on ${gate.name}: it takes ${gate.approvers.join(" or ")}`,
      hint: "petrel gate approve NET GATE --role ROLE",
    });
  }
  if (gate.notAuthor && authorsOf(state, firing).has(person.user)) {
    throw new Refused({
      code: "author-may-not-approve",
      message: `${person.user} put this work in, and ${gate.name} wants somebody else to decide`,
    });
  }
}

/** Who put in any of the work that the firing holds or has read: a join has more than one author. */
function authorsOf(state: NetState, firing: OpenFiring): Set<string> {
  const tokens = Object.values(inputTokens(state, firing)).flat();
  const correlations = new Set([firing.correlation, ...tokens.map(({ token }) => token.correlation)]);
  return new Set([...correlations].flatMap((correlation) => state.authors.get(correlation)?.replace(/^user:/, "") ?? []));
}

function editedBy(state: NetState, firing: OpenFiring, { decision, edits = {}, by, problem = () => null }: DecisionRequest, now: number) {
  if (Object.keys(edits).length === 0) return null;
  if (decision === "reject")
    throw new Terminal({ code: "usage", message: "what is rejected is not changed", hint: "approve with the change, or reject without" });
  return editsDraft(state, firing, { edits, by: by.user, problem }, now);
}

function approvalDraft(
  transition: CompiledTransition,
  firing: OpenFiring,
  gate: GateState,
  request: DecisionRequest,
  { approvals, passed, edited }: { approvals: number; passed: boolean; edited: boolean },
): EventDraft {
  return {
    category: CATEGORY_OF.decided,
    type: "decided",
    status: passed ? "ok" : "waiting",
    transition: transition.id,
    firing: firing.firing,
    correlation: firing.correlation,
    summary: `${request.by.user} ${edited ? "changed and approved" : "approved"} ${gate.name}${passed ? "" : `; ${approvals} of ${gate.quorum} so far`}.`,
    attributes: { ...who(gate, request), ...(passed ? { passed: true } : {}), ...(edited ? { edited: true } : {}) },
  };
}

/** A question about a rule held no work: nothing has to go anywhere. */
function refusedRule(transition: CompiledTransition, firing: OpenFiring, gate: GateState, request: DecisionRequest): EventDraft {
  const { attributes, ...said } = rejection(gate, request);
  const about = { stage: "answered", transition: transition.id, ...gate.crystal, approve: false, by: request.by.user };
  return {
    ...{
      category: CATEGORY_OF.decided,
      type: "decided",
      transition: transition.id,
      firing: firing.firing,
      correlation: firing.correlation,
    },
    consumed: firing.consumed,
    ...said,
    attributes: { ...attributes, crystallized: [about] },
  };
}

function rejection(gate: GateState, request: DecisionRequest): Pick<EventDraft, "status" | "summary" | "attributes"> {
  return {
    status: "refused",
    summary: `${request.by.user} rejected ${gate.name}${request.comment ? `: ${request.comment}` : ""}.`,
    attributes: who(gate, request),
  };
}

function who(gate: GateState, request: DecisionRequest) {
  return {
    gate: gate.name,
    by: request.by.user,
    roles: request.by.roles,
    decision: request.decision,
    decisionId: request.id,
    ...(gate.budget === undefined ? {} : { budget: gate.budget }),
    ...(request.comment === undefined ? {} : { comment: request.comment }),
  };
}

/** The work leaves the gate for the place that it escalates to, with all that it held. */
function closingDraft(
  state: NetState,
  transition: CompiledTransition,
  firing: OpenFiring,
  now: number,
  type: "decided" | "expired",
  why: { by: string; comment: string | null },
): EventDraft {
  const { gate } = transition.definition;
  const place = gate?.escalate ?? transition.definition.onError ?? DEAD_LETTER;
  const from = provenanceOf(state.net, transition, firing.firing, firing.correlation, now);
  const inputs = boundInputs(state, transition, firing);
  const data = {
    gate: firing.gate?.name ?? transition.id,
    outcome: type === "expired" ? "expired" : "rejected",
    by: why.by,
    comment: why.comment,
    inputs: inputData(inputs),
  };
  const token = {
    id: derivedId("t-", firing.firing, type),
    data,
    from: {
      net: state.net,
      transition: transition.id,
      firing: firing.firing,
      tokens: [...firing.consumed, ...firing.read].map(({ id }) => id),
    },
    by: from.by,
    at: from.at,
    correlation: firing.correlation,
    v: 1 as const,
  };
  return {
    category: CATEGORY_OF[type],
    type,
    status: "refused",
    summary: "",
    transition: transition.id,
    firing: firing.firing,
    correlation: firing.correlation,
    consumed: firing.consumed,
    read: firing.read,
    produced: [{ place, token }],
  };
}
