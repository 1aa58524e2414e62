/** Which part of a rule answers an input: its branch, its case, the answer of its table's row. Audits and drift are kept for each part. */
import { hashJson } from "../../contract/hash.ts";
import { canonicalJson, type Json, type JsonObject } from "../../contract/json.ts";
import type { Answer } from "./answer.ts";
import { holds } from "./condition.ts";
import { nearLimit } from "./limits.ts";
import type { Rule } from "./rule.ts";
import { readTerm } from "./term.ts";

const LONGEST = 16;

/** The same for all inputs that go the same way through the rule, or lie on the same side of a limit of it, near to that; short. */
export function regionOf(rule: Rule, input: JsonObject): string {
  const near = nearLimit(rule.limits ?? [], rule.answer, input);
  if (near !== null) return near;
  const way = wayOf(rule.answer, input);
  return way.length <= LONGEST ? way : hashJson(way).slice(0, 12);
}

function wayOf(answer: Answer, input: Json): string {
  switch (answer.kind) {
    case "cases": {
      const at = answer.cases.findIndex((one) => one.if.every((condition) => holds(condition, input)));
      const hit = answer.cases[at]?.give ?? answer.else;
      return `${at}${hit ? wayOf(hit, input) : ""}`;
    }
    case "split":
      return holds(answer.if, input) ? `y${wayOf(answer.yes, input)}` : `n${wayOf(answer.no, input)}`;
    case "table": {
      const key = canonicalJson(answer.keys.map((term) => readTerm(input, term)));
      const row = answer.rows.find(({ when }) => canonicalJson(when) === key);
      return row ? `=${canonicalJson(row.give)}` : "";
    }
    case "object":
      return Object.values(answer.fields)
        .map((field) => wayOf(field, input))
        .filter((way) => way !== "")
        .join("/");
    default:
      return "";
  }
}
