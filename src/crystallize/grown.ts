/**
 * The rule that answers, with what has come since in its tables. While a rule answers, the model is asked about little else than what that leaves
 * to it: mostly values that are rare or new. From these alone a table is not always found again, and what is found knows fewer rows; but a row
 * needs no other row. So a later rule may be the old one, whose tables have the rows that by now have their examples, and have not those that
 * these speak against.
 */
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { type Equality, fieldEqualities } from "../net/rule/agree.ts";
import type { Answer } from "../net/rule/answer.ts";
import { holds } from "../net/rule/condition.ts";
import { partsOf } from "../net/rule/reads.ts";
import { isProgram, type Rule } from "../net/rule/rule.ts";
import type { Example } from "./example.ts";
import { guardOf } from "./guards.ts";
import { represented } from "./represented.ts";
import { grownTable } from "./tables.ts";

/** Examples as a part of the answer sees them. */
interface Lessons {
  inputs: readonly JsonObject[];
  targets: readonly (Json | undefined)[];
  equality: Equality;
}

/** Whether a rule has tables. */
export const mayGrow = ({ answer }: Rule): boolean => hasTable(answer);
const hasTable = (answer: Answer): boolean => answer.kind === "table" || partsOf(answer).some(hasTable);

/** The rule itself where the examples change none of its tables. */
export function grownRule(rule: Rule, examples: readonly Example[], equality: Equality): Rule {
  if (isProgram(rule)) return rule;
  const inputs = examples.map(({ input }) => input);
  const answer = grown(rule.answer, { inputs, targets: examples.map(({ output }) => output), equality });
  return answer === rule.answer ? rule : { guard: guardOf(answer, inputs), answer };
}

function grown(answer: Answer, lessons: Lessons): Answer {
  switch (answer.kind) {
    case "table":
      return grownTable(answer, { ...lessons, written: represented(lessons.targets, lessons.equality) });
    case "object":
      return ofFields(answer, lessons);
    case "split": {
      const [met, rest] = parted(lessons, (input) => holds(answer.if, input));
      const [yes, no] = [grown(answer.yes, met), grown(answer.no, rest)];
      return yes === answer.yes && no === answer.no ? answer : { ...answer, yes, no };
    }
    case "cases":
      return ofCases(answer, lessons);
    default:
      return answer;
  }
}

function ofFields(answer: Answer & { kind: "object" }, { inputs, targets, equality }: Lessons): Answer {
  const equalities = fieldEqualities(equality, Object.keys(answer.fields));
  let changed = false;
  const fields = Object.entries(answer.fields).map(([name, field]): [string, Answer] => {
    const own = equalities.get(name) ?? null;
    const values = targets.map((target) => (isJsonObject(target) && Object.hasOwn(target, name) ? target[name] : undefined));
    // What does not count teaches nothing.
    const made = own === null ? field : grown(field, { inputs, targets: values, equality: own });
    if (made !== field) changed = true;
    return [name, made];
  });
  return changed ? { ...answer, fields: Object.fromEntries(fields) } : answer;
}

function ofCases(answer: Answer & { kind: "cases" }, lessons: Lessons): Answer {
  let [left, changed] = [lessons, false];
  const cases = answer.cases.map((one) => {
    const [met, rest] = parted(left, (input) => one.if.every((condition) => holds(condition, input)));
    left = rest;
    const give = grown(one.give, met);
    if (give === one.give) return one;
    changed = true;
    return { ...one, give };
  });
  const last = answer.else && grown(answer.else, left);
  return changed || last !== answer.else ? { ...answer, cases, ...(last ? { else: last } : {}) } : answer;
}

function parted({ inputs, targets, equality }: Lessons, meets: (input: JsonObject) => boolean): [Lessons, Lessons] {
  const part = (met: boolean): Lessons => {
    const rows = Array.from(inputs.keys()).filter((row) => meets(inputs[row] ?? {}) === met);
    return { inputs: rows.map((row) => inputs[row] ?? {}), targets: rows.map((row) => targets[row]), equality };
  };
  return [part(true), part(false)];
}
