/**
 * Answers of the model that the rule gives nowhere. One that comes again, in place of whatever the rule says, is a rare case that it does not
 * know. Not so many different ones that each says nothing, nor a slip that makes something else of each answer: the name of a city for that
 * of a person, capitals for small letters.
 */
import { canonicalJson, type Json, type JsonObject } from "../contract/json.ts";
import { differences } from "../net/rule/agree.ts";
import { readPointer } from "../net/rule/pointer.ts";
import { printValue } from "../net/rule/print-condition.ts";
import { occurrencesOf } from "./anchors.ts";

/** An input that the rule claimed: what the rule gave and what the model gave. */
export interface Claimed {
  input: JsonObject;
  given: Json;
  wanted: Json;
  agreed: boolean;
}

/** A field with more different answers than this is no choice among a few. */
const FEW = 60;
/** So many different ones that each come in place of one other answer, or that are each another part of the input, are of a slip. */
const MANY_MADE = 6;
const MANY_TAKEN = 4;
const MOST_TOLD = 3;

interface Strange {
  path: string;
  value: Json | undefined;
  count: number;
  /** What the rule gives there. */
  instead: Set<string>;
  /** It stands in the input, each time. */
  isTaken: boolean;
}

export function strangeAnswers(claims: readonly Claimed[]): string[] {
  const strange = [...strangeIn(claims).values()];
  return [...new Set(strange.map(({ path }) => path))].flatMap((path) => {
    const known = new Set(claims.map(({ given }) => canonicalJson(readPointer(given, path))));
    if (known.size > FEW) return [];
    const there = strange.filter((one) => one.path === path && !known.has(canonicalJson(one.value)));
    const slips = slipsAmong(there);
    const repeated = there.filter((one) => one.count > 1 && !slips.has(one));
    // Once is enough, unless the model makes up so many.
    const told = repeated.length > 0 ? repeated : there.length < 3 ? there : [];
    return told.slice(0, MOST_TOLD).map(inWords);
  });
}

function strangeIn(claims: readonly Claimed[]): Map<string, Strange> {
  const strange = new Map<string, Strange>();
  for (const { input, given, wanted, agreed } of claims) {
    if (agreed) continue;
    for (const path of differences(given, wanted)) {
      const value = readPointer(wanted, path);
      const key = `${path}\n${canonicalJson(value)}`;
      const known = strange.get(key) ?? { path, value, count: 0, instead: new Set(), isTaken: true };
      known.count += 1;
      known.instead.add(canonicalJson(readPointer(given, path)));
      known.isTaken &&= standsIn(input, value);
      strange.set(key, known);
    }
  }
  return strange;
}

function slipsAmong(strange: readonly Strange[]): Set<Strange> {
  const made = strange.filter(({ instead }) => instead.size === 1);
  const taken = strange.filter(({ isTaken }) => isTaken);
  const isMade = new Set(made.flatMap(({ instead }) => [...instead])).size >= MANY_MADE;
  return new Set([...(isMade ? made : []), ...(taken.length >= MANY_TAKEN ? taken : [])]);
}

function standsIn(input: JsonObject, value: Json | undefined): boolean {
  if (typeof value !== "string" && typeof value !== "number") return false;
  const looked = (part: Json): boolean => {
    if (part === value) return true;
    if (typeof part === "string") return occurrencesOf(part, value).length > 0;
    return typeof part === "object" && part !== null && Object.values(part).some(looked);
  };
  return looked(input);
}

function inWords({ path, value, count }: Strange): string {
  const what = value === undefined ? "no value" : printValue(value);
  const where = path === "" ? "" : ` for ${path.slice(1)}`;
  return `the model answered ${what}${where} ${count === 1 ? "once" : `${count} times`} where the rule never does: a rare case that it does not know`;
}
