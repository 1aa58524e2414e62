/** Writes contexts for the NATS CLI, so that `nats --context petrel stream ls` shows the places. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import type { RuntimeFile } from "../doors.ts";
import { makeFolder } from "../make-folder.ts";
import { readRuntime, runtimePath } from "../runtime-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

/** A description that begins so marks a context as ours, which may be written again. */
const MARK = "Petrel:";

interface Context {
  name: string;
  description: string;
  url: string;
  user: string;
  password: string;
}

export const natsContextVerb: Verb = {
  command: "nats-context",
  summary: "write contexts for the NATS CLI: petrel, petrel-readonly, petrel-demo",
  details:
    "They hold passwords and are readable by you alone. A context of the same name that Petrel did not write is kept unless --force.",
  examples: ["petrel nats-context", "petrel nats-context --dir .petrel/demo --force"],
  options: [{ flags: "--force", about: "write over contexts that Petrel did not write" }],
  run: async (call) => {
    const contexts = wanted(call);
    const config = call.petrel.env.XDG_CONFIG_HOME || join(call.petrel.env.HOME ?? "", ".config");
    const folder = join(config, "nats", "context");
    const foreign = contexts.filter((context) => isForeign(join(folder, `${context.name}.json`)));
    if (foreign.length > 0 && !call.on("force")) {
      throw new Terminal({
        code: "context-exists",
        message: `the NATS CLI has a context ${foreign.map((one) => one.name).join(", ")} that Petrel did not write`,
        where: folder,
        hint: "petrel nats-context --force writes over it; nothing was written",
      });
    }
    makeFolder(folder, 0o700);
    for (const { name, ...content } of contexts) {
      const path = join(folder, `${name}.json`);
      // A file made anew gets its mode; one written over would keep the old one, which others may read.
      rmSync(path, { force: true });
      writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    }
    const names = contexts.map((context) => context.name);
    call.out.result(
      { folder, contexts: names },
      () => `wrote ${names.join(", ")} in ${folder}\n\n${samples(names[0] ?? "petrel").join("\n")}`,
    );
    return EXIT.ok;
  },
};

/** The contexts of the state folder and of the demo that lives in it; a folder called `demo` is the demo's own. */
function wanted(call: VerbCall): Context[] {
  const isDemo = /[\\/]demo$/.test(call.dir);
  const demo = isDemo ? call.dir : join(call.dir, "demo");
  const hasDemo = existsSync(runtimePath(demo));
  const contexts: Context[] = [];
  if (!isDemo && (existsSync(runtimePath(call.dir)) || !hasDemo)) {
    const runtime = readRuntime(call.dir, call.petrel.cwd);
    contexts.push(context("petrel", "everything", runtime, runtime.nats.admin), readonlyContext("petrel-readonly", runtime));
  }
  if (isDemo || hasDemo) {
    const runtime = readRuntime(demo, call.petrel.cwd);
    contexts.push(context("petrel-demo", "the demo", runtime, runtime.nats.admin));
    if (contexts.length === 1) contexts.push(readonlyContext("petrel-readonly", runtime));
  }
  return contexts;
}

function context(name: string, about: string, runtime: RuntimeFile, login: { user: string; password: string } = runtime.nats): Context {
  return { name, description: `${MARK} ${about}`, url: runtime.nats.url, user: login.user, password: login.password };
}

function readonlyContext(name: string, runtime: RuntimeFile): Context {
  if (!runtime.nats.readonly) {
    throw new Terminal({
      code: "no-readonly-user",
      message: "the running system has no read-only user",
      hint: "stop it and start `petrel up` again",
    });
  }
  return context(name, "look at everything, change nothing", runtime, runtime.nats.readonly);
}

function isForeign(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    const { description } = JSON.parse(readFileSync(path, "utf8")) as { description?: unknown };
    return typeof description !== "string" || !description.startsWith(MARK);
  } catch {
    return true;
  }
}

function samples(name: string): string[] {
  return [
    "with the NATS CLI (https://github.com/nats-io/natscli):",
    `  nats --context ${name} stream ls`,
    `  nats --context ${name} stream view PLACE_safe-teams_inbox`,
    `  nats --context ${name} sub 'event.safe-teams.>'`,
    `  nats --context ${name} req put.safe-teams.inbox '{"title":"A list of orders"}'`,
  ];
}
