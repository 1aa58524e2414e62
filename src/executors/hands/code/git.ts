/**
 * git as a hand uses it: no user's configuration, no prompt, errors with git's own words.
 * G1 It runs outside the sandbox of commands, in trees that commands in one have written to. So it asks no `.git` of a tree for its settings, which could
 *    name programs to run: git's own folder is the one that was noted as the tree was laid out. Nor does it look into repositories inside a tree.
 *    A merge does, for a submodule that both sides moved: it fetches nothing there, which such a repository's settings would have done by a program.
 * G2 In a tree it has a sandbox of its own, since what it looks at there may be a link elsewhere when it opens it. Outside it opens no file of one.
 */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { Retryable, Terminal } from "../../../contract/errors.ts";
import { remoteEnvironment } from "../../clean-environment.ts";
import type { HandContext } from "../../hand.ts";
import { mustNotBeKilled } from "../../outside-kill.ts";
import { type CommandResult, runCommand } from "../../process-tree.ts";

const LOCAL_TIMEOUT_MS = 120_000;
const REMOTE_TIMEOUT_MS = 300_000;

export interface GitOptions {
  cwd: string;
  env?: Record<string, string>;
  input?: string;
  outputBytes?: number;
  /** Exit codes that are answers and no errors; 0 is one. */
  okCodes?: number[];
}

/** Runs git on local data. Throws Terminal `git-failed`, Retryable `killed-from-outside`. */
export async function git(context: HandContext, args: string[], options: GitOptions): Promise<CommandResult> {
  const result = await runCommand(
    {
      ...inTree(context, withoutNested(args), options),
      ...(options.input === undefined ? {} : { input: options.input }),
      timeoutMs: LOCAL_TIMEOUT_MS,
      outputBytes: options.outputBytes ?? 4 * 1024 * 1024,
      signal: context.signal,
      births: context.workshop.births,
    },
    context.workshop.clock,
  );
  mustNotBeKilled(result, `git ${args[0]}`);
  if (result.exitCode !== 0 && !options.okCodes?.includes(result.exitCode)) {
    throw new Terminal({ code: "git-failed", message: `git ${args[0]} failed: ${words(result)}` });
  }
  return result;
}

/** G1, G2: the command of a call of git, for `runCommand`. Throws Terminal `worktree-replaced`. */
export function inTree(context: HandContext, args: string[], { cwd, env }: Pick<GitOptions, "cwd" | "env">) {
  const whole = { ...localEnvironment(context), ...ownFolder(context, cwd), ...env };
  return context.ownGit({ argv: ["git", ...args], cwd, env: whole });
}

/** G1. For what is no worktree of ours, like a mirror, none. Throws Terminal `worktree-replaced`. */
function ownFolder({ workshop }: HandContext, cwd: string): Record<string, string> {
  const folder = workshop.trees.get(cwd);
  if (folder === undefined) return {};
  if (realpathSync(cwd) !== cwd)
    throw new Terminal({ code: "worktree-replaced", message: "a command put a link where its worktree was", where: cwd });
  return { GIT_DIR: folder, GIT_WORK_TREE: cwd, GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" };
}

/** G1. These two would start a git inside each submodule, with that one's own settings. */
function withoutNested([verb = "", ...rest]: readonly string[]): string[] {
  return [verb, ...(verb === "status" || verb === "diff" ? ["--ignore-submodules=dirty"] : []), ...rest];
}

/** What git prints, without the last line end. */
export async function gitText(context: HandContext, args: string[], cwd: string): Promise<string> {
  return (await git(context, args, { cwd })).stdout.trimEnd();
}

/** Talks with an origin, in the environment of the executor's user. The exit code is the caller's to judge. */
export async function gitRemote(context: HandContext, args: string[], cwd: string): Promise<CommandResult> {
  const command = { argv: ["git", ...args], cwd, env: remoteEnvironment(context.workshop.environment), timeoutMs: REMOTE_TIMEOUT_MS };
  return await runCommand({ ...command, signal: context.signal, births: context.workshop.births }, context.workshop.clock);
}

/** Why the origin did not answer as hoped. */
export function originError(repo: string, result: CommandResult): Retryable | Terminal {
  if (/does not appear to be a git repository|repository .* (not found|does not exist)|not a git repository/i.test(result.stderr)) {
    return new Terminal({
      code: "repo-not-found",
      message: `there is no git repository at ${repo}`,
      hint: "check the path or address given as repo",
    });
  }
  if (/authentication failed|permission denied|could not read username/i.test(result.stderr)) {
    return new Terminal({
      code: "origin-refused",
      message: `the origin ${repo} refuses this executor: ${words(result)}`,
      hint: "give the user who runs the executor a key or a credential helper for it",
    });
  }
  return new Retryable({
    code: "origin-unreachable",
    message: `the origin ${repo} did not answer: ${words(result)}`,
    hint: "it will be tried again",
  });
}

export function words(result: CommandResult): string {
  return (result.stderr.trim() || result.stdout.trim() || `exit code ${result.exitCode}`).slice(-500);
}

function localEnvironment(context: HandContext): Record<string, string> {
  return {
    PATH: context.workshop.environment.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: join(context.workDir, "home"),
    LC_ALL: "C",
    TZ: "UTC",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_EDITOR: "true",
    // Data of origins belongs to whoever made it; we only read it.
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
    GIT_CONFIG_KEY_1: "core.quotePath",
    GIT_CONFIG_VALUE_1: "false",
  };
}
