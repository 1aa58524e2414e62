/** The verbs of `command.<net>.<verb>`: what people and programs ask of a net's owner. Each answer follows the commit. */
import * as z from "zod";
import { isoTime } from "../../contract/clock.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import { derivedId } from "../../contract/hash.ts";
import { canonicalJson, type Json } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import { answerOf, type Candidate, type CompiledQuery, compileQuery, runQuery, selected } from "../../net/arcql.ts";
import { IN_TRANSIT } from "../../net/built-in-places.ts";
import { placeOf, placeTitle } from "../../net/compiled-net.ts";
import { questionAt } from "../../net/crystal/notice.ts";
import { keepCrystals } from "../../net/crystal/stages.ts";
import { netSchema } from "../../net/definition.ts";
import { mustNotCountRows, parseExpression, parseOrder } from "../../net/expression-parser.ts";
import { inputTokens } from "../../net/fold.ts";
import { decisionDraft, findGates } from "../../net/gates.ts";
import { boundInputs } from "../../net/held-inputs.ts";
import { inTransitTo } from "../../net/link-state.ts";
import { tokenKeyOf } from "../../net/lookup.ts";
import { markingIndex } from "../../net/marking-index.ts";
import { markingView } from "../../net/marking-view.ts";
import { partialGroups } from "../../net/partial-groups.ts";
import { schemaProblem } from "../../net/place-schema.ts";
import { inputData } from "../../net/routing.ts";
import { type OpenFiring, tokensOf as tokensIn } from "../../net/state.ts";
import { NONE } from "../../net/token-line.ts";
import { tokenPage } from "../../net/token-page.ts";
import { CRYSTAL_VERBS } from "../crystal/crystal-verbs.ts";
import { writeRule } from "../crystal/crystal-write.ts";
import { applyNet } from "./apply-net.ts";
import { gatePage } from "./gate-page.ts";
import { takePart } from "./handback-parts.ts";
import { inTransit, onlyLinks } from "./in-transit.ts";
import { retire, spawn } from "./instance-commands.ts";
import { retry } from "./retry-command.ts";
import { stateDigest } from "./state-digest.ts";
import { findTask, handBack, takeOver } from "./takeover-commands.ts";
import type { Term } from "./term.ts";
import { fitTokens } from "./token-size.ts";
import { whyOf } from "./why-command.ts";

const person = z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) });
const json = z.json();

type Verb = (term: Term, body: unknown) => Promise<Json>;

const tokensBody = z.object({
  place: z.string(),
  where: z.string().optional(),
  orderBy: z.string().optional(),
  query: z.string().optional(),
  limit: z.int().min(1).max(100_000).default(100),
  /** Of the page before, for a listing without conditions; null: the first page. */
  cursor: z.string().nullable().optional(),
});
const queryBody = z.object({
  query: z.string(),
  places: z.array(z.string()).min(1).max(1000),
  limit: z.int().min(1).max(100_000).default(100),
});
/** `after`: in pages, `{gates, next}`; without it all at once, as an array. */
const gatesBody = z.looseObject({ after: z.string().optional() });
const decideBody = z.object({
  gate: z.string().optional(),
  firing: z.string().optional(),
  decision: z.enum(["approve", "reject"]),
  by: person,
  comment: z.string().optional(),
  edits: z.record(z.string(), json).optional(),
  id: z.string().min(1),
});

const byBody = z.object({ by: person });
const moveBody = z.object({
  place: z.string(),
  id: z.string(),
  to: z.string().optional(),
  data: json.optional(),
  by: person,
  reason: z.string().optional(),
  /** Of a close: ends what works on it, too. */
  stop: z.boolean().default(false),
});

const defineBody = z.object({ definition: netSchema, by: person });
const relinkBody = z.object({ net: z.string().min(1), by: person });

