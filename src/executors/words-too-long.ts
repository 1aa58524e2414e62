/** What the system does not take as the arguments and variables of a command, told by what is too long. */
import { Terminal } from "../contract/errors.ts";

/** Of one argument or `NAME=value` on Linux, in bytes: 128 KiB with the zero at its end. */
const LINUX_MOST = 131_071;

/** Whether a command was not started for the length of its words. */
export const areTooLong = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === "E2BIG";

/** `argv` as it was asked for, without what is put around it. A variable is told by its name, since its value may be a secret. */
export function wordsTooLong(argv: readonly string[], env: Readonly<Record<string, string>>, cause: Error): Terminal {
  const words = [
    ...argv.map((word, at) => ({ name: at === 0 ? "the program's name" : `argument ${at}`, bytes: Buffer.byteLength(word) })),
    ...Object.entries(env).map(([name, value]) => ({ name: `the variable ${name}`, bytes: Buffer.byteLength(`${name}=${value}`) })),
  ];
  const longest = words.reduce((one, other) => (other.bytes > one.bytes ? other : one), { name: "nothing", bytes: 0 });
  const program = argv[0] ?? "";
  const one = process.platform === "linux" && longest.bytes > LINUX_MOST;
  const all = words.reduce((sum, { bytes }) => sum + bytes + 1, 0);
  return new Terminal({
    code: "command-too-long",
    message: one
      ? `${program} could not be started: ${longest.name} has ${longest.bytes} bytes, and this system takes ${LINUX_MOST} in one`
      : `${program} could not be started: its arguments and variables have ${all} bytes together, more than this system takes; the longest is ${longest.name} with ${longest.bytes}`,
    hint: "give long data on standard input (`stdin` or `json` of shell.run), or in a file that the command reads",
    cause,
  });
}
