/**
 * Lessons: what a persona keeps for later work. Each is a token in the place that the persona file names under `memory`: its data has a
 * text in `lesson`, and may have `tags` and the time when it `expires`. Tokens that a net puts there by its arcs count like any other.
 */

import { isJsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import { RankedText } from "./ranked-text.ts";

export interface Lesson {
  id: string;
  text: string;
  tags: string[];
  at: string;
  by: string;
  /** ISO time from which it is forgotten, or null. */
  expires: string | null;
  /** Of a recall: higher fits better. */
  score?: number;
}

/** How long a lesson holds that does not say. */
export const LESSON_DAYS = 30;
export const DAY_MS = 24 * 3_600_000;
/** So many lessons join a prompt at most. */
export const RECALLED = 5;

/** Null for a token that is no lesson. */
export function lessonOf(token: Token): Lesson | null {
  const { data } = token;
  if (!isJsonObject(data) || typeof data.lesson !== "string") return null;
  const tags = Array.isArray(data.tags) ? data.tags.filter((tag) => typeof tag === "string") : [];
  const given = typeof data.expires === "string" ? Date.parse(data.expires) : Number.NaN;
  const expires = new Date(Number.isNaN(given) ? Date.parse(token.at) + LESSON_DAYS * DAY_MS : given).toISOString();
  return { id: token.id, text: data.lesson, tags: tags as string[], at: token.at, by: token.by, expires };
}

export function isOver({ expires }: Lesson, now: number): boolean {
  return expires !== null && Date.parse(expires) <= now;
}

/** Those that share words with the query, the best first; among equals the newest. */
export function recallLessons(lessons: readonly Lesson[], query: string, limit: number): Lesson[] {
  const newest = [...lessons].sort((a, b) => (a.at < b.at ? 1 : -1));
  const byId = new Map(newest.map((lesson) => [lesson.id, lesson]));
  const ranked = new RankedText(newest.map(({ id, text, tags }) => ({ id, text: `${tags.join(" ")} ${text}` })));
  return ranked.find(query, limit).flatMap(({ id, score }) => {
    const lesson = byId.get(id);
    return lesson ? [{ ...lesson, score }] : [];
  });
}
