/** What is wrong with the input that a net file gives a hand, as far as it stands there: what templates bring is left out. */
import type { z } from "zod";
import type { Json, JsonObject } from "../contract/json.ts";
import type { HandFaults } from "../net/check-hand.ts";
import { jsonataFault } from "./expressions/jsonata-syntax.ts";
import { handCards } from "./hand-cards.ts";
import { isZod } from "./hand-input.ts";

export const handFaults: HandFaults = {
  names: (mode) => [...handCards.values()].filter((card) => card.mode === mode).map(({ name }) => name),
  faults: (hand, input) => {
    const schema = handCards.get(hand)?.input;
    if (!schema || !isZod(schema)) return [];
    const parsed = schema.safeParse(input);
    return parsed.success ? [] : parsed.error.issues.flatMap((issue) => faultOf(issue, input));
  },
};

/** What another room knows about net files: for `checkNetFile` and `checkNet`. */
export const netChecks = { jsonataFault, handFaults };

function faultOf(issue: z.core.$ZodIssue, input: JsonObject): ReturnType<HandFaults["faults"]> {
  const path = issue.path.filter((part): part is string | number => typeof part !== "symbol");
  const name = path.length > 0 ? `"${path.join(".")}"` : "input";
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `an unknown field "${[...path, key].join(".")}"`,
      inTemplate: false,
    }));
  const found = valueAt(input, path);
  const missing = found === undefined;
  return [
    {
      path: missing ? path.slice(0, -1) : path,
      message: missing ? `no ${name}` : `a wrong ${name}: ${issue.message}`,
      inTemplate: hasTemplate(found),
    },
  ];
}

function valueAt(value: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined = value;
  for (const part of path) {
    // What lies below a template is the template's.
    if (typeof at === "string" && hasTemplate(at)) return at;
    at = typeof at === "object" && at !== null ? (at as { [key: string | number]: Json | undefined })[part] : undefined;
  }
  return at;
}

function hasTemplate(value: Json | undefined): boolean {
  if (typeof value === "string") return value.includes("${");
  return typeof value === "object" && value !== null && Object.values(value).some(hasTemplate);
}
