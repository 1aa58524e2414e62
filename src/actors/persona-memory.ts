/**
 * A persona's memory: lessons as tokens in the place that its file names, where the net declares that place.
 *
 * M1 The handle reaches this one place, and a lesson of another author is not forgotten by it. M2 A lesson is an event in the log before
 * the tool answers, once for each step of a firing. M3 What is over is recalled by nobody, and taken away when the memory is next used.
 */
import { isoTime } from "../contract/clock.ts";
import { Cancelled, Refused, Retryable, Terminal } from "../contract/errors.ts";
import type { EventDraft, PlacedId } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import type { Token } from "../contract/token.ts";
import { placeOf } from "../net/compiled-net.ts";
import { roomIn } from "../net/decide.ts";
import { schemaProblem } from "../net/place-schema.ts";
import { DAY_MS, isOver, LESSON_DAYS, type Lesson, lessonOf, recallLessons } from "../personas/lessons.ts";
import type { Persona } from "../personas/persona-schema.ts";
import type { Term } from "./term/term.ts";

export interface PersonaMemory {
  readonly place: string;
  recall(query: string, limit: number): Promise<Lesson[]>;
  list(limit: number): Promise<{ lessons: Lesson[]; total: number }>;
  /** Errors: Retryable `place-full`, Terminal `schema`. */
  write(lesson: { text: string; tags: string[]; days: number | null }, call: string): Promise<{ id: string }>;
  /** Errors: Refused `lesson-not-own`, `token-reserved`. */
  forget(id: string): Promise<{ forgotten: boolean }>;
}

export interface MemoryUser {
  firing: string;
  attempt: number;
}

/** Null for a persona without a memory, and in a net that does not declare its place. */
export function personaMemory(term: Term, user: MemoryUser, persona: Pick<Persona, "persona" | "memory">): PersonaMemory | null {
  const place = persona.memory;
  if (place === undefined || !term.net || !placeOf(term.net, place)) return null;
  const lessons = () => lessonsIn(term, place);
  return Object.freeze({
    place,
    recall: async (query: string, limit: number) => {
      sweep(term, place, persona.persona); // M3
      return recallLessons(lessons(), query, limit);
    },
    list: async (limit: number) => {
      sweep(term, place, persona.persona);
      const all = lessons().sort((a, b) => (a.at < b.at ? 1 : -1));
      return { lessons: all.slice(0, limit), total: all.length };
    },
    write: async (lesson, call) => {
      sweep(term, place, persona.persona);
      return write(term, user, place, persona.persona, lesson, call);
    },
    forget: async (id: string) => forget(term, place, persona.persona, id),
  } satisfies PersonaMemory);
}

function lessonsIn(term: Term, place: string): Lesson[] {
  const now = term.ports.clock.now();
  return [...(term.state.places.get(place)?.values() ?? [])].flatMap(({ token }) => {
    const lesson = lessonOf(token);
    return lesson && !isOver(lesson, now) ? [lesson] : [];
  });
}

async function write(
  term: Term,
  user: MemoryUser,
  place: string,
  persona: string,
  { text, tags, days }: { text: string; tags: string[]; days: number | null },
  call: string,
): Promise<{ id: string }> {
  const { state, net, ports } = term;
  const firing = state.firings.get(user.firing);
  if (!firing || firing.attempt !== user.attempt || !net) throw new Cancelled({ code: "attempt-over", message: "this attempt is over" });
  const id = derivedId("t-", state.net, "lesson", user.firing, call);
  if (state.places.get(place)?.has(id)) return term.loop.caughtUp().then(() => ({ id })); // M2
  const now = ports.clock.now();
  const token: Token = {
    id,
    data: { lesson: text, ...(tags.length > 0 ? { tags } : {}), expires: isoTime(now + (days ?? LESSON_DAYS) * DAY_MS) },
    from: {
      net: state.net,
      transition: firing.transition,
      firing: user.firing,
      tokens: [...firing.consumed, ...firing.read].map((one) => one.id),
    },
    by: persona,
    at: isoTime(now),
    correlation: firing.correlation,
    v: 1,
  };
  const schema = placeOf(net, place)?.schema;
  const problem = schema ? schemaProblem(schema, token.data) : null;
  if (problem) throw new Terminal({ code: "schema", message: `the lesson does not meet the schema of ${place}: ${problem}` });
  if (roomIn(state, net, place) <= 0)
    throw new Retryable({ code: "place-full", message: `the memory ${place} is full`, hint: "forget a lesson first" });
  await term.commit(
    draftOf({
      persona,
      verb: "remember",
      produced: [{ place, token }],
      summary: `${persona} learned: ${text.slice(0, 200)}`,
      correlation: firing.correlation,
    }),
  );
  return { id };
}

async function forget(term: Term, place: string, persona: string, id: string): Promise<{ forgotten: boolean }> {
  const placed = term.state.places.get(place)?.get(id);
  if (!placed || !lessonOf(placed.token)) return { forgotten: false };
  if (placed.token.by !== persona) throw new Refused({ code: "lesson-not-own", message: `${id} is a lesson of ${placed.token.by}` }); // M1
  if (placed.reservedBy !== null) throw new Refused({ code: "token-reserved", message: `the firing ${placed.reservedBy} holds ${id}` });
  const summary = `${persona} forgot a lesson of ${placed.token.at.slice(0, 10)}.`;
  await term.commit(draftOf({ persona, verb: "forget", consumed: [{ place, id }], summary, correlation: placed.token.correlation }));
  return { forgotten: true };
}

/** M3. */
function sweep(term: Term, place: string, persona: string): void {
  const now = term.ports.clock.now();
  const consumed = [...(term.state.places.get(place)?.values() ?? [])].flatMap(({ token, reservedBy }): PlacedId[] => {
    const lesson = lessonOf(token);
    return lesson && reservedBy === null && isOver(lesson, now) ? [{ place, id: token.id }] : [];
  });
  if (consumed.length === 0) return;
  const summary = consumed.length === 1 ? `A lesson in ${place} is over.` : `${consumed.length} lessons in ${place} are over.`;
  term.commit(draftOf({ persona, verb: "expire", consumed, summary })).catch(() => {});
}

/** Without a firing in its own field: an event that has one there ends it. */
function draftOf(
  parts: Pick<EventDraft, "consumed" | "produced" | "summary" | "correlation"> & { persona: string; verb: string },
): EventDraft {
  const { persona, verb, ...rest } = parts;
  return { category: "token", type: "intervened", status: "info", persona, ...rest, attributes: { by: persona, verb } };
}
