/**
 * The verbs `find-task`, `takeover` and `handback`: a person does a task by hand, and no firing takes it meanwhile.
 *
 * V1 A task that is taken over lies in `taken-over`, which no arc names, and its token knows where it lay. V2 What runs is taken
 * only with `stop`: the firing ends, like one that waits at its gate or is stopped by a kill, what else it held is free again, and
 * nothing of its attempt counts any more; what it had done so far is handed over for the person to go on from, and is in no token. V3 A token is taken over once, and handed back
 * once: its next id follows from the one before.
 */
import * as z from "zod";
import { isoTime } from "../../contract/clock.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import type { EventDraft } from "../../contract/event.ts";
import { derivedId } from "../../contract/hash.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Token } from "../../contract/token.ts";
import { IN_TRANSIT, TAKEN_OVER } from "../../net/built-in-places.ts";
import type { OpenFiring, Placed } from "../../net/state.ts";
import { isStopped } from "../../net/stopped.ts";
import { takenId, withWork, workOf } from "../../net/taken-work.ts";
import { storeBundles } from "./bundles.ts";
import { putTogether } from "./handback-parts.ts";
import { handedOver } from "./handed-over.ts";
import { inTransit, onlyLinks } from "./in-transit.ts";
import { keptAttempt } from "./kept-attempt.ts";
import type { Term } from "./term.ts";
import { fitTokens } from "./token-size.ts";

const person = z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) });
const findBody = z.object({ task: z.string() });
const takeBody = z.object({ place: z.string(), id: z.string(), by: person, stop: z.boolean().default(false) });
const backBody = z.object({
  id: z.string(),
  by: person,
  to: z.string().optional(),
  message: z.string().max(8000).optional(),
  /** Absent: it goes back as it was. */
  work: z.record(z.string(), z.json()).optional(),
});

interface Found {
  place: string;
  placed: Placed;
}

/** All tokens that a token id, a firing or a correlation names, and carry a commit's whereabouts. */
export async function findTask(term: Term, body: unknown): Promise<Json> {
  const { task } = findBody.parse(body);
  const held = new Set(term.state.firings.get(task)?.consumed.map(({ id }) => id));
  const rows: JsonObject[] = [];
  for (const [place, tokens] of term.state.places)
    for (const placed of tokens.values()) {
      const { token, origin } = placed;
      const before = place === TAKEN_OVER ? origin?.inputs[0]?.token.id : undefined;
      if (token.id !== task && before !== task && token.correlation !== task && !held.has(token.id)) continue;
      rows.push(rowOf(term, { place, placed }));
    }
  for (const row of rows) if (row.place === TAKEN_OVER) row.left = await handedOver(term, String(row.id));
  return rows;
}

function rowOf(term: Term, { place, placed }: Found): JsonObject {
  const { token, reservedBy } = placed;
  const firing = reservedBy === null ? undefined : term.state.firings.get(reservedBy);
  const state = place === TAKEN_OVER ? "taken" : reservedBy === null ? "waiting" : stateOf(term, reservedBy);
  return {
    ...{ net: term.state.net, place, id: token.id, correlation: token.correlation, by: token.by, state },
    ...(firing ? { firing: firing.firing, transition: firing.transition, executor: firing.claim?.executor ?? null } : {}),
    work: workOf(token.data) as unknown as Json,
    from: token.from as unknown as Json,
  };
}

function stateOf({ state }: Term, id: string): "gate" | "stopped" | "running" {
  const firing = state.firings.get(id);
  if (firing?.gate && !firing.gate.passed) return "gate";
  return state.killed || isStopped(state, "persona", firing?.persona ?? undefined) ? "stopped" : "running";
}

export async function takeOver(term: Term, body: unknown): Promise<Json> {
  const { place, id, by, stop } = takeBody.parse(body);
  const held = takenId(id);
  const already = term.state.places.get(TAKEN_OVER)?.get(held);
  if (already?.token.by === by.user) {
    await term.loop.caughtUp();
    return { id: held, from: place, left: await handedOver(term, held) };
  }
  await declareHolding(term);
  const worked = runningOf(term, takeable(term, place, id, stop));
  const kept = worked && (await keptAttempt(term, worked));
  // V2: decided after the wait, on what lies there now.
  const placed = takeable(term, place, id, stop);
  const firing = placed.reservedBy === null ? undefined : term.state.firings.get(placed.reservedBy);
  const left = firing?.firing === worked?.firing && firing?.attempt === worked?.attempt ? (kept ?? null) : null;
  const title = workOf(placed.token.data)?.title ?? id;
  const ended =
    firing && stateOf(term, firing.firing) === "running"
      ? `is ended${left && !("lost" in left) ? ", and its work so far is handed over" : ""}`
      : "waits for it no more";
  const attempt = firing?.claim ? { net: term.state.net, firing: firing.firing, attempt: firing.attempt } : null;
  const executor = firing?.claim?.executor ?? "";
  await term.commit({
    ...{ category: "token", type: "intervened", status: "info", correlation: placed.token.correlation },
    ...(firing ? { firing: firing.firing, transition: firing.transition, attempt: firing.attempt } : {}),
    consumed: [{ place, id }],
    produced: [{ place: TAKEN_OVER, token: next(term, placed.token, held, "takeover", by.user, placed.token.data) }],
    summary: `${by.user} took over “${title}” from ${place} and works on it by hand${firing ? `; ${firing.transition} ${ended}` : ""}.`,
    attributes: { by: by.user, verb: "takeover", from: place, ...(left === null ? {} : { left }) },
  });
  // An executor that does not hear it finds out when it renews its claim.
  if (attempt) await term.ports.broker.work.cancel(executor, attempt).catch(() => {});
  term.wakeAll();
  return { id: held, from: place, left };
}

