/** The environment of what an order runs: nothing of the executor's own but PATH. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** The executor's own environment, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Of an executor that has no PATH itself. */
export const USUAL_PATH = "/usr/local/bin:/usr/bin:/bin";

/** For commands of orders: HOME and TMPDIR lie in the work directory, git and npm see no user's configuration. */
export function cleanEnvironment(
  host: Environment,
  workDir: string,
  about: { key: string; run: string; traceparent: string },
): Record<string, string> {
  const home = join(workDir, "home");
  const temporary = join(workDir, "tmp");
  mkdirSync(home, { recursive: true });
  mkdirSync(temporary, { recursive: true });
  return {
    PATH: host.PATH ?? USUAL_PATH,
    HOME: home,
    TMPDIR: temporary,
    LANG: "C.UTF-8",
    PETREL_FIRING: about.key,
    PETREL_RUN: about.run,
    // The name that OpenTelemetry's tools read (https://opentelemetry.io/docs/specs/otel/context/env-carriers/).
    TRACEPARENT: about.traceparent,
    ...isolation(home),
  };
}

function isolation(home: string): Record<string, string> {
  return {
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    npm_config_userconfig: join(home, ".npmrc"),
    npm_config_globalconfig: join(home, ".npmrc-global"),
    npm_config_update_notifier: "false",
    npm_config_fund: "false",
    npm_config_audit: "false",
  };
}

/** For git's talk with an origin: the keys and helpers of the executor's user are meant for it, prompts are not. */
export function remoteEnvironment(host: Environment): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(host)) {
    if (/^PETREL_SECRET/.test(name)) continue;
    // A GIT_DIR or the like of whoever started us would point git elsewhere.
    if (value !== undefined && !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE|CONFIG)/.test(name))
      env[name] = value;
  }
  return { ...env, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_SSH_COMMAND: host.GIT_SSH_COMMAND ?? "ssh -oBatchMode=yes" };
}
