/** The checker of net files: everything that can be known to be wrong before a net runs, each with its place in the file. */
import { PetrelError } from "../contract/errors.ts";
import { isName, NAME_RULE } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import { policyFindings } from "./check-crystal-policy.ts";
import { findingsOf } from "./check-issues.ts";
import { placeFindings } from "./check-places.ts";
import { type Finding, failure, type Problem, problemOf, problemsIn } from "./check-problem.ts";
import { reachFindings } from "./check-reach.ts";
import { type Level, localView, subnetFindings } from "./check-subnets.ts";
import { type CheckContext, transitionFindings } from "./check-transition.ts";
import { type NetDefinition, netSchema } from "./definition.ts";
import { type LocatedJson, parseJsonFile } from "./locate.ts";
import { readSubnets } from "./subnet-files.ts";

export { formatProblem, type Problem } from "./check-problem.ts";
export type { CheckContext } from "./check-transition.ts";

export interface CheckedNet {
  /** Null if there is an error among the problems. */
  definition: NetDefinition | null;
  problems: Problem[];
}

/**
 * Checks the text of a net file; `file` is its name in messages. Sub-nets that stand in files of their own are read by
 * `context.read` and stand in the definition. Never throws for what the text holds.
 */
export function checkNetFile(text: string, file: string, context: CheckContext = {}): CheckedNet {
  return checkFile(text, file, context, []);
}

function checkFile(text: string, file: string, context: CheckContext, chain: readonly string[]): CheckedNet {
  let source: LocatedJson;
  try {
    source = parseJsonFile(text, file);
  } catch (error) {
    if (!(error instanceof PetrelError)) throw error;
    return { definition: null, problems: [syntaxProblem(error, file)] };
  }
  const way = [...chain, file];
  const inner = (innerText: string, innerFile: string) => {
    const { definition, problems } = checkFile(innerText, innerFile, context, way);
    return { definition: definition as unknown as JsonObject | null, problems };
  };
  const { value, problems: before, read } = readSubnets(source, context.read ?? (() => null), way, inner);
  if (before.some(({ severity }) => severity === "error")) return { definition: null, problems: before };
  const parsed = netSchema.safeParse(value);
  const findings = parsed.success ? netFindings(parsed.data, context, read) : findingsOf(parsed.error.issues, netSchema, value);
  const problems = [...problemsIn(findings, source), ...before];
  const sound = parsed.success && problems.every(({ severity }) => severity !== "error");
  return { definition: sound ? parsed.data : null, problems };
}

/** Checks a definition that is already parsed; problems carry paths, but no lines. */
export function checkNet(definition: NetDefinition, context: CheckContext = {}): Problem[] {
  return netFindings(definition, context, new Set()).map(problemOf);
}

function netFindings(net: NetDefinition, context: CheckContext, read: ReadonlySet<string>): Finding[] {
  return [...nameFindings(net, context), ...levelFindings(net, [], context, read), ...policyFindings(net)];
}

/** Names with -- are those that Petrel gives to sub-nets with a log of their own. */
function nameFindings({ net, parent }: NetDefinition, { derived }: CheckContext): Finding[] {
  if (derived || (!parent && isName(net))) return [];
  const hint = parent ? `it belongs to ${parent.net}: change and apply that one` : NAME_RULE;
  return [failure("bad-name", [parent ? "parent" : "net"], `"${net}" cannot be applied by this name`, hint)];
}

/** Each level is checked as a net of its own, to which the ports of its sub-nets are places. */
function levelFindings(level: Level, way: readonly string[], context: CheckContext, read: ReadonlySet<string>): Finding[] {
  const inner = Object.entries(level.subnets ?? {}).flatMap(([name, subnet]) => {
    const path = ["subnets", name];
    const found = read.has([...way, name].flatMap((one) => ["subnets", one]).join("."))
      ? []
      : levelFindings(subnet, [...way, name], context, read);
    return found.map((one) => ({ ...one, path: [...path, ...one.path], message: way.length > 0 ? one.message : inSubnet(one, name) }));
  });
  const structure = subnetFindings(level, way);
  return [...structure, ...flatFindings(localView(level) as NetDefinition, context).flatMap((one) => atPort(one, level)), ...inner];
}

function inSubnet({ message, path }: Finding, name: string): string {
  const inner = path.flatMap((part, at) => (path[at - 1] === "subnets" ? [String(part)] : []));
  return `in sub-net "${[name, ...inner].join("--")}": ${message}`;
}

/** What is found at a port of a sub-net stands in the file where the port is declared. A wrong name is told once. */
function atPort(one: Finding, level: Level): Finding[] {
  const [group, name, ...rest] = one.path;
  if (one.code === "unknown-place" && /"[a-z0-9-]*--/.test(one.message)) return [];
  if (group !== "places" || typeof name !== "string" || Object.hasOwn(level.places, name)) return [one];
  const cut = name.indexOf("--");
  return [{ ...one, path: ["subnets", name.slice(0, cut), "places", name.slice(cut + 2), ...rest] }];
}

function flatFindings(net: NetDefinition, context: CheckContext): Finding[] {
  const places = placeFindings(net);
  const transitions = Object.entries(net.transitions).flatMap(([name, transition]) => transitionFindings(name, transition, context));
  const named = [...places, ...transitions];
  // While an arc leads nowhere, what can be reached and what is emptied says nothing: only the cause is told.
  if (places.some(({ code }) => code === "unknown-place"))
    return named.filter(({ code }) => code !== "never-consumed" && code !== "no-sink");
  return [...named, ...reachFindings(net)];
}

/** `where` reads file:line:column; the message begins with it and need not say it twice. */
function syntaxProblem(error: PetrelError, file: string): Problem {
  const [line = "1", column = "1"] = (error.where ?? "").slice(file.length + 1).split(":");
  const message = error.message.startsWith(`${error.where} `) ? error.message.slice((error.where ?? "").length + 1) : error.message;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return { severity: "error", code: error.code, message, ...hint, path: "", file, line: Number(line), column: Number(column) };
}
