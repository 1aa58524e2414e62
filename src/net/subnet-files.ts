/** Sub-nets that stand in files of their own: read, checked, and set in where their name stands. */
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { finding, type Problem, problemsIn } from "./check-problem.ts";
import type { LocatedJson } from "./locate.ts";

/** Finds a file by its path as another file names it; null where there is none. */
export type ReadFile = (path: string, from: string) => { file: string; text: string } | null;

/** Checks the text of a file that another one names; its definition is null if it has an error. */
export type CheckFile = (text: string, file: string) => { definition: JsonObject | null; problems: Problem[] };

export interface Resolved {
  value: Json;
  problems: Problem[];
  /** Ways to the sub-nets that were read, joined with dots: they have been checked where they stand. */
  read: Set<string>;
}

/** `chain` holds the files that led here. */
export function readSubnets(source: LocatedJson, read: ReadFile, chain: readonly string[], check: CheckFile): Resolved {
  const problems: Problem[] = [];
  const known = new Set<string>();
  const fail = (code: string, path: string[], message: string, hint: string) =>
    problems.push(...problemsIn([finding("error", code, path, message, hint)], source));
  const level = (value: Json, path: string[]): Json => {
    if (!isJsonObject(value) || !isJsonObject(value.subnets)) return value;
    const subnets = Object.entries(value.subnets).map(([name, subnet]): [string, Json] => [
      name,
      one(subnet, [...path, "subnets", name], name),
    ]);
    return { ...value, subnets: Object.fromEntries(subnets) };
  };
  const one = (subnet: Json, path: string[], name: string): Json => {
    if (!isJsonObject(subnet) || typeof subnet.file !== "string") return level(subnet, path);
    const at = [...path, "file"];
    const extra = Object.keys(subnet).filter((field) => field !== "file" && field !== "log" && field !== "title");
    if (extra.length > 0) {
      fail("file-and-more", at, `sub-net "${name}" names a file and declares ${extra.join(", ")} too`, "keep one of them");
      return subnet;
    }
    const found = read(subnet.file, source.file);
    if (!found) {
      fail("no-such-file", at, `sub-net "${name}": there is no file ${subnet.file}`, "its path begins at this file's folder");
      return subnet;
    }
    if (chain.includes(found.file)) {
      const way = [...chain.slice(chain.indexOf(found.file)), found.file].join(" > ");
      fail("subnet-cycle", at, `sub-net "${name}" stands inside itself: ${way}`, "a net cannot hold itself; link to it instead");
      return subnet;
    }
    const checked = check(found.text, found.file);
    problems.push(...checked.problems);
    known.add(path.join("."));
    const { $schema: _, net: __, parent: ___, ...parts } = checked.definition ?? {};
    const { file: ____, ...said } = subnet;
    return { ...parts, ...said };
  };
  return { value: level(source.value, []), problems, read: known };
}
