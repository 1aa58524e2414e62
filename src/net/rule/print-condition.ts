/** Conditions in words close to ArcQL, for people. */
import type { Json } from "../../contract/json.ts";
import type { Condition } from "./condition.ts";
import { printPointer } from "./pointer.ts";
import { rebasedCondition } from "./rebase.ts";
import { printTerm } from "./term.ts";

const MOST_SHOWN = 8;
const MOST_WORDS = 30;

export function printValue(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function printValues(values: Json[]): string {
  const shown = values.slice(0, MOST_SHOWN).map(printValue).join(", ");
  return values.length > MOST_SHOWN ? `[${shown}, and ${values.length - MOST_SHOWN} more]` : `[${shown}]`;
}

/** Words of one text, where nothing else is looked for. */
function printWords([first, ...more]: Condition[]): string | null {
  if (first?.test !== "word" || more.length === 0) return null;
  const others = more.flatMap((one) => (one.test === "word" && one.path === first.path ? [one.word] : []));
  if (others.length < more.length) return null;
  const words = [first.word, ...others].map(printValue);
  const left = words.length > MOST_WORDS ? words.length - MOST_SHOWN : 0;
  const shown = left > 0 ? `${words.slice(0, MOST_SHOWN).join(", ")}, and ${left} more` : words.join(", ");
  return `${printPointer(first.path)} has one of the words ${shown}`;
}

export function printCondition(condition: Condition): string {
  switch (condition.test) {
    case "equal":
      return `${printTerm(condition)} == ${printValue(condition.value)}`;
    case "in":
      return `${printTerm(condition)} IN ${printValues(condition.values)}`;
    case "range":
      return printRange(condition);
    case "present":
      return `EXISTS ${printPointer(condition.path)}`;
    case "type":
      return `${printPointer(condition.path)} is ${condition.is.join(" or ")}`;
    case "word":
      return `${printPointer(condition.path)} has the word ${printValue(condition.word)}`;
    case "contains":
    case "starts":
    case "ends":
      return `${printPointer(condition.path)} ${condition.test === "contains" ? "contains" : `${condition.test} with`} ${printValue(condition.text)}`;
    case "matches":
      return `${printPointer(condition.path)} matches ${condition.pattern}`;
    case "characters": {
      const also = condition.also ? [JSON.stringify(condition.also)] : [];
      return `${printPointer(condition.path)} is made of ${[...condition.kinds, ...also].join(", ")}`;
    }
    case "known":
      return `${printPointer(condition.path)} has at least ${Math.round(condition.share * 100)} % of its words among ${condition.words.length} that are known`;
    case "has":
      return `${printPointer(condition.path)} CONTAINS ${printValue(condition.value)}`;
    case "each":
      return `each of ${printPointer(condition.path)}: ${condition.conditions.map(printOfElement).join(" and ")}`;
    case "decimals":
      return `${printPointer(condition.path)} has ${condition.most === 0 ? "no" : `at most ${condition.most}`} decimals`;
    case "same":
      return `${printPointer(condition.path)} == ${printPointer(condition.than)}`;
    case "less":
      return `${printPointer(condition.path)} < ${printPointer(condition.than)}`;
    case "fields":
      return `${printPointer(condition.path)} has the fields ${[...condition.required, ...condition.optional.map((name) => `${name}?`)].join(", ")}`;
    case "not":
      return `not (${printCondition(condition.condition)})`;
    case "any":
      return printWords(condition.conditions) ?? condition.conditions.map((one) => `(${printCondition(one)})`).join(" or ");
  }
}

/** Why an input is outside: what the condition that does not hold says, the other way round. */
export const printOpposite = (condition: Condition): string =>
  condition.test === "not" ? printCondition(condition.condition) : `not ${printCondition(condition)}`;

const printOfElement = (condition: Condition): string => printCondition(rebasedCondition(condition, (path) => `/it${path}`));

function printRange(condition: Condition & { test: "range" }): string {
  const { atLeast, atMost, above, below } = condition;
  const term = printTerm(condition);
  if (atLeast !== undefined && atLeast === atMost) return `${term} == ${atLeast}`;
  const left = atLeast !== undefined ? `${atLeast} <= ` : above !== undefined ? `${above} < ` : "";
  const right = atMost !== undefined ? ` <= ${atMost}` : below !== undefined ? ` < ${below}` : "";
  if (left !== "" && right === "") return atLeast !== undefined ? `${term} >= ${atLeast}` : `${term} > ${above}`;
  return `${left}${term}${right}`;
}
