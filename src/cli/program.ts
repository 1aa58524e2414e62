/** The program: verbs become commander commands; one call is parsed, run, and ends in an exit code. */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { usage } from "../client/usage.ts";
import type { PetrelDoors } from "./doors.ts";
import { reportFailure } from "./failure.ts";
import { createOutput } from "./output.ts";
import { pasteable } from "./team/paste.ts";
import type { Verb } from "./verb.ts";
import { VerbCall } from "./verb.ts";

const LOG_LEVELS = ["silent", "error", "warn", "info", "debug", "trace"] as const;
/** The options of all verbs that take the word after them. */
const VALUED: ReadonlySet<string> = new Set(["--dir", "--log-level"]);
const GROUPS: Record<string, string> = {
  gate: "what waits for people: list, approve, reject",
  net: "net files and running nets",
  persona: "declared specialists",
  token: "move, edit or close tokens by hand",
  auth: "who may call the gateway",
  client: "clients of the gateway",
  secret: "values that http and command steps are granted by name",
  executor: "processes that do the work outside",
};

interface ProgramState {
  exitCode: number;
  logLevel: string;
  /** The state folder, absolute; the usual one until the words were read. */
  dir: string;
}

/**
 * Runs one command line (without `node` and the script). `verbsOf` gives the verbs that begin with a word, and all where none does or there
 * is no word. Never throws; returns the exit code.
 */
export async function runCli(argv: string[], petrel: PetrelDoors, verbsOf: (word?: string) => Promise<readonly Verb[]>): Promise<number> {
  const state = { exitCode: 0, logLevel: "warn", dir: join(petrel.cwd, ".petrel") };
  let program = new Command();
  try {
    const words = asked(argv);
    const word = firstWord(words);
    program = buildProgram(petrel, word === undefined && words.includes("--version") ? [] : await verbsOf(word), state);
    await program.parseAsync(words, { from: "user" });
    return state.exitCode;
  } catch (error) {
    const shown = error instanceof CommanderError ? ofCommander(error, argv, program) : error;
    return shown === null
      ? 0
      : reportFailure(shown, createOutput(petrel, argv.includes("--json")), {
          logLevel: state.logLevel,
          pasteable: (hint) => pasteable(petrel, state.dir, hint),
        });
  }
}

/** `petrel`, `petrel help` and `petrel help VERB` ask for help as well. */
function asked(argv: string[]): string[] {
  if (argv.length === 0) return ["--help"];
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
}

/** The first word of the verb; options may stand before it. */
function firstWord(argv: string[]): string | undefined {
  const at = argv.findIndex((word, index) => !word.startsWith("-") && !VALUED.has(argv[index - 1] ?? ""));
  return at < 0 ? undefined : argv[at];
}

function buildProgram(petrel: PetrelDoors, verbs: readonly Verb[], state: ProgramState): Command {
  const program = new Command("petrel")
    .description("Petrel runs organisations of AI specialists: a Petri net of durable JSON tokens on NATS JetStream.")
    .version(petrel.version, "--version", "print the version")
    .helpCommand(false)
    .addHelpText(
      "after",
      '\nExample:\n  petrel up\n  petrel put safe-teams inbox \'{"title":"A list of orders"}\'\n  petrel watch safe-teams',
    );
  quieten(program, petrel);
  globalOptions(program);
  for (const verb of verbs) addVerb(program, verb, petrel, state);
  return program;
}

/** Commander's own printing: help goes to stdout, errors are ours to print. */
function quieten(command: Command, petrel: PetrelDoors): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void petrel.stdout.write(text),
    writeErr: () => {},
    getOutHelpWidth: () => petrel.stdout.columns ?? 100,
  });
}

function globalOptions(command: Command): void {
  command
    .option("--dir <dir>", "the state folder (default: .petrel)")
    .option("--json", "print JSON on stdout")
    .addOption(new Option("--log-level <level>", "what is logged on stderr (default: warn)").choices(LOG_LEVELS));
}

function addVerb(program: Command, verb: Verb, petrel: PetrelDoors, state: ProgramState): void {
  const words = verb.command.split(" ");
  const firstArgument = words.findIndex((word) => /^[<[]/.test(word));
  const names = firstArgument < 0 ? words : words.slice(0, firstArgument);
  const parent = names.slice(0, -1).reduce((above, name) => group(above, name, petrel), program);
  const command = parent.command(names.at(-1) ?? "", { hidden: verb.hidden ?? false }).description(verb.summary);
  if (firstArgument >= 0) command.arguments(words.slice(firstArgument).join(" "));
  quieten(command, petrel);
  for (const option of verb.options ?? []) {
    const made = new Option(option.flags, option.about);
    command.addOption(option.choices ? made.choices(option.choices) : made);
  }
  globalOptions(command);
  const details = verb.details ? `\n${verb.details}\n` : "";
  const title = verb.examples.length > 1 ? "Examples" : "Example";
  command.addHelpText("after", `${details}\n${title}:\n${verb.examples.map((line) => `  ${line}`).join("\n")}`);
  command.action(async () => {
    const options = command.optsWithGlobals();
    state.logLevel = typeof options.logLevel === "string" ? options.logLevel : "warn";
    const args = Object.fromEntries(command.registeredArguments.map((argument, at) => [argument.name(), command.args[at]]));
    const dir = resolve(petrel.cwd, typeof options.dir === "string" ? options.dir : ".petrel");
    if (existsSync(dir) && !statSync(dir).isDirectory()) {
      throw usage(`the state folder ${dir} is a file`, "give a folder with --dir, or leave it out for .petrel");
    }
    state.dir = dir;
    const out = createOutput(petrel, options.json === true);
    state.exitCode = await verb.run(new VerbCall({ petrel, out, dir, logLevel: state.logLevel, args, options }));
  });
}

function group(parent: Command, name: string, petrel: PetrelDoors): Command {
  const known = parent.commands.find((command) => command.name() === name);
  if (known) return known;
  const made = parent
    .command(name)
    .description(GROUPS[name] ?? "")
    .helpCommand(false);
  quieten(made, petrel);
  made.addHelpText("after", () => `\nExample:\n  petrel ${name} ${made.commands[0]?.name() ?? ""} --help`);
  made.action(() => {
    const given = made.args[0];
    const verbs = made.commands.map((command) => command.name()).join(", ");
    throw usage(
      given === undefined ? `petrel ${name} needs one of: ${verbs}` : `petrel ${name} has no ${given}, it has: ${verbs}`,
      `petrel ${name} --help`,
    );
  });
  made.allowExcessArguments().allowUnknownOption();
  return made;
}

/** Commander's errors in our form; null when it only showed help or the version. */
function ofCommander(error: CommanderError, argv: string[], program: Command): Error | null {
  if (error.exitCode === 0 || error.code === "commander.help") return null;
  const words: string[] = ["petrel"];
  let command: Command | undefined = program;
  for (const word of argv) {
    command = command.commands.find((one) => one.name() === word);
    if (!command) break;
    words.push(word);
  }
  const [first = "", ...suggestion] = error.message.replace(/^error: /, "").split("\n");
  return usage([first, ...suggestion].join(" "), `${words.join(" ")} --help`);
}
