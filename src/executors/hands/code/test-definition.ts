/** What decides how a project is tested: its scripts, its makefiles, its runners' settings. Pure: texts in, parts out. */
import { includedFiles, makeRecipe } from "./makefile.ts";
import { isManifest, manifestParts, manifestPutBack, scriptCommands, usedScripts } from "./manifest-scripts.ts";
import { type Command, globsInSettings } from "./test-words.ts";

/** By path, the text of each file that can hold a part of the definition. */
export type DefinitionFiles = ReadonlyMap<string, string>;
export interface TestDefinition {
  /** By the words that name it, the text of each part. */
  parts: ReadonlyMap<string, string>;
  /** Everything that is run, and where. */
  commands: Command[];
}

const MAKEFILE = /(^|\/)(GNUm|[Mm])akefile$/;
const MAKE_PART = /\.(mk|mak|make)$/;
const CONFIG =
  /(^|\/)((jest|vitest|vitest\.workspace|ava|karma|playwright)\.(config|conf)\.\w+|vitest\.workspace\.\w+|\.mocharc(\.\w+)?|\.taprc|\.npmrc|pytest\.ini|tox\.ini|\.rspec|phpunit\.xml)$/;
const SECTIONED = /(^|\/)(pyproject\.toml|setup\.cfg)$/;

export function mayDefineTests(path: string): boolean {
  return isManifest(path) || isMake(path) || CONFIG.test(path) || SECTIONED.test(path);
}

export function isMake(path: string): boolean {
  return MAKEFILE.test(path) || MAKE_PART.test(path);
}

/** Files that the makefiles include under any name. */
export function includes(files: DefinitionFiles): string[] {
  return [...files].flatMap(([path, text]) => (MAKEFILE.test(path) ? includedFiles(text).map((name) => `${folderOf(path)}${name}`) : []));
}

/** `given`: the command line of the user, if any. */
export function testDefinition(files: DefinitionFiles, given: string | null | undefined): TestDefinition {
  const parts = new Map<string, string>();
  const commands: Command[] = given ? [{ folder: "", text: given }] : [];
  const used = usedScripts(manifestsOf(files), given);
  for (const [path, text] of files) {
    if (isManifest(path)) {
      for (const [name, value] of manifestParts(path, text, used)) parts.set(name, value);
      commands.push(...scriptCommands(path, text, used));
      const manifest = [...manifestParts(path, text, new Set())].map(([, value]) => value).join("\n");
      if (manifest !== "") commands.push(globsInSettings(path, manifest));
    } else if (SECTIONED.test(path)) {
      const section = sections(text).filter(isTestSection).join("\n").trim();
      if (section) parts.set(`the pytest section of ${path}`, section);
    } else if (CONFIG.test(path)) {
      parts.set(`the test configuration ${path}`, text);
      commands.push(globsInSettings(path, text));
    }
  }
  const targets = ["test", ...commands.filter(({ text }) => /\bmake\b/.test(text)).flatMap(({ text }) => text.split(/[\s;&|()"']+/))];
  for (const [path, text] of files) {
    if (!MAKEFILE.test(path)) continue;
    const more = [...files].filter(([name]) => name !== path && isIncluded(name, folderOf(path), files)).map(([, part]) => part);
    const recipe = makeRecipe([text, ...more], targets);
    if (!recipe) continue;
    parts.set(`the test target of the ${path}`, recipe.text);
    commands.push({ folder: folderOf(path), text: recipe.commands });
  }
  return { parts, commands };
}

/** A definition file of the change with everything that says how it is tested as it was before; null: it goes. */
export function putBack(path: string, before: DefinitionFiles, after: DefinitionFiles, given: string | null | undefined): string | null {
  const [old, now] = [before.get(path), after.get(path) ?? ""];
  if (isManifest(path)) {
    const [usedBefore, usedAfter] = [before, after].map((files) => usedScripts(manifestsOf(files), given));
    return manifestPutBack(path, old, now, usedBefore ?? new Set(), usedAfter ?? new Set());
  }
  if (SECTIONED.test(path)) {
    const own = sections(old ?? "").filter(isTestSection);
    return [...sections(now).filter((section) => !isTestSection(section)), ...own].join("");
  }
  return old ?? null;
}

/** Whether a file of the definition may make the run another one, as far as the parts do not show it already. */
export function steers(path: string): boolean {
  return !isManifest(path) && !SECTIONED.test(path);
}

function manifestsOf(files: DefinitionFiles): Map<string, string> {
  return new Map([...files].filter(([path]) => isManifest(path)));
}

function isIncluded(name: string, folder: string, files: DefinitionFiles): boolean {
  if (isManifest(name) || CONFIG.test(name) || SECTIONED.test(name)) return false;
  // Of one folder: make reads one of them, and which one is its own affair.
  if (MAKEFILE.test(name)) return includes(files).includes(name);
  return MAKE_PART.test(name) || name.startsWith(folder);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function sections(text: string): string[] {
  return text.split(/^(?=\[)/m);
}

function isTestSection(section: string): boolean {
  return /^\[tool[.:]pytest/.test(section);
}
