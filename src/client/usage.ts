/** What somebody said that makes no sense. */
import { Terminal } from "../contract/errors.ts";

/** The words make no sense: exit code 2. */
export function usage(message: string, hint?: string): Terminal {
  return new Terminal({ code: "usage", message, exitCode: 2, ...(hint === undefined ? {} : { hint }) });
}
