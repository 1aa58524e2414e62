/** The tools git.blame and git.show of one worktree. */
import { Terminal } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import { gitBlame } from "../../../tools/builtin/git-blame.ts";
import { gitShow } from "../../../tools/builtin/git-show.ts";
import { capText } from "../../capped-output.ts";
import type { HandContext } from "../../hand.ts";
import { confine } from "./confine.ts";
import { git, gitText } from "./git.ts";
import { toolInput } from "./tool-input.ts";

export function gitLookTools(context: HandContext, tree: string): Record<string, (input: Json) => Promise<Json>> {
  return {
    "git.blame": async (input) => await blame(context, tree, toolInput<{ path: string; from: number; lines: number }>(gitBlame, input)),
    "git.show": async (input) => await show(context, tree, toolInput<{ commit: string; path?: string }>(gitShow, input)),
  };
}

async function blame(
  context: HandContext,
  tree: string,
  { path, from, lines }: { path: string; from: number; lines: number },
): Promise<Json> {
  const plain = plainPath(tree, path);
  const count = (await fileAt(context, tree, "HEAD", plain)).split("\n").length;
  const range = `${Math.min(from, count)},${Math.min(from + lines - 1, count)}`;
  const { stdout } = await git(context, ["blame", "--line-porcelain", "-L", range, "HEAD", "--", plain], { cwd: tree, okCodes: [128] });
  return { path, lines: stdout === "" ? [] : blameLines(stdout) };
}

/** Porcelain format: a header line `sha old new [count]`, fields, and the line itself behind a tab (git-blame(1)). */
function blameLines(text: string): Json[] {
  const found: Json[] = [];
  let [sha, line, author, at] = ["", 0, "", ""];
  for (const raw of text.split("\n")) {
    const header = /^([0-9a-f]{40}) \d+ (\d+)/.exec(raw);
    if (header) [sha, line] = [header[1] ?? "", Number(header[2])];
    else if (raw.startsWith("author ")) author = raw.slice(7);
    else if (raw.startsWith("author-time ")) at = new Date(Number(raw.slice(12)) * 1000).toISOString();
    else if (raw.startsWith("\t")) found.push({ line, sha, author, at, text: raw.slice(1, 501) });
  }
  return found;
}

async function show(context: HandContext, tree: string, { commit, path }: { commit: string; path?: string }): Promise<Json> {
  const sha = await commitOf(context, tree, commit);
  const facts = await gitText(context, ["show", "-s", "--format=%H%x00%s%x00%an%x00%cI%x00%B", sha], tree);
  const [, subject = "", author = "", at = "", message = ""] = facts.split("\0");
  const whole =
    path === undefined
      ? (
          await git(context, ["show", "--format=", "--no-color", "--no-ext-diff", "--no-textconv", "-m", "--first-parent", sha], {
            cwd: tree,
          })
        ).stdout
      : await fileAt(context, tree, sha, plainPath(tree, path));
  const { text, truncated } = capText(whole, gitShow.limits.bytes - 8192);
  return { sha, subject, author, at, message: message.trimEnd().slice(0, 8000), text, truncated };
}

async function commitOf(context: HandContext, tree: string, name: string): Promise<string> {
  // A name that begins with a dash would be an option.
  if (!name.startsWith("-")) {
    const found = await git(context, ["rev-parse", "--verify", "--quiet", `${name}^{commit}`], { cwd: tree, okCodes: [1, 128] });
    if (found.exitCode === 0) return found.stdout.trim();
  }
  throw new Terminal({ code: "no-such-commit", message: `the project has no commit ${name}`, hint: "git.log lists the newest" });
}

async function fileAt(context: HandContext, tree: string, commit: string, path: string): Promise<string> {
  const found = await git(context, ["show", `${commit}:${path}`], { cwd: tree, okCodes: [128] });
  if (found.exitCode === 0) return found.stdout;
  throw new Terminal({ code: "no-such-file", message: `there is no ${path} in ${commit}` });
}

function plainPath(tree: string, path: string): string {
  confine(tree, path, false);
  return path.replace(/^(\.\/)+/, "");
}