export const NET_VERBS: Record<string, Verb> = {
  places: async (term) => placesOf(term),
  marking: async (term) =>
    ({
      ...markingView(
        term.state,
        term.placeNames(),
        (place) => (term.net && placeOf(term.net, place)) ?? { title: placeTitle(term.net, place) },
      ),
      at: isoTime(term.ports.clock.now()),
      stale: term.projection.stale,
      behind: term.projection.backlog,
    }) as unknown as Json,
  "state-hash": async (term) => (await stateDigest(term)) as unknown as Json,
  printed: async (term) => term.ports.printed?.() ?? [],
  tokens: async (term, body) => tokensOf(term, tokensBody.parse(body)),
  query: async (term, body) => queryOf(term, queryBody.parse(body)),
  gates: async (term, body) => {
    const { after } = gatesBody.parse(body ?? {});
    const open = findGates(term.state);
    const rowOf = (firing: OpenFiring) => gateRow(term, firing);
    return (after === undefined ? open.map(rowOf) : gatePage(open, rowOf, after)) as unknown as Json;
  },
  decide: decide,
  pause: async (term, body) => {
    const { by } = byBody.parse(body);
    if (term.state.paused) return term.loop.caughtUp().then(() => ({ paused: true, changed: false }));
    await term.commit({
      category: "control",
      type: "paused",
      status: "info",
      summary: `${by.user} paused the net ${term.state.net}; petrel resume ${term.state.net} lets it go on.`,
      attributes: { by: by.user },
    });
    return { paused: true, changed: true };
  },
  resume: async (term, body) => {
    const { by } = byBody.parse(body);
    if (term.state.killed)
      throw new Refused({
        code: "killed",
        message: "everything was stopped by a kill",
        hint: "petrel resume (without a net) takes the kill back",
      });
    if (!term.state.paused) return term.loop.caughtUp().then(() => ({ resumed: true, changed: false }));
    await term.commit({
      category: "control",
      type: "resumed",
      status: "info",
      summary: `${by.user} let the net ${term.state.net} go on.`,
      attributes: { by: by.user },
    });
    return { resumed: true, changed: true };
  },
  move: async (term, body) => intervene(term, moveBody.parse(body), "move"),
  close: async (term, body) => intervene(term, moveBody.parse(body), "close"),
  retry,
  "find-task": findTask,
  takeover: takeOver,
  handback: handBack,
  "handback-part": takePart,
  spawn,
  retire,
  define: async (term, body) => {
    const { definition, by } = defineBody.parse(body);
    if (definition.net !== term.state.net || !definition.parent)
      throw new Refused({ code: "not-a-subnet", message: `only the net around ${term.state.net} defines it` });
    return applyNet(term, { definition: keepCrystals(term.net?.source ?? null, definition), by: by.user, derived: true });
  },
  relink: async (term, body) => relink(term, relinkBody.parse(body)),
  definition: async (term) => ({
    hash: term.state.definition,
    definition: (term.net?.source ?? null) as unknown as Json,
    personas: term.state.personas,
  }),
  ...CRYSTAL_VERBS,
  "crystal-write": writeRule,
  why: async (term, body) => whyOf(term, z.object({ name: z.string() }).parse(body).name),
  compare: async (term) => ({ ...(await term.comparePlaces()), stale: term.projection.stale }),
};

function placesOf(term: Term): Json {
  const now = term.ports.clock.now();
  const { groups } = term.net ? partialGroups(term.state, term.net, now) : { groups: [] };
  return term.placeNames().map((place) => {
    const waiting = groups.filter(({ inputs }) => inputs.some((input) => input.place === place && input.have > 0));
    const tokens = [...(term.state.places.get(place)?.values() ?? [])];
    const oldest = tokens.reduce((least, { token }) => Math.min(least, Date.parse(token.at)), Number.POSITIVE_INFINITY);
    const definition = term.net ? placeOf(term.net, place) : undefined;
    const reserved = tokens.filter(({ reservedBy }) => reservedBy !== null).length;
    return {
      place,
      title: placeTitle(term.net, place),
      waiting: tokens.length - reserved,
      reserved,
      tokens: tokens.length,
      oldestAgeMs: Number.isFinite(oldest) ? Math.max(0, now - oldest) : null,
      capacity: definition?.capacity ?? null,
      open: definition?.open ?? false,
      ...(waiting.length > 0 ? { groups: waiting as unknown as Json } : {}),
      ...(place === IN_TRANSIT ? { links: linksOf(term) } : {}),
    };
  });
}

