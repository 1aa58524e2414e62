/** The files that test commands name: by path, by glob, by folder. Pure. */
import { globPattern } from "./test-files.ts";

export interface Command {
  /** Folder in which it runs, "" for the root, else with a slash at its end. */
  folder: string;
  text: string;
}

/** What these are given are sources, not tests. */
const NO_RUNNER =
  /^(tsc|esbuild|rollup|webpack|swc|babel|vite|tsup|eslint|biome|prettier|standard|xo|oxlint|stylelint|gcc|g\+\+|cc|c\+\+|clang|clang\+\+|ld|ar|javac|rustc|echo|mkdir|rm|cp|mv|touch|chmod|git|\$(CC|CXX|LD|AR))$/;
const RUNNER = /(^|\s)(--test|mocha|jest|vitest|ava|tap|tape|jasmine|uvu|bats|rspec|pytest|py\.test|unittest|prove|phpunit|qunit)(\s|$)/;
/** Programs that start another: what counts is the word after them. */
const WRAPPER = /^(if|then|else|do|while|until|!|npx|pnpx|bunx|exec|time|env|cross-env|c8|nyc|sudo|command|@|-|@-)$|^\w+=/;
const SCRIPT = /\.(sh|bash|zsh|bats|[cm]?[jt]s|py|rb|pl|php)$/;
const SHELL = /\.(sh|bash|zsh|bats)$/;
const SOURCE_FOLDER = /(^|\/)(src|lib|app|dist|cmd|internal|pkg)\//;

export function isShellScript(path: string): boolean {
  return SHELL.test(path);
}

/** Of `paths`, those that the commands name. */
export function namedBy(commands: readonly Command[], paths: readonly string[]): Set<string> {
  const known = new Set(paths);
  const named = new Set<string>();
  for (const { folder, text } of commands) {
    for (const segment of segmentsOf(text)) {
      const words = wordsOf(segment);
      if (NO_RUNNER.test(programOf(segment))) continue;
      for (const word of words) for (const path of matching(word, folder, known, RUNNER.test(segment))) named.add(path);
    }
  }
  return named;
}

/** What a script of the chain calls: scripts alone, since what else it names may be a source. */
export function calledBy(script: string, text: string, paths: readonly string[]): Set<string> {
  const own = script.includes("/") ? script.slice(0, script.lastIndexOf("/") + 1) : "";
  const plain = text.replace(/^\s*#.*$/gm, "").replaceAll(/\$\{?\w+\}?\//g, "./");
  const found = namedBy(
    ["", own].map((folder) => ({ folder, text: plain })),
    paths,
  );
  return new Set([...found].filter((path) => path !== script && SCRIPT.test(path) && !SOURCE_FOLDER.test(path)));
}

/** Globs that a runner's settings give as the place of its tests. */
export function globsInSettings(path: string, text: string): Command {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
  const lists = text.matchAll(/["']?\b(?:spec|testMatch|files|include)["']?\s*[:=]\s*(\[[^\]]*\]|"[^"]*"|'[^']*')/g);
  const words = [...lists].flatMap(([, list = ""]) => [...list.matchAll(/["']([^"']+)["']/g)].map(([, glob = ""]) => glob));
  const tests = words
    .map((glob) => glob.replace("<rootDir>/", ""))
    .filter((glob) => !SOURCE_FOLDER.test(glob) && !/^\*\*\/\*\.\w+$/.test(glob));
  return { folder, text: `--test ${tests.join(" ")}` };
}

function matching(word: string, folder: string, known: ReadonlySet<string>, runs: boolean): string[] {
  const path = placed(word, folder);
  if (path === null) return [];
  if (known.has(path)) return [path];
  if (/[*?{[]/.test(path)) {
    if (/^\*\*\/?\*?(\.\w+)?$|^\*$/.test(path)) return [];
    const pattern = globPattern(path);
    return [...known].filter((one) => pattern.test(one));
  }
  const inside = `${path.replace(/\/$/, "")}/`;
  if (!runs || path === "" || SOURCE_FOLDER.test(inside) || inside === "packages/") return [];
  return [...known].filter((one) => one.startsWith(inside) && SCRIPT.test(one) && !SOURCE_FOLDER.test(one));
}

/** The path from the root; null where it leads out of it. */
function placed(word: string, folder: string): string | null {
  const parts: string[] = [];
  for (const part of `${folder}${word}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join("/");
}

function segmentsOf(text: string): string[] {
  return text.split(/[;\n`]|\|\|?|&&?|\$\(|[()]/).filter((segment) => segment.trim() !== "");
}

function wordsOf(segment: string): string[] {
  return segment
    .split(/[\s"'<>]+/)
    .flatMap((word) => (/^-.*=/.test(word) && /[*?]/.test(word) && !/test|spec/i.test(word.split("=")[0] ?? "") ? [] : word.split("=")))
    .flatMap((word) => (word.includes("{") ? [word] : word.split(",")))
    .map((word) => word.replace(/^\.\//, ""))
    .filter(Boolean);
}

function programOf(segment: string): string {
  const program = segment.split(/[\s"']+/).find((word) => word !== "" && !WRAPPER.test(word)) ?? "";
  return program.replace(/^[@-]+/, "").replace(/^.*\//, "");
}
