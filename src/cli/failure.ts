/** From an error to what a person reads and what a script gets: what, where, the next step, and the exit code. */
import { errorData, PetrelError } from "../contract/errors.ts";
import type { Output } from "./output.ts";

const EXIT_OF_CODE: Record<string, number> = {
  usage: 2,
  "expression-syntax": 2,
  "run-failed": 3,
  "waiting-for-human": 4,
  "budget-exhausted": 6,
  "budget-spent": 6,
  "models-budget-exhausted": 6,
};

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PetrelError)) return 1;
  if (error.exitCode !== undefined) return error.exitCode;
  return EXIT_OF_CODE[error.code] ?? (error.outlook === "cancelled" ? 5 : 1);
}

/** Prints an error: sentences on stderr, with `--json` also one document on stdout. Returns the exit code. */
export function reportFailure(error: unknown, out: Output, options: { logLevel: string; pasteable?: (hint: string) => string }): number {
  const data = errorData(error);
  const exitCode = exitCodeOf(error);
  out.say(`${out.paint.red("petrel:")} ${data.message}`);
  if (data.where !== undefined) out.say(`  where: ${data.where}`);
  if (data.hint !== undefined) out.say(`  next:  ${options.pasteable?.(data.hint) ?? data.hint}`);
  if (!(error instanceof PetrelError)) {
    out.say("  next:  this is a bug in Petrel; please report it with the output of the same command and --log-level debug");
    if (options.logLevel === "debug" && error instanceof Error && error.stack) out.say(error.stack);
  }
  const hint = data.hint === undefined ? {} : { hint: options.pasteable?.(data.hint) ?? data.hint };
  if (out.json) out.document({ ok: false, error: { ...data, ...hint }, exitCode });
  return exitCode;
}