/** What is on its way, by the net that it goes to. */
function linksOf(term: Term): Json {
  return [...term.state.outbox].map(([net, { sent, delivered }]) => {
    const problem = term.links.problems.get(net);
    return { net, waiting: sent - delivered, sent, delivered, problem: problem && sent > delivered ? { ...problem } : null };
  });
}

/** A query holds the master up, so it has to be over soon. */
const QUERY_MS = 2000;

/** All tokens of a place, or those that its declared index finds, in order of arrival. */
function candidatesOf(term: Term, place: string, { lookups }: CompiledQuery): Candidate[] {
  const declared = new Set((term.net && placeOf(term.net, place)?.index)?.map((path) => tokenKeyOf(path)?.text));
  const lookup = lookups.find(({ key }) => declared.has(key.text));
  if (!lookup) return [...(term.state.places.get(place)?.values() ?? [])].map(({ token }) => ({ token, place }));
  const found: Candidate[] = [];
  const line = markingIndex(term.state).place(place).line("all", lookup.key, lookup.value);
  for (let slot = line.head; slot !== NONE; slot = line.next(slot)) found.push({ token: line.placed(slot).token, place });
  return found;
}

/** Rows of a whole query over several places, as they stand in one moment. */
function queryOf(term: Term, { query: text, places, limit }: z.output<typeof queryBody>): Json {
  for (const place of places) knownPlace(term, place);
  const { clock } = term.ports;
  const now = clock.now();
  const query = compileQuery(text);
  const candidates = places.flatMap((place) => candidatesOf(term, place, query));
  return { ...answerOf(query, candidates, now, limit, () => clock.now() - now > QUERY_MS) };
}

/** Tokens at rest, reserved ones too, by conditions or by a whole ArcQL query. */
function tokensOf(term: Term, request: z.output<typeof tokensBody>): Json {
  const { place, where, orderBy, limit } = request;
  knownPlace(term, place);
  if (request.cursor !== undefined) return pageOfPlace(term, place, limit, request.cursor);
  const now = term.ports.clock.now();
  // Each by itself first: an error counts its column in what was written, and neither is more than it says.
  if (where) mustNotCountRows(parseExpression(where), where);
  if (orderBy) for (const { node } of parseOrder(orderBy)) mustNotCountRows(node, orderBy);
  const text = request.query ?? ["FROM $", where ? `WHERE ${where}` : "", orderBy ? `ORDER BY ${orderBy}` : ""].join(" ");
  const query = compileQuery(text);
  const found = runQuery(query, candidatesOf(term, place, query), undefined, now);
  const tokens = found
    .slice(0, limit)
    .map((candidate) => (query.select ? { ...candidate.token, data: selected(query, candidate, undefined, now) } : candidate.token))
    .map((token) => onItsWay(term, place, token));
  return { place, tokens: tokens as unknown as Json, total: found.length };
}

function pageOfPlace(term: Term, place: string, limit: number, cursor: string | null): Json {
  const all = tokensIn(term.state, place);
  const { placed, next } = tokenPage(all, limit, cursor);
  const tokens = placed.map(({ token }) => onItsWay(term, place, token));
  return { place, tokens: tokens as unknown as Json, total: all.size, next };
}

function onItsWay(term: Term, place: string, token: Token): Token {
  return place === IN_TRANSIT ? ({ ...token, link: { ...term.state.transit.get(token.id) } } as Token) : token;
}

