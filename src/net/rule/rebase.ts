/** The same answer or condition over an input that stands elsewhere: every path in it goes through `move`. */
import type { Answer, Slot } from "./answer.ts";
import type { Condition } from "./condition.ts";

type Move = (pointer: string) => string;

export function rebasedAnswer(answer: Answer, move: Move): Answer {
  const again = (one: Answer): Answer => rebasedAnswer(one, move);
  const moved = <T extends { path: string }>(one: T): T => ({ ...one, path: move(one.path) });
  const conditions = (all: Condition[]) => all.map((one) => rebasedCondition(one, move));
  switch (answer.kind) {
    case "copy":
    case "extract":
      return moved(answer);
    case "text":
      return { ...answer, parts: answer.parts.map((part) => partOf(part, again, moved)) };
    case "table":
      return { ...answer, keys: answer.keys.map(moved) };
    case "cases": {
      const rest = answer.else === undefined ? {} : { else: again(answer.else) };
      return { ...answer, cases: answer.cases.map((one) => ({ ...one, if: conditions(one.if), give: again(one.give) })), ...rest };
    }
    case "split":
      return { ...answer, if: rebasedCondition(answer.if, move), yes: again(answer.yes), no: again(answer.no) };
    case "object":
      return { ...answer, fields: Object.fromEntries(Object.entries(answer.fields).map(([name, field]) => [name, again(field)])) };
    case "list":
      return { ...answer, items: answer.items.map(again) };
    default:
      return answer;
  }
}

function partOf(part: string | Slot | Answer, again: (one: Answer) => Answer, moved: (one: Slot) => Slot): string | Slot | Answer {
  if (typeof part === "string") return part;
  return "kind" in part ? again(part) : moved(part);
}

export function rebasedCondition(condition: Condition, move: Move): Condition {
  if (condition.test === "not") return { ...condition, condition: rebasedCondition(condition.condition, move) };
  if (condition.test === "any") return { ...condition, conditions: condition.conditions.map((one) => rebasedCondition(one, move)) };
  const moved = { ...condition, path: move(condition.path) };
  return moved.test === "same" || moved.test === "less" ? { ...moved, than: move(moved.than) } : moved;
}
