/** The keyring of the operating system, by its own command: `secret-tool` (libsecret) on Linux, `security` on macOS. */
import { tmpdir } from "node:os";
import type { Clock } from "../contract/clock.ts";
import { PetrelError, Terminal } from "../contract/errors.ts";
import { type CommandResult, runCommand } from "./process-tree.ts";

const SERVICE = "petrel";
const PATIENCE_MS = 15_000;

export interface Keyring {
  /** Null when there is no entry, or no keyring. */
  read(account: string): Promise<string | null>;
  /** Errors: Terminal `no-keyring`. */
  write(account: string, text: string): Promise<void>;
}

/** `account` tells state folders apart. Only what the keyring needs of the environment goes to it. */
export function osKeyring(env: Readonly<Record<string, string | undefined>>, clock: Clock, platform: string = process.platform): Keyring {
  const passed = ["PATH", "HOME", "USER", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY"];
  const own = Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name] ?? ""]])));
  const run = (argv: string[], input?: string): Promise<CommandResult> =>
    runCommand({ argv, cwd: tmpdir(), env: own, timeoutMs: PATIENCE_MS, ...(input === undefined ? {} : { input }) }, clock);
  const isMac = platform === "darwin";
  return {
    read: async (account) => {
      const argv = isMac
        ? ["security", "find-generic-password", "-s", SERVICE, "-a", account, "-w"]
        : ["secret-tool", "lookup", "service", SERVICE, "account", account];
      try {
        const { exitCode, stdout } = await run(argv);
        return exitCode === 0 && stdout.trim() !== "" ? stdout.trim() : null;
      } catch (error) {
        if (error instanceof PetrelError && error.code === "command-not-found") return null;
        throw error;
      }
    },
    write: async (account, text) => {
      // The value goes by standard input: arguments can be seen by everybody on the machine. `security` reads commands there.
      const done = isMac
        ? run(["security", "-i"], `add-generic-password -U -s ${SERVICE} -a "${account.replace(/["\\]/g, "")}" -w ${text}\n`)
        : run(["secret-tool", "store", "--label", `Petrel ${account}`, "service", SERVICE, "account", account], text);
      const { exitCode, stderr } = await done.catch((error: unknown) => {
        if (error instanceof PetrelError && error.code === "command-not-found") throw missing(isMac);
        return { exitCode: 127, stderr: error instanceof Error ? error.message : "" };
      });
      if (exitCode === 0) return;
      throw new Terminal({
        code: "no-keyring",
        message: `the keyring of this system takes nothing: ${stderr.trim().split("\n")[0] ?? `exit code ${exitCode}`}`,
        hint: "petrel secret set NAME --key file, or give PETREL_SECRETS_KEY",
      });
    },
  };
}

function missing(isMac: boolean): Terminal {
  const program = isMac ? "security" : "secret-tool";
  return new Terminal({
    code: "no-keyring",
    message: `the keyring of this system is reached by the program ${program}, and there is none here`,
    hint: `${isMac ? "" : "install it (package libsecret-tools on Debian, libsecret on others), or "}petrel secret set NAME --key file`,
  });
}
