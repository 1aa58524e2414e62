/** How the user's project is installed, tested and started: read from its files, or said by the user. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { usage } from "../../client/usage.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import { installCommand, testCommand } from "../../executors/hands/code/test-command.ts";

/** Words that a shell knows without a file. */
const BUILTINS = new Set([".", ":", "[", "cd", "command", "eval", "exec", "export", "set", "test", "true", "false", "umask", "unset"]);

export interface Project {
  /** Null where the executor detects it, in each worktree anew. */
  test: string | null;
  install: string | null;
  start: string | null;
  /** The commands for eyes. */
  shown: { test: string; install: string };
}

export interface Given {
  test: string | undefined;
  install: string | undefined;
  start: string | undefined;
}

/**
 * `tree`: a clone of the base; `ask`: asks a person for the test command, null when nobody is there.
 * Errors: usage `--test` when nothing says how to test; Terminal `command-not-found`.
 */
export async function readProject(
  tree: string,
  given: Given,
  env: Record<string, string | undefined>,
  ask: (question: string) => Promise<string | null>,
): Promise<Project> {
  const test = await testOf(tree, given.test, ask);
  const detected = testCommand(tree, test, "");
  const install = installCommand(tree, given.install);
  mustExist(tree, detected.argv, env, "--test");
  if (install) mustExist(tree, install.argv, env, "--install");
  return {
    test,
    install: given.install ?? null,
    start: given.start ?? null,
    shown: { test: words(detected.argv), install: install ? words(install.argv) : "none needed" },
  };
}

async function testOf(tree: string, given: string | undefined, ask: (question: string) => Promise<string | null>): Promise<string | null> {
  if (given !== undefined && given.trim() !== "") return given.trim();
  if (given !== undefined) throw usage("--test names no command", '--test "make test"');
  try {
    testCommand(tree, null, "");
    return null;
  } catch (error) {
    if (!(error instanceof PetrelError) || error.code !== "no-test-command") throw error;
    const said = (await ask(`${error.message}.\nWith which command is it tested?`))?.trim();
    if (said) return said;
    throw usage(error.message, 'say how it is tested, like --test "make test"; without tests nobody could say whether a change is right');
  }
}

/** The program must be there: an exit code 127 in each attempt would look like red tests. */
function mustExist(tree: string, argv: string[], env: Record<string, string | undefined>, option: string): void {
  const line = argv[0] === "/bin/sh" ? (argv[2] ?? "") : (argv[0] ?? "");
  const program = line.split(/\s+/).find((word) => !/^[A-Za-z_]\w*=/.test(word)) ?? "";
  if (!/^[\w@%+./-]+$/.test(program)) return;
  const folders = program.includes("/") ? [tree] : (env.PATH ?? "").split(delimiter);
  if (BUILTINS.has(program) || folders.some((folder) => isProgram(program.startsWith("/") ? program : join(folder, program)))) return;
  throw new Terminal({
    code: "command-not-found",
    message: `the command "${line}" cannot run: there is no ${program} ${program.includes("/") ? "in the repository" : "on this machine"}`,
    where: program,
    hint: `install ${program}, or say another command with ${option}`,
  });
}

function words(argv: string[]): string {
  return argv[0] === "/bin/sh" ? (argv[2] ?? "") : argv.join(" ");
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
