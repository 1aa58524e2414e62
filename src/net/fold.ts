/**
 * The fold: how each event changes the state (E1). Total over events that the engine wrote; it needs no definition,
 * so a log can be folded by anybody, also years after the net was edited.
 */
import { timeOf } from "../contract/clock.ts";
import type { NetEvent, PlacedId } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import { isJsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import { foldCrystals } from "./crystal/state.ts";
import { deathOf } from "./deaths.ts";
import { takeCarried } from "./forking.ts";
import { countInstance, endFirings, foldHanded, foldOpened, instanceOf } from "./instances.ts";
import { foldDelivered, foldRelinked, foldSent, foldTaken } from "./link-state.ts";
import { existingIndex } from "./marking-index.ts";
import { foldAllowed, foldSpent } from "./spending.ts";
import {
  AUTHORS_KEPT,
  type Decision,
  emptyState,
  type GateState,
  type NetState,
  type OpenFiring,
  type Origin,
  type Placed,
  PUT_MEMORY_MS,
  tokensOf,
} from "./state.ts";
import { markStopped, type StoppedKind } from "./stopped.ts";

export function foldEvents(net: string, events: Iterable<NetEvent>): NetState {
  const state = emptyState(net);
  for (const event of events) applyEvent(state, event);
  return state;
}

/** Applies one event in place. Events at or below `state.seq` are already in and change nothing. */
export function applyEvent(state: NetState, event: NetEvent): void {
  if (event.seq <= state.seq) return;
  state.seq = event.seq;
  foldSpent(state, event);
  // Before tokens leave: what is rejected says whose it was.
  if (state.crystals.size > 0 || event.attributes?.crystal !== undefined || event.attributes?.crystallized !== undefined)
    foldCrystals(state, event);
  HANDLERS[event.type]?.(state, event);
}

type Handler = (state: NetState, event: NetEvent) => void;

const HANDLERS: Partial<Record<NetEvent["type"], Handler>> = {
  epoch: (state, event) => {
    state.epoch = number(event, "epoch") ?? state.epoch;
    state.born ??= text(event, "born") ?? null;
    forgetAuthors(state);
  },
  edited: (state, event) => {
    if (event.netVersion) state.definition = event.netVersion;
    const personas = event.attributes?.personas;
    if (isJsonObject(personas)) for (const [name, hash] of Object.entries(personas)) state.personas[name] = String(hash);
    reschedule(state, event);
    produce(state, event);
  },
  arrived: (state, event) => {
    produce(state, event);
    remember(state, event);
    for (const { token } of event.produced ?? []) state.authors.set(token.correlation, token.by);
    foldTaken(state, event);
    if (state.authors.size > state.authorsDue) forgetAuthors(state);
  },
  refused: (state, event) => {
    produce(state, event);
    takeIn(state, event);
    foldTaken(state, event);
  },
  started: (state, event) => {
    open(state, event);
    produce(state, event);
  },
  gated: (state, event) => {
    const before = state.firings.get(event.firing ?? "");
    if (!before) return open(state, event);
    // Work under way has come to a limit and waits for people: the attempt is over, and another begins when the gate is passed.
    withFiring(state, event, (firing) => {
      firing.attempt = event.attempt ?? firing.attempt + 1;
      firing.claim = null;
      firing.notBefore = null;
      firing.gate = gateOf(event);
    });
  },
  claimed: (state, event) =>
    withFiring(state, event, (firing) => {
      firing.claim = { executor: text(event, "executor") ?? "" };
    }),
  lapsed: (state, event) => {
    // What was left of the instance of a program.
    for (const gone of event.consumed ?? []) remove(state, gone);
    endFirings(state, event);
    withFiring(state, event, (firing) => {
      const death = deathOf(event.attributes?.died, event.attributes?.executor, firing.attempt);
      if (death) firing.deaths = [...(firing.deaths ?? []), death];
      firing.attempt = event.attempt ?? firing.attempt + 1;
      if (event.attributes?.handed === undefined) firing.recoveries += 1;
      firing.claim = null;
      // Logs of before have no `started` for the attempt that follows: it was open with this event.
      firing.notBefore = number(event, "notBefore") ?? null;
      foldHanded(state, event, firing);
    });
  },
  fired: (state, event) => {
    if (!state.firings.has(event.firing ?? "")) begun(state, event);
    close(state, event);
  },
  sent: (state, event) => {
    if (!state.firings.has(event.firing ?? "")) begun(state, event);
    close(state, event);
    foldSent(state, event);
  },
  delivered: (state, event) => {
    close(state, event);
    foldDelivered(state, event);
  },
  failed: (state, event) => {
    if (!state.firings.has(event.firing ?? "")) begun(state, event);
    if (event.attributes?.final === true) return close(state, event);
    withFiring(state, event, (firing) => {
      firing.attempt = (event.attempt ?? firing.attempt) + 1;
      firing.failures += 1;
      firing.claim = null;
      firing.notBefore = number(event, "notBefore") ?? null;
    });
  },
  step: (state, event) =>
    withFiring(state, event, (firing) => {
      const step = event.attributes?.step;
      if (!isJsonObject(step) || event.attempt !== firing.attempt) return;
      if (step.anew === undefined) firing.steps = [...(firing.steps ?? []), step];
      else delete firing.steps;
    }),
  decided: decide,
  expired: close,
  crystallized: close,
  intervened: (state, event) => {
    close(state, event);
    foldRelinked(state, event);
    const retried = text(event, "retried");
    if (retried !== undefined) rememberPut(state, event, retryKey(retried));
    // By a persona's tool: the step that puts a token does so once.
    const put = text(event, "put");
    if (put !== undefined) rememberPut(state, event, put);
  },
  forked: (state, event) => {
    produce(state, event);
    takeCarried(state, event.attributes ?? {});
  },
  paused: (state, event) => {
    state.paused = true;
    const [code, reason, hint] = [text(event, "code"), text(event, "reason"), text(event, "hint")];
    state.pausedFor = { by: text(event, "by") ?? "", ...(code ? { code } : {}), ...(reason ? { reason } : {}), ...(hint ? { hint } : {}) };
  },
  stopped: (state, event) => {
    const part = partOf(event);
    if (part) markStopped(state, part.kind, part.name, true);
    else state.killed = true;
    state.generation = number(event, "generation") ?? state.generation;
  },
  resumed: (state, event) => {
    const part = partOf(event);
    if (part) {
      markStopped(state, part.kind, part.name, false);
      state.generation = number(event, "generation") ?? state.generation;
      return;
    }
    // Taking a kill back lets go on what ran before: a net that a person has paused stays paused.
    if (!state.killed) {
      state.paused = false;
      state.pausedFor = null;
    }
    state.killed = false;
    state.generation = number(event, "generation") ?? state.generation;
  },
};

/** A kill or a resume of one persona or one executor. */
function partOf(event: NetEvent): { kind: StoppedKind; name: string } | null {
  for (const kind of ["persona", "executor"] as const) {
    const name = text(event, `only-${kind}`);
    if (name !== undefined) return { kind, name };
  }
  return null;
}

/** In each term, and whenever they have doubled: of work that is over, nobody asks any more who put it in. */
function forgetAuthors(state: NetState): void {
  const alive = new Set([...state.firings.values()].map(({ correlation }) => correlation));
  for (const tokens of state.places.values()) for (const { token } of tokens.values()) alive.add(token.correlation);
  for (const { readTokens } of state.firings.values()) for (const { correlation } of readTokens) alive.add(correlation);
  for (const correlation of state.authors.keys()) if (!alive.has(correlation)) state.authors.delete(correlation);
  state.authorsDue = 2 * state.authors.size + AUTHORS_KEPT;
}

/** Most firings read nothing and are decided by nobody: they share these, which nobody changes. */
const NOTHING_READ: PlacedId[] = [];
const NO_TOKENS: Token[] = [];
const UNDECIDED: Decision[] = [];

function open(state: NetState, event: NetEvent): void {
  const id = event.firing ?? "";
  const opened = timeOf(event.ts);
  const before = state.firings.get(id);
  if (before) {
    foldOpened(state, event, before);
    // A gate has passed, or a failed attempt has waited for its time: the same firing starts.
    if (before.gate) {
      before.decided = before.gate.decisions;
      before.instance = number(event, "instance") ?? null;
      instanceTurn(state, event);
    }
    before.gate = null;
    before.notBefore = null;
    before.startedAt = opened;
    existingIndex(state)?.firing(before);
    return;
  }
  begun(state, event);
  const swept = number(event, "swept");
  const consumed = event.consumed ?? [];
  const read = event.read ?? [];
  const readTokens =
    read.length === 0 ? NO_TOKENS : read.flatMap(({ place, id: token }) => state.places.get(place)?.get(token)?.token ?? []);
  for (const { place, id: token } of consumed) {
    const placed = state.places.get(place)?.get(token);
    if (placed) reserve(state, place, placed, id);
  }
  markSeen(state, event);
  const firing: OpenFiring = {
    firing: id,
    transition: event.transition ?? "",
    persona: event.persona ?? null,
    netVersion: event.netVersion ?? "",
    attempt: event.attempt ?? 1,
    failures: 0,
    recoveries: 0,
    consumed,
    read: read.length === 0 ? NOTHING_READ : read,
    inputs: inputsOf(event),
    readTokens,
    correlation: event.correlation ?? "",
    openedAt: opened,
    startedAt: opened,
    notBefore: null,
    instance: number(event, "instance") ?? null,
    claim: null,
    gate: event.type === "gated" ? gateOf(event) : null,
    decided: UNDECIDED,
    ...(swept === undefined ? {} : { swept }),
  };
  const within = instanceOf(state, event);
  if (within !== null) firing.within = within;
  foldOpened(state, event, firing);
  state.firings.set(id, firing);
  existingIndex(state)?.firing(firing);
}

function reserve(state: NetState, place: string, placed: Placed, by: string | null): void {
  placed.reservedBy = by;
  existingIndex(state)?.known(place)?.changed(placed.token.id);
}

/** Whose turn it was, and for which time of its schedule. */
function begun(state: NetState, event: NetEvent): void {
  if (event.transition === undefined) return;
  state.turns.set(event.transition, event.seq);
  instanceTurn(state, event);
  const stands = event.attributes?.schedule;
  const known = state.schedules.get(event.transition);
  if (known && isJsonObject(stands)) known.last = Date.parse(String(stands.at));
}

/** Which instance worked last, so that shares are fair; no transition's name has a slash. */
function instanceTurn(state: NetState, event: NetEvent): void {
  const instance = number(event, "instance");
  if (instance !== undefined) state.turns.set(`${event.transition}/${instance}`, event.seq);
}

/** A schedule that is new or another one counts from here. */
function reschedule(state: NetState, event: NetEvent): void {
  const schedules = event.attributes?.schedules;
  if (!isJsonObject(schedules)) return;
  for (const id of state.schedules.keys()) if (!Object.hasOwn(schedules, id)) state.schedules.delete(id);
  for (const [id, text] of Object.entries(schedules)) {
    if (state.schedules.get(id)?.text !== text) state.schedules.set(id, { text: String(text), last: Date.parse(event.ts) });
  }
}

function close(state: NetState, event: NetEvent): void {
  const opened = event.firing ? state.firings.get(event.firing) : undefined;
  const origin = originOf(state, event, opened);
  for (const gone of event.consumed ?? []) remove(state, gone);
  if (opened) {
    state.firings.delete(opened.firing);
    existingIndex(state)?.closed(opened);
    // Tokens that the firing held and does not consume after all are free again.
    for (const { place, id } of opened.consumed) {
      const placed = state.places.get(place)?.get(id);
      if (placed) reserve(state, place, placed, null);
    }
  } else if (event.firing) markSeen(state, event);
  endFirings(state, event);
  produce(state, event);
  if (!origin) return;
  for (const { place, id } of origin.left) {
    const placed = state.places.get(place)?.get(id);
    if (placed) placed.origin = origin;
  }
}

const FAILURES: ReadonlySet<string> = new Set(["failed", "expired", "decided"]);

/** What a firing that came to nothing had taken, except what it only swept away; and where a task lay that a person took over. */
function originOf(state: NetState, event: NetEvent, opened: OpenFiring | undefined): Origin | null {
  const taken = text(event, "verb") === "takeover";
  if (!(FAILURES.has(event.type) || taken) || !event.consumed?.length || !event.produced?.length) return null;
  const swept = taken ? 0 : (opened?.swept ?? number(event, "swept") ?? 0);
  const inputs = event.consumed.slice(0, event.consumed.length - swept).flatMap(({ place, id }) => {
    const token = state.places.get(place)?.get(id)?.token;
    return token ? [{ place, token }] : [];
  });
  return { transition: event.transition ?? null, inputs, left: event.produced.map(({ place, token }) => ({ place, id: token.id })) };
}

/** Under it a retry is remembered, beside the keys of `put`; no such key has a colon. */
export function retryKey(token: string): string {
  return `retry:${token}`;
}

function decide(state: NetState, event: NetEvent): void {
  const approve = text(event, "decision") === "approve";
  withFiring(state, event, (firing) => {
    if (!firing.gate) return;
    const comment = text(event, "comment");
    firing.gate.decisions.push({
      id: text(event, "decisionId") ?? "",
      by: text(event, "by") ?? "",
      approve,
      at: event.ts,
      ...(comment === undefined ? {} : { comment }),
    });
    if (approve && event.consumed) exchange(state, event, firing);
    if (event.attributes?.passed === true) {
      firing.gate.passed = true;
      foldAllowed(state, event);
    }
  });
  if (!approve && event.consumed) close(state, event);
}

/** A person has changed the work before it passes: the firing holds the new tokens in the stead of the old. */
function exchange(state: NetState, event: NetEvent, firing: OpenFiring): void {
  const old = (event.consumed ?? []).map(({ id }) => id);
  const made = event.produced ?? [];
  const newIdOf = (id: string) => made[old.indexOf(id)]?.token.id ?? id;
  for (const gone of event.consumed ?? []) remove(state, gone);
  produce(state, event);
  for (const { place, token } of made) {
    const placed = state.places.get(place)?.get(token.id);
    if (placed) reserve(state, place, placed, firing.firing);
  }
  firing.consumed = firing.consumed.map(({ place, id }) => ({ place, id: newIdOf(id) }));
  firing.inputs = Object.fromEntries(Object.entries(firing.inputs).map(([name, ids]) => [name, ids.map(newIdOf)]));
}

function produce(state: NetState, event: NetEvent): void {
  if (!event.produced?.length) return;
  const index = existingIndex(state);
  const since = timeOf(event.ts);
  for (const { place, token } of event.produced) {
    const placed: Placed = { token, reservedBy: null, since };
    tokensOf(state, place).set(token.id, placed);
    countInstance(state, token.instance, 1);
    index?.known(place)?.add(placed, event.seq);
  }
}

function remove(state: NetState, { place, id }: PlacedId): void {
  const tokens = state.places.get(place);
  const gone = tokens?.get(id);
  if (gone) countInstance(state, gone.token.instance, -1);
  tokens?.delete(id);
  existingIndex(state)?.known(place)?.remove(id);
  for (const seen of state.seen.values()) seen.delete(id);
}

/** A preset that consumes nothing fires once for each token: its log of readings is the seen set. */
function markSeen(state: NetState, event: NetEvent): void {
  const bound = (event.consumed?.length ?? 0) - (number(event, "swept") ?? 0);
  if (!event.transition || bound > 0 || event.attributes?.schedule !== undefined) return;
  for (const { id } of event.read ?? []) {
    let seen = state.seen.get(event.transition);
    if (!seen) {
      seen = new Set();
      state.seen.set(event.transition, seen);
    }
    seen.add(id);
  }
}

function remember(state: NetState, event: NetEvent): void {
  rememberPut(state, event, text(event, "put"));
  takeIn(state, event);
}

function rememberPut(state: NetState, event: NetEvent, put: string | undefined): void {
  const at = timeOf(event.ts);
  const first = event.produced?.[0];
  if (put !== undefined && first) {
    // The oldest stand first, also when a key comes back after its time.
    state.puts.delete(put);
    const mark = text(event, "mark");
    state.puts.set(put, { at, id: first.token.id, seq: event.seq, place: first.place, ...(mark === undefined ? {} : { mark }) });
  }
  for (const [key, known] of state.puts) {
    if (at - known.at <= PUT_MEMORY_MS) break;
    state.puts.delete(key);
  }
}

function takeIn(state: NetState, event: NetEvent): void {
  const letter = event.attributes?.letter;
  if (isJsonObject(letter)) takeLetter(state, String(letter.created), Number(letter.seq), Number(letter.low ?? 0));
}

/** `low` is the lowest letter that was still held back then: everything below it is in, or was never there. */
function takeLetter(state: NetState, created: string, seq: number, low: number): void {
  if (state.letter?.created !== created) state.letter = { created, seq: 0, above: new Set() };
  const letter = state.letter;
  letter.above.add(seq);
  letter.seq = Math.max(letter.seq, low - 1);
  while (letter.above.has(letter.seq + 1)) letter.seq += 1;
  for (const taken of letter.above) if (taken <= letter.seq) letter.above.delete(taken);
}

export function letterIsIn(state: NetState, created: string, seq: number): boolean {
  return state.letter?.created === created && (seq <= state.letter.seq || state.letter.above.has(seq));
}

function gateOf(event: NetEvent): GateState {
  const gate = event.attributes?.gate;
  const parts = isJsonObject(gate) ? gate : {};
  return {
    name: String(parts.name ?? event.transition ?? ""),
    approvers: (parts.approvers as string[] | undefined) ?? [],
    quorum: Number(parts.quorum ?? 1),
    expiresAt: typeof parts.expiresAt === "number" ? parts.expiresAt : null,
    notAuthor: parts.notAuthor === true,
    ...(isJsonObject(parts.budget) ? { budget: parts.budget } : {}),
    ...(isJsonObject(parts.crystal) ? { crystal: parts.crystal } : {}),
    decisions: [],
    passed: false,
  };
}

function inputsOf(event: NetEvent): Record<string, string[]> {
  const inputs = event.attributes?.inputs;
  return isJsonObject(inputs) ? (inputs as Record<string, string[]>) : {};
}

function withFiring(state: NetState, event: NetEvent, change: (firing: OpenFiring) => void): void {
  const firing = event.firing === undefined ? undefined : state.firings.get(event.firing);
  if (!firing) return;
  change(firing);
  existingIndex(state)?.firing(firing);
}
function attribute(event: NetEvent, name: string): Json | undefined {
  return event.attributes?.[name];
}
function text(event: NetEvent, name: string): string | undefined {
  const value = attribute(event, name);
  return typeof value === "string" ? value : undefined;
}
function number(event: NetEvent, name: string): number | undefined {
  const value = attribute(event, name);
  return typeof value === "number" ? value : undefined;
}

/** The tokens that a firing holds or has read, by input name. */
export function inputTokens(state: NetState, firing: OpenFiring): Record<string, { place: string; token: Token }[]> {
  const where = new Map<string, string>([...firing.consumed, ...firing.read].map(({ place, id }) => [id, place]));
  const remembered = new Map(firing.readTokens.map((token) => [token.id, token]));
  const inputs: Record<string, { place: string; token: Token }[]> = {};
  for (const [name, ids] of Object.entries(firing.inputs)) {
    inputs[name] = ids.flatMap((id) => {
      const place = where.get(id) ?? "";
      const token = state.places.get(place)?.get(id)?.token ?? remembered.get(id);
      return token ? [{ place, token }] : [];
    });
  }
  return inputs;
}
