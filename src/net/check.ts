/** The checker of net files: everything that can be known to be wrong before a net runs, each with its place in the file. */
import { PetrelError } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { findingsOf } from "./check-issues.ts";
import { laterFindings } from "./check-later.ts";
import { placeFindings } from "./check-places.ts";
import { type Finding, type Problem, problemOf, problemsIn } from "./check-problem.ts";
import { reachFindings } from "./check-reach.ts";
import { type CheckContext, transitionFindings } from "./check-transition.ts";
import { type NetDefinition, netSchema } from "./definition.ts";
import { type LocatedJson, parseJsonFile } from "./locate.ts";

export { formatProblem, type Problem } from "./check-problem.ts";
export type { CheckContext } from "./check-transition.ts";

export interface CheckedNet {
  /** Null if there is an error among the problems. */
  definition: NetDefinition | null;
  problems: Problem[];
}

/** Checks the text of a net file; `file` is its name in messages. Never throws for what the text holds. */
export function checkNetFile(text: string, file: string, context: CheckContext = {}): CheckedNet {
  let source: LocatedJson;
  try {
    source = parseJsonFile(text, file);
  } catch (error) {
    if (!(error instanceof PetrelError)) throw error;
    return { definition: null, problems: [syntaxProblem(error, file)] };
  }
  const parsed = netSchema.safeParse(source.value);
  const findings = parsed.success ? netFindings(parsed.data, context) : unparsed(source.value, parsed.error.issues);
  const problems = problemsIn(findings, source);
  const sound = parsed.success && problems.every(({ severity }) => severity !== "error");
  return { definition: sound ? parsed.data : null, problems };
}

/** Checks a definition that is already parsed; problems carry paths, but no lines. */
export function checkNet(definition: NetDefinition, context: CheckContext = {}): Problem[] {
  return netFindings(definition, context).map(problemOf);
}

function netFindings(net: NetDefinition, context: CheckContext): Finding[] {
  const places = placeFindings(net);
  const transitions = Object.entries(net.transitions).flatMap(([name, transition]) => transitionFindings(name, transition, context));
  const named = [...laterFindings(net as Json), ...places, ...transitions];
  // While an arc leads nowhere, what can be reached and what is emptied says nothing: only the cause is told.
  if (places.some(({ code }) => code === "unknown-place"))
    return named.filter(({ code }) => code !== "never-consumed" && code !== "no-sink");
  return [...named, ...reachFindings(net)];
}

/** What comes with a later version is said once, and not again as an unknown field or kind. */
function unparsed(value: Json, issues: Parameters<typeof findingsOf>[0]): Finding[] {
  const later = laterFindings(value);
  const said = new Set(later.map(({ path }) => path.join(".")));
  return [...later, ...findingsOf(issues, netSchema, value).filter(({ path }) => !said.has(path.join(".")))];
}

/** `where` reads file:line:column; the message begins with it and need not say it twice. */
function syntaxProblem(error: PetrelError, file: string): Problem {
  const [line = "1", column = "1"] = (error.where ?? "").slice(file.length + 1).split(":");
  const message = error.message.startsWith(`${error.where} `) ? error.message.slice((error.where ?? "").length + 1) : error.message;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return { severity: "error", code: error.code, message, ...hint, path: "", file, line: Number(line), column: Number(column) };
}