/** As it is now: the state's own object changes with the next event. */
function runningOf(term: Term, { reservedBy }: Placed): OpenFiring | undefined {
  const firing = reservedBy === null ? undefined : term.state.firings.get(reservedBy);
  return firing && stateOf(term, firing.firing) === "running" ? { ...firing } : undefined;
}

function takeable(term: Term, place: string, id: string, stop: boolean): Placed {
  const placed = term.state.places.get(place)?.get(id);
  const { net } = term.state;
  if (!placed || place === TAKEN_OVER)
    throw new Terminal({
      code: "no-such-task",
      message: `no token ${id} lies in ${place} any more`,
      hint: `petrel trace ${id} --net ${net}`,
    });
  if (place === IN_TRANSIT) throw inTransit(term, id);
  if (!workOf(placed.token.data))
    throw new Refused({
      code: "no-worktree",
      message: `${id} in ${place} names no repository and branch`,
      hint: `petrel token move ${net} ${place} ${id}`,
    });
  if (placed.reservedBy === null) return placed;
  if (term.state.firings.get(placed.reservedBy)?.subnet)
    throw new Refused({
      code: "task-running",
      message: `a sub-net works on ${id} right now`,
      hint: `petrel pause ${net} lets its steps finish and begins nothing after them`,
    });
  if (stop || stateOf(term, placed.reservedBy) !== "running") return placed;
  throw new Refused({
    code: "task-running",
    message: `the firing ${placed.reservedBy} works on ${id} right now`,
    hint: `petrel takeover ${id} --stop ends that; petrel pause ${net} lets it finish, and begins nothing after it`,
  });
}

/** Before the first token is there, so that its stream takes it. */
async function declareHolding(term: Term): Promise<void> {
  const { net } = term;
  if (!net)
    throw new Terminal({ code: "no-definition", message: `no definition of ${term.state.net} runs`, hint: "petrel net apply FILE" });
  if (term.state.places.has(TAKEN_OVER)) return;
  const { definition } = net;
  await term.declarePlaces({ ...definition, places: { ...definition.places, [TAKEN_OVER]: { sink: true } as never } });
}

export async function handBack(term: Term, body: unknown): Promise<Json> {
  const request = backBody.parse(body);
  const { id, by, work, message } = request;
  const { net } = term.state;
  const held = term.state.places.get(TAKEN_OVER)?.get(id);
  if (!held)
    throw new Refused({
      code: "not-taken-over",
      message: `${id} is not taken over: it was handed back before, or never was`,
      hint: `petrel trace ${id} --net ${net}`,
    });
  const to = request.to ?? held.origin?.inputs[0]?.place ?? "";
  if (to === IN_TRANSIT) throw onlyLinks();
  if (to === TAKEN_OVER || !term.placeNames().includes(to))
    throw new Terminal({
      code: "no-such-place",
      message: `the net ${net} has no place ${to} to hand it back to`,
      hint: `petrel places ${net}`,
    });
  const said: JsonObject = { status: "done", summary: message ?? "Done by hand", by: by.user };
  const stored = work && (await storeBundles(await putTogether(term, work), term.ports.broker.artifacts));
  const data = stored && isJsonObject(stored) ? withWork(held.token.data, stored, said) : held.token.data;
  const back = derivedId("t-", id, "handback");
  const token = next(term, held.token, back, "handback", by.user, data);
  const title = workOf(held.token.data)?.title ?? id;
  const head = typeof work?.head === "string" ? work.head : null;
  const did = head === null ? "as it was" : `with the commit ${head.slice(0, 10)}${message ? `: ${message.split("\n")[0]}` : ""}`;
  const draft: EventDraft = {
    ...{ category: "token", type: "intervened", status: "info", correlation: held.token.correlation },
    consumed: [{ place: TAKEN_OVER, id }],
    produced: [{ place: to, token }],
    summary: `${by.user} handed “${title}” back to ${to} ${did}.`,
    attributes: { by: by.user, verb: "handback", to, ...(head === null ? {} : { head }), ...(message ? { reason: message } : {}) },
  };
  const fitting = await fitTokens(draft, term.ports.broker.artifacts);
  // V3: the store may have been waited for.
  if (term.state.places.get(TAKEN_OVER)?.get(id) !== held) return handBack(term, body);
  await term.commit(fitting);
  return { id: back, place: to };
}

function next(term: Term, token: Token, id: string, verb: string, by: string, data: Json): Token {
  const at = isoTime(term.ports.clock.now());
  return { ...token, id, data, at, by, from: { net: term.state.net, transition: verb, firing: token.id, tokens: [token.id] } };
}
