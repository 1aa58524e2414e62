/** Checks that the repository itself declares: its scripts `lint`, `typecheck` and the like, and whether its files can be parsed at all. */
import type { HandContext } from "../../hand.ts";
import { mustNotBeKilledWithin } from "../../outside-kill.ts";
import type { Finding } from "./finding.ts";
import { outputProblems } from "./output-lines.ts";
import { ownText } from "./own-text.ts";

/** Names of scripts in package.json that look and change nothing. */
const SCRIPTS = ["lint", "typecheck", "type-check", "types", "check"];
const CHECK_TIMEOUT_MS = 5 * 60_000;
const SHOWN = 200;

export type DeclaredRun = { script: string; exitCode: number; findings: number };

export function declaredScripts(tree: string): { name: string; command: string }[] {
  const scripts = manifestScripts(tree);
  return SCRIPTS.flatMap((name) => {
    const command = scripts[name];
    // One that rewrites would change what is reviewed.
    return command === undefined || /--(fix|write|apply)\b/.test(command) ? [] : [{ name, command }];
  });
}

export async function declaredFindings(context: HandContext, tree: string): Promise<{ runs: DeclaredRun[]; findings: Finding[] }> {
  const runs: DeclaredRun[] = [];
  const findings: Finding[] = [];
  for (const { name, command } of declaredScripts(tree)) {
    const result = await context.run({
      argv: ["npm", "run", "--silent", name],
      cwd: tree,
      env: { NO_COLOR: "1", CI: "1" },
      timeoutMs: CHECK_TIMEOUT_MS,
      outputBytes: 1024 * 1024,
    });
    mustNotBeKilledWithin(result, `npm run ${name}`);
    const text = `${result.stdout}\n${result.stderr}`;
    const tool = /\b(eslint|biome|tsc|oxlint|stylelint|ruff|flake8)\b/.exec(command)?.[1] ?? name;
    const found: Finding[] = outputProblems(text, tree, tool)
      .slice(0, SHOWN)
      .map((problem) => ({ ...problem, added: false }));
    const isRed = result.exitCode !== 0 || result.timedOut;
    if (isRed && found.length === 0) found.push(redScript(name, result.timedOut, result.exitCode, text));
    // A green run with remarks has remarks, and nothing that keeps the change from being done.
    findings.push(...(isRed ? found : found.map((finding) => ({ ...finding, severity: "minor" as const }))));
    runs.push({ script: name, exitCode: result.exitCode, findings: found.length });
  }
  return { runs, findings };
}

function redScript(name: string, timedOut: boolean, exitCode: number, text: string): Finding {
  const last = text.trim().split("\n").at(-1)?.trim().slice(0, 200) ?? "";
  const how = timedOut ? "did not end in time" : `ended with exit code ${exitCode}`;
  return {
    file: "package.json",
    line: null,
    severity: "major",
    rule: `${name}/red`,
    message: `npm run ${name} ${how}: ${last}`,
    added: false,
  };
}

/** Files that cannot be parsed, whatever is declared. */
export async function brokenFiles(context: HandContext, tree: string, files: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const file of files) {
    const text = ownText(tree, file);
    if (text === null) continue;
    if (file.endsWith(".json") && !/tsconfig|jsconfig/.test(file)) findings.push(...brokenJson(file, text));
    if (/\.[cm]?js$/.test(file)) findings.push(...(await brokenScript(context, tree, file)));
  }
  return findings;
}

function brokenJson(file: string, text: string): Finding[] {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? Number.NaN);
    const line = Number.isNaN(position) ? null : text.slice(0, position).split("\n").length;
    return [{ file, line, severity: "blocking", rule: "petrel/syntax", message: `this is no JSON: ${message}`, added: true }];
  }
}

async function brokenScript(context: HandContext, tree: string, file: string): Promise<Finding[]> {
  const result = await context.run({ argv: ["node", "--check", file], cwd: tree, timeoutMs: 60_000, untold: true });
  if (result.exitCode === 0) return [];
  const line = Number(/:(\d+)\n/.exec(result.stderr)?.[1] ?? Number.NaN);
  const message = /^\w*Error: .*$/m.exec(result.stderr)?.[0] ?? "it cannot be parsed";
  return [{ file, line: Number.isNaN(line) ? null : line, severity: "blocking", rule: "petrel/syntax", message, added: true }];
}

function manifestScripts(tree: string): Record<string, string> {
  try {
    return (JSON.parse(ownText(tree, "package.json") ?? "") as { scripts?: Record<string, string> }).scripts ?? {};
  } catch {
    return {};
  }
}
