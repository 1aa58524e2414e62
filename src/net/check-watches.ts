/** Inhibit and reset arcs: they bind no token, so they have no name and only few of an arc's fields. */
import { inputsOf } from "./check-inputs.ts";
import { checkExpression } from "./check-names.ts";
import { elementOf, type Finding, failure } from "./check-problem.ts";
import type { InputArc, Transition } from "./definition.ts";
import type { JsonPath } from "./locate.ts";

const NOT_FOR: Record<"inhibit" | "reset", readonly ("as" | "orderBy" | "take" | "batch" | "gather")[]> = {
  inhibit: ["as", "orderBy", "batch", "gather"],
  reset: ["as", "orderBy", "take", "batch", "gather"],
};
const WHY: Record<string, string> = {
  as: "it binds no token, so nothing goes by that name",
  orderBy: "it only counts or empties, in no order",
  take: "it takes whatever is there",
  batch: "it binds no token",
  gather: "it binds no token",
};

export function watchFindings(transition: Transition, path: JsonPath): Finding[] {
  const names = { inputs: inputsOf(transition), special: ["$"], later: [] };
  return transition.in.flatMap((arc, index) => {
    if (arc.mode !== "inhibit" && arc.mode !== "reset") return [];
    const at = [...path, "in", index];
    const where = arc.where === undefined ? [] : checkExpression(arc.where, [...at, "where"], names);
    return [...fieldFindings(arc, arc.mode, at), ...where];
  });
}

function fieldFindings(arc: InputArc, mode: "inhibit" | "reset", path: JsonPath): Finding[] {
  const found = NOT_FOR[mode]
    .filter((field) => arc[field] !== undefined)
    .map((field) =>
      failure(
        "field-of-mode",
        [...path, field],
        `${elementOf(path)}: "${mode}" knows no "${field}": ${WHY[field]}`,
        `remove "${field}"`,
        "key",
      ),
    );
  if (mode === "reset" || arc.take === undefined || typeof arc.take === "number") return found;
  const hint = "say from how many tokens on it forbids the firing, like 3";
  return [...found, failure("bad-take", [...path, "take"], `${elementOf(path)}: "inhibit" takes a plain number as its "take"`, hint)];
}