async function decide(term: Term, body: unknown): Promise<Json> {
  const request = decideBody.parse(body);
  const firings = named(term, request.firing);
  const before = decidedBefore(term, firings, request.id);
  if (before) return term.loop.caughtUp().then(() => before);
  const known = firings.filter(
    ({ gate, firing }) => gate && (firing === request.firing || gate.name === request.gate || firing === request.gate),
  );
  const open = known.filter(({ gate }) => !gate?.passed);
  const firing = open[0] ?? known[0];
  const transition = firing && term.netOf(firing)?.transitions.get(firing.transition);
  if (!firing || !transition) {
    throw new Terminal({
      code: "no-such-gate",
      message: `nothing waits at ${request.firing ?? request.gate ?? "that gate"}`,
      hint: "petrel gate ls",
    });
  }
  const problem = (place: string, data: Json) => {
    const schema = term.net && placeOf(term.net, place)?.schema;
    return schema ? schemaProblem(schema, data) : null;
  };
  const draft = decisionDraft(term.state, transition, firing, { ...request, problem }, term.ports.clock.now());
  await (draft ? term.commit(draft) : term.loop.caughtUp());
  const gate = firing.gate;
  return {
    gate: gate?.name ?? transition.definition.gate?.name ?? transition.id,
    firing: firing.firing,
    counted: draft !== null,
    approvals: gate?.decisions.filter(({ approve }) => approve).length ?? 0,
    quorum: transition.definition.gate?.quorum ?? 1,
    passed: gate === null || gate?.passed === true,
  };
}

/** The firing that a request names; all of them where it names none. */
function named(term: Term, id: string | undefined): OpenFiring[] {
  if (id === undefined) return [...term.state.firings.values()];
  const firing = term.state.firings.get(id);
  return firing ? [firing] : [];
}

/** A decision that came again after its gate had passed: the answer to the first may have been lost. */
function decidedBefore(term: Term, firings: OpenFiring[], id: string): Json {
  const firing = firings.find(({ decided }) => decided.some((decision) => decision.id === id));
  if (!firing) return null;
  const approvals = firing.decided.filter(({ approve }) => approve).length;
  const name = term.netOf(firing)?.transitions.get(firing.transition)?.definition.gate?.name ?? firing.transition;
  return { gate: name, firing: firing.firing, counted: false, approvals, quorum: approvals, passed: true };
}

/** A person says that the log at the other end, or this one, is rightly another one now: the pair of nets counts from 1 again. */
async function relink(term: Term, { net, by }: z.output<typeof relinkBody>): Promise<Json> {
  const { state } = term;
  const waiting = inTransitTo(state, net).length;
  const known = state.outbox.has(net) || state.inbox.has(net);
  if (!known) {
    const hint = `petrel places ${state.net} shows what is on its way`;
    throw new Terminal({ code: "no-such-link", message: `nothing has gone from ${state.net} to ${net} or come from there`, hint });
  }
  term.links.hold(net);
  await term.commit({
    category: "token",
    type: "intervened",
    status: "info",
    summary: `${by.user} tied ${state.net} to ${net} anew; ${waiting === 1 ? "1 token goes" : `${waiting} tokens go`} there under new numbers.`,
    attributes: { by: by.user, verb: "relink", link: { relink: net, count: waiting } },
  });
  return { net: state.net, to: net, waiting };
}

