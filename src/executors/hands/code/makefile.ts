/** What make does for a target, as far as a reader can tell without running make. Pure: texts in, rules out. */

export interface MakeRecipe {
  /** Every rule, variable and switch that decides what runs, as it stands. */
  text: string;
  /** The same commands with variables filled in, one a line. */
  commands: string;
}

interface Rule {
  targets: string[];
  needs: string[];
  header: string;
  lines: string[];
}
interface Parsed {
  rules: Rule[];
  /** All definitions of a variable, as they stand, and its last value. */
  variables: Map<string, { lines: string[]; value: string }>;
  switches: string[];
}

const SWITCH = /^\s*((export|override)\s+)*(SHELL|\.SHELLFLAGS|MAKEFLAGS|PATH)\s*[:?+!]*=|^\.(IGNORE|ONESHELL|RECIPEPREFIX)\b/;
const ASSIGNMENT = /^\s*(?:(?:export|override|private)\s+)*([\w.-]+)\s*(?:[:?+!]|::)?=\s*(.*)$/;
const RULE = /^([^\t#:=][^#:=]*?)\s*::?(?!=)([^=]*(?:=.*)?)$/;
const REFERENCE = /\$(?:\(([\w.-]+)\)|\{([\w.-]+)\}|([A-Za-z]))/g;
const DEPTH = 8;

export function includedFiles(makefile: string): string[] {
  const found = makefile.replaceAll("\\\n", " ").matchAll(/^ *(?:-|s)?include\s+(.+)$/gm);
  return [...found].flatMap(([, words = ""]) => words.split(/\s+/)).filter(Boolean);
}

/**
 * The chain behind the targets; null where no rule makes any of them. What makes a file (`app: app.c`) is left out of it:
 * such rules change with the sources.
 */
export function makeRecipe(makefiles: readonly string[], targets: readonly string[]): MakeRecipe | null {
  const parsed = parse(makefiles);
  const chain = chainOf(parsed.rules, targets);
  if (!chain.some(({ targets: made }) => targets.some((target) => made.includes(target)))) return null;
  const ruleText = chain.map(({ header, lines }) => [header, ...lines.map((line) => `\t${line}`)].join("\n"));
  const used = variablesIn(ruleText.join("\n"), parsed);
  const definitions = used.flatMap((name) => parsed.variables.get(name)?.lines ?? []);
  const commands = chain.flatMap(({ lines, needs }) => lines.map((line) => filled(line.replaceAll(/\$[<^]/g, needs.join(" ")), parsed)));
  return {
    text: [...ruleText, ...definitions, ...parsed.switches].join("\n"),
    commands: commands.join("\n").replace(/\$[({]([\w.-]+)[)}]/g, "$$$1"),
  };
}

function parse(makefiles: readonly string[]): Parsed {
  const parsed: Parsed = { rules: [], variables: new Map(), switches: [] };
  for (const makefile of makefiles) {
    let rule: Rule | null = null;
    for (const raw of makefile.replaceAll("\\\n", " ").split("\n")) {
      const line = raw.trimEnd();
      if (line === "" || /^\s*#/.test(line)) continue;
      if (line.startsWith("\t")) {
        rule?.lines.push(line.trim());
        continue;
      }
      rule = parseLine(line, parsed);
    }
  }
  return parsed;
}

/** The rule that the line begins, if it is one. */
function parseLine(line: string, parsed: Parsed): Rule | null {
  if (SWITCH.test(line)) parsed.switches.push(line);
  const [, name, value = ""] = ASSIGNMENT.exec(line) ?? [];
  if (name !== undefined) {
    const known = parsed.variables.get(name) ?? { lines: [], value: "" };
    parsed.variables.set(name, { lines: [...known.lines, line], value: line.includes("+=") ? `${known.value} ${value}` : value });
    return null;
  }
  const [, made, rest = ""] = RULE.exec(line) ?? [];
  if (made === undefined || made.trim().startsWith(".")) return null;
  const [needs = "", ...recipe] = rest.split(";");
  const lines = recipe.length > 0 ? [recipe.join(";").trim()] : [];
  const rule = { targets: wordsOf(filled(made, parsed)), needs: wordsOf(filled(needs, parsed)), header: line, lines };
  parsed.rules.push(rule);
  return rule;
}

function chainOf(rules: readonly Rule[], targets: readonly string[]): Rule[] {
  const seen = new Set<string>();
  const chain = new Set<Rule>();
  const take = (target: string) => {
    if (seen.has(target)) return;
    seen.add(target);
    for (const rule of rules.filter((one) => one.targets.includes(target))) {
      if (!targets.includes(target) && makesFile(rule, target)) continue;
      chain.add(rule);
      for (const need of rule.needs) take(need);
      // $(MAKE) check: a target that a recipe names.
      for (const line of rule.lines.filter((text) => /\bmake\b|\$[({]MAKE[)}]/.test(text))) for (const word of wordsOf(line)) take(word);
    }
  };
  for (const target of targets) take(target);
  return rules.filter((rule) => chain.has(rule));
}

function makesFile({ lines }: Rule, target: string): boolean {
  return /[./%]/.test(target) || lines.some((line) => line.includes("$@") || wordsOf(line).includes(target));
}

function variablesIn(text: string, { variables }: Parsed): string[] {
  const used = new Set<string>();
  const follow = (part: string) => {
    for (const [, round, curly, letter] of part.matchAll(REFERENCE)) {
      const name = round ?? curly ?? letter ?? "";
      if (used.has(name) || !variables.has(name)) continue;
      used.add(name);
      for (const line of variables.get(name)?.lines ?? []) follow(line);
    }
  };
  follow(text);
  return [...used].sort();
}

function filled(text: string, { variables }: Parsed): string {
  let now = text;
  for (let depth = 0; depth < DEPTH; depth += 1) {
    const next = now.replace(REFERENCE, (whole, round, curly, letter) => variables.get(round ?? curly ?? letter)?.value ?? whole);
    if (next === now || next.length > 100_000) break;
    now = next;
  }
  return now;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "" && word !== "|");
}
