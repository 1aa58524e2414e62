/** The tool fs.search: `git grep` over tracked and untracked files, so that it leaves out what ripgrep leaves out. */
import { existsSync } from "node:fs";
import { Retryable, Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import { fsSearch } from "../../../tools/builtin/fs-search.ts";
import type { HandContext } from "../../hand.ts";
import { runCommand } from "../../process-tree.ts";
import { confine } from "./confine.ts";
import { inTree, words } from "./git.ts";
import { toolInput } from "./tool-input.ts";

interface Search {
  text?: string;
  pattern?: string;
  path: string;
  glob?: string;
  ignoreCase: boolean;
  wholeWord: boolean;
  context: number;
  hidden: boolean;
  ignored: boolean;
  filesOnly: boolean;
  limit: number;
}

export function searchTool(context: HandContext, root: string) {
  return async (input: Json): Promise<Json> => {
    const search = toolInput<Search>(fsSearch, input);
    if (!existsSync(confine(root, search.path, false))) {
      throw new Terminal({
        code: "no-such-file",
        message: `there is no ${search.path} in the project`,
        hint: "fs.list shows what there is",
      });
    }
    const result = await runCommand(
      {
        ...inTree(context, argumentsOf(search), { cwd: root }),
        timeoutMs: (fsSearch.limits.seconds - 2) * 1000,
        // More than enough for the most matches that are shown; a longer line is cut anyway.
        outputBytes: 4 * 1024 * 1024,
        signal: context.signal,
        births: context.workshop.births,
      },
      context.workshop.clock,
    );
    if (result.timedOut)
      throw new Retryable({
        code: "search-too-long",
        message: "the search took too long",
        hint: "search a smaller folder, or for plain text",
      });
    if (result.exitCode > 1) throw new Terminal({ code: "pattern-unsound", message: `the search failed: ${words(result)}` });
    return search.filesOnly ? files(result.stdout, search.limit) : lines(result.stdout, search.limit, result.truncated);
  };
}

function argumentsOf(search: Search): string[] {
  const options = [
    search.text === undefined ? "-P" : "-F",
    ...(search.ignoreCase ? ["-i"] : []),
    ...(search.wholeWord ? ["-w"] : []),
    ...(search.context > 0 && !search.filesOnly ? [`-C${search.context}`] : []),
    ...(search.ignored ? ["--no-exclude-standard"] : []),
    search.filesOnly ? "-l" : "-n",
  ];
  return ["grep", "--untracked", "--no-color", "-I", "-z", ...options, "-e", search.text ?? search.pattern ?? "", "--", ...pathsOf(search)];
}

function pathsOf({ path, glob, hidden }: Search): string[] {
  const below = path === "." || path === "./" ? "" : `${path.replace(/^\.\//, "").replace(/\/+$/, "")}/`;
  const negative = glob?.startsWith("!") === true;
  const plain = negative ? glob?.slice(1) : glob;
  // As ripgrep reads a glob: without a slash it holds in every folder.
  const globbed = plain === undefined ? undefined : plain.includes("/") ? `${below}${plain.replace(/^\//, "")}` : `${below}**/${plain}`;
  const whole = below === "" ? [":(top)"] : [`:(literal)${below.slice(0, -1)}`];
  return [
    ...(globbed === undefined || negative ? whole : [`:(glob)${globbed}`]),
    ...(globbed !== undefined && negative ? [`:(exclude,glob)${globbed}`] : []),
    ...(hidden ? [] : [`:(exclude,glob)${below}**/.*`, `:(exclude,glob)${below}**/.*/**`]),
  ];
}

function files(stdout: string, limit: number): Json {
  const paths = stdout.split("\0").filter(Boolean);
  return { matches: paths.slice(0, limit).map((path) => ({ path, line: 1, text: "" })), truncated: paths.length > limit };
}

/** Lines are `path NUL number NUL text`; where context is asked for, its lines have `-` in place of the second NUL in newer gits. */
function lines(stdout: string, limit: number, cut: boolean): Json {
  const matches: { path: string; line: number; text: string }[] = [];
  for (const raw of stdout.split("\n")) {
    const found = /^([^\0]+)\0(\d+)[\0:-](.*)$/s.exec(raw);
    if (!found) continue;
    if (matches.length === limit) return { matches, truncated: true };
    const [, path = "", line = "", text = ""] = found;
    matches.push({ path, line: Number(line), text: text.trim().slice(0, 300) });
  }
  return { matches, truncated: cut };
}
