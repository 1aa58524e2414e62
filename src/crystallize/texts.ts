/**
 * Templates of text: fixed pieces and slots that hold input values through short chains, found by tiling the text of a few examples
 * with what their inputs can give (after Gulwani, "Automating string processing in spreadsheets using input-output examples", POPL 2011,
 * with far fewer functions).
 */
import type { Answer, Slot } from "../net/rule/answer.ts";
import { evaluateAnswer } from "../net/rule/answer.ts";
import { chainsFor } from "./chains.ts";
import { type Explained, withoutTwins } from "./copies.ts";
import { type Candidate, makesSame, type Task } from "./task.ts";

type TextAnswer = Answer & { kind: "text" };
/** A slot that several places could fill, in the example that it was found in. */
type Piece = string | Slot[];

/** Examples that templates are sought in, and rows that are looked at for one that no template explains yet. */
const SEEDS = 24;
const LOOKED_AT = 400;
const MOST_ALTERNATIVES = 4;
const LONGEST = 4000;
const MOST_TEXTS = 12;

export function learnTexts(task: Task): Candidate[] {
  return textsOf(task)
    .slice(0, 2)
    .map(({ made }) => ({ learner: "text", answer: made }));
}

export function textsOf(task: Task): Explained<TextAnswer>[] {
  const found = new Map<string, Explained<TextAnswer>>();
  let seeds = 0;
  for (const row of spreadRows(task)) {
    const target = task.targets[row];
    if (typeof target !== "string" || target === "") continue;
    // One that is explained already has nothing new to show.
    if ([...found.values()].some(({ rows, count }) => count > 1 && rows[row] === 1)) continue;
    seeds += 1;
    if (seeds > SEEDS) break;
    const pieces = tile(target, fragmentsOf(task, row));
    if (pieces.length < 2 || !pieces.some((piece) => typeof piece !== "string")) continue;
    const best = resolved(pieces, task);
    found.set(JSON.stringify(best.made), best);
  }
  const sorted = [...found.values()].filter(({ count }) => count >= 2).sort((one, other) => other.count - one.count);
  return withoutTwins(sorted).slice(0, MOST_TEXTS);
}

/** Spread over the whole past, so that no stretch of it decides alone. */
function spreadRows({ targets }: Task): number[] {
  const texts = targets.flatMap((target, row) => (typeof target === "string" ? [row] : []));
  const step = Math.max(1, texts.length / LOOKED_AT);
  return Array.from({ length: Math.min(LOOKED_AT, texts.length) }, (_, at) => texts[Math.floor(at * step)] ?? 0);
}

/** Texts that the row's input can give, longest first, each with the slots that give it. */
function fragmentsOf(task: Task, row: number): [string, Slot[]][] {
  const fragments = new Map<string, Slot[]>();
  for (const { path, values } of task.columns.fields) {
    const value = values[row];
    if (value === undefined || value === null || typeof value === "boolean") continue;
    for (const { change, made } of chainsFor(value)) {
      if (typeof made !== "string" && typeof made !== "number") continue;
      const text = String(made);
      if (text.length > LONGEST || !/[\p{L}\p{N}]/u.test(text)) continue;
      const slots = fragments.get(text) ?? [];
      fragments.set(text, slots);
      if (slots.length < MOST_ALTERNATIVES) slots.push(change.length === 0 ? { path } : { path, change });
    }
  }
  return [...fragments].sort(([one], [other]) => other.length - one.length || (one < other ? -1 : 1));
}

const isWordAt = (text: string, at: number): boolean => at >= 0 && at < text.length && /[\p{L}\p{N}]/u.test(text.charAt(at));

/** The longest fragment at each place, where it does not begin or end inside a word. */
function tile(text: string, fragments: [string, Slot[]][]): Piece[] {
  const pieces: Piece[] = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const hit = fragments.find(([fragment]) => text.startsWith(fragment, at) && isWhole(text, at, fragment.length));
    if (!hit) {
      plain += text.charAt(at);
      at += 1;
      continue;
    }
    if (plain !== "") pieces.push(plain);
    plain = "";
    pieces.push(hit[1]);
    at += hit[0].length;
  }
  if (plain !== "") pieces.push(plain);
  return pieces;
}

function isWhole(text: string, at: number, length: number): boolean {
  const begins = !(isWordAt(text, at - 1) && isWordAt(text, at));
  return begins && !(isWordAt(text, at + length - 1) && isWordAt(text, at + length));
}

/** Slot by slot, the alternative that explains most examples. */
function resolved(pieces: Piece[], task: Task): Explained<TextAnswer> {
  const chosen = pieces.map((piece) => (typeof piece === "string" ? piece : (piece[0] ?? "")));
  let best = explained(chosen, task);
  for (const [at, piece] of pieces.entries()) {
    if (typeof piece === "string") continue;
    for (const other of piece.slice(1)) {
      const tried = explained(chosen.with(at, other), task);
      if (tried.count <= best.count) continue;
      best = tried;
      chosen[at] = other;
    }
  }
  return best;
}

function explained(parts: (string | Slot)[], task: Task): Explained<TextAnswer> {
  const made: TextAnswer = { kind: "text", parts: [...parts] };
  const rows = Uint8Array.from(task.targets, (target, row) => {
    if (typeof target !== "string") return 0;
    const answered = evaluateAnswer(made, task.inputs[row] ?? {});
    return Number(answered.ok && makesSame(task.equality, answered.value, target));
  });
  return { made, rows, count: rows.reduce((sum, one) => sum + one, 0) };
}