async function intervene(term: Term, request: z.output<typeof moveBody>, verb: "move" | "close"): Promise<Json> {
  const placed = term.state.places.get(request.place)?.get(request.id);
  if (!placed)
    throw new Terminal({
      code: "no-such-token",
      message: `no token ${request.id} lies in ${request.place}`,
      hint: `petrel tokens ${term.state.net} ${request.place}`,
    });
  if (request.place === IN_TRANSIT) throw inTransit(term, request.id);
  const firing = placed.reservedBy === null ? undefined : term.state.firings.get(placed.reservedBy);
  if (placed.reservedBy !== null && (verb === "move" || !request.stop || firing?.subnet))
    throw new Refused({
      code: "token-reserved",
      message: `the firing ${placed.reservedBy} holds ${request.id}`,
      hint: firing?.subnet
        ? "a sub-net works on it: wait until that is over"
        : `wait until it is over; petrel token close ${term.state.net} ${request.place} ${request.id} --stop ends it, and takes the token away`,
    });
  const to = request.to ?? request.place;
  if (to === IN_TRANSIT) throw onlyLinks();
  if (verb === "move") knownPlace(term, to);
  const now = isoTime(term.ports.clock.now());
  const token = {
    ...placed.token,
    id: derivedId("t-", request.id, verb, term.state.seq),
    data: request.data === undefined ? placed.token.data : (request.data as Json),
    at: now,
    by: request.by.user,
    from: { net: term.state.net, transition: verb, firing: request.id, tokens: [request.id] },
  };
  const draft: EventDraft = {
    category: "token",
    type: "intervened",
    status: "info",
    correlation: placed.token.correlation,
    ...(firing ? { firing: firing.firing, transition: firing.transition, attempt: firing.attempt } : {}),
    consumed: [{ place: request.place, id: request.id }],
    produced: verb === "move" ? [{ place: to, token }] : [],
    summary:
      verb === "move"
        ? `${request.by.user} sent a token of ${request.place} to ${to}.`
        : `${request.by.user} closed a token in ${request.place}${firing ? `; ${firing.transition}, which worked on it, is ended` : ""}.`,
    attributes: {
      ...{ by: request.by.user, verb },
      // Whoever made it, or the rule that did, was wrong.
      ...(canonicalJson(token.data) === canonicalJson(placed.token.data) ? {} : { corrected: true }),
      ...(request.reason ? { reason: request.reason } : {}),
    },
  };
  const fitting = await fitTokens(draft, term.ports.broker.artifacts);
  // The store may have been waited for: the token must still be there, and free, or held as before.
  if (term.state.places.get(request.place)?.get(request.id)?.reservedBy !== placed.reservedBy) return intervene(term, request, verb);
  const attempt = firing?.claim ? { net: term.state.net, firing: firing.firing, attempt: firing.attempt } : null;
  const executor = firing?.claim?.executor ?? "";
  await term.commit(fitting);
  // An executor that does not hear it finds out when it renews its claim.
  if (attempt) await term.ports.broker.work.cancel(executor, attempt).catch(() => {});
  if (firing) term.wakeAll();
  return verb === "move" ? { id: token.id, place: to } : { closed: request.id };
}

function gateRow(term: Term, firing: OpenFiring): Json {
  const { gate } = firing;
  const rule = questionAt(term.state, firing);
  return {
    net: term.state.net,
    gate: gate?.name ?? "",
    firing: firing.firing,
    transition: firing.transition,
    since: isoTime(firing.openedAt),
    approvers: gate?.approvers ?? [],
    quorum: gate?.quorum ?? 1,
    expires: gate?.expiresAt ? isoTime(gate.expiresAt) : null,
    decisions: (gate?.decisions ?? []) as unknown as Json,
    approvals: (gate?.decisions ?? []).filter(({ approve }) => approve).length,
    ...(rule
      ? { summary: rule.summary, inputs: { notice: rule.notice }, crystal: { about: rule.about, rule: gate?.crystal?.rule ?? "" } }
      : { inputs: heldData(term, firing.firing) }),
    ...heldTokens(term, firing),
  };
}

function heldData(term: Term, id: string): Json {
  const firing = term.state.firings.get(id);
  const transition = firing && term.netOf(firing)?.transitions.get(firing.transition);
  return firing && transition ? inputData(boundInputs(term.state, transition, firing)) : null;
}

/** What a person may change before it passes, and how the places want it. */
function heldTokens(term: Term, firing: OpenFiring): { correlation: string; tokens: Json; schemas: Json } {
  const bound = new Map(firing.consumed.map(({ place, id }) => [id, place]));
  const tokens = Object.entries(inputTokens(term.state, firing)).flatMap(([input, held]) =>
    held.flatMap(({ place, token }) => (bound.has(token.id) ? [{ input, place, id: token.id, data: token.data }] : [])),
  );
  const schemas: Record<string, Json> = {};
  for (const { place } of tokens) {
    const schema = term.net && placeOf(term.net, place)?.schema;
    if (schema) schemas[place] = schema as Json;
  }
  return { correlation: firing.correlation, tokens, schemas };
}

function knownPlace(term: Term, place: string): void {
  if (!term.placeNames().includes(place)) {
    throw new Terminal({
      code: "no-such-place",
      message: `the net ${term.state.net} has no place ${place}`,
      hint: `petrel places ${term.state.net}`,
    });
  }
}
