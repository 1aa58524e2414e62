/** Writes contexts for the NATS CLI, so that `nats --context petrel stream ls` shows the places. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import { hasJwt } from "../../jetstream/server/login.ts";
import type { RuntimeFile, RuntimeLogin } from "../doors.ts";
import { makeFolder } from "../make-folder.ts";
import { readRuntime, runtimePath } from "../runtime-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

/** A description that begins so marks a context as ours, which may be written again. */
const MARK = "Petrel:";

/** In the NATS CLI's own words. */
interface Context {
  name: string;
  description: string;
  url: string;
  user?: string;
  password?: string;
  user_jwt?: string;
  user_seed?: string;
  jetstream_api_prefix?: string;
  /** A file. */
  ca?: string;
}

/** The net of the demo and of `npm start`. */
const TEAM = "safe-teams";

export const natsContextVerb: Verb = {
  command: "nats-context",
  summary: "write contexts for the NATS CLI: petrel, petrel-readonly, petrel-demo",
  details:
    "They hold keys and are readable by you alone. A context of the same name that Petrel did not write is kept unless --force. petrel and petrel-demo look, put tokens and post letters; petrel-readonly looks.",
  examples: ["petrel nats-context", "petrel nats-context --dir .petrel/demo --force", "petrel nats-context --admin"],
  options: [
    { flags: "--force", about: "write over contexts that Petrel did not write" },
    { flags: "--admin", about: "write petrel-admin besides, which may do everything to the streams" },
  ],
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
    const nets = await netsOf(call, names[0] === "petrel-demo");
    call.out.result(
      { folder, contexts: names },
      () => `wrote ${names.join(", ")} in ${folder}\n\n${samples(names[0] ?? "petrel", nets).join("\n")}`,
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
    contexts.push(peopleContext("petrel", runtime), readonlyContext("petrel-readonly", runtime));
    if (call.on("admin")) contexts.push(context("petrel-admin", "everything, for backups and repairs", runtime, runtime.nats.admin));
  }
  if (isDemo || hasDemo) {
    const runtime = readRuntime(demo, call.petrel.cwd);
    contexts.push(peopleContext("petrel-demo", runtime));
    if (contexts.length === 1) contexts.push(readonlyContext("petrel-readonly", runtime));
  }
  return contexts;
}

function context(name: string, about: string, runtime: RuntimeFile, login: RuntimeLogin = runtime.nats): Context {
  const { user, password, apiPrefix } = login;
  const who = hasJwt(login) ? { user_jwt: user, user_seed: password } : { user, password };
  const prefix = apiPrefix === undefined ? {} : { jetstream_api_prefix: apiPrefix };
  const signer = runtime.nats.caFile === undefined ? {} : { ca: runtime.nats.caFile };
  return { name, description: `${MARK} ${about}`, url: runtime.nats.url, ...who, ...prefix, ...signer };
}

/** Servers that were set up with a list of passwords have no such user. */
function peopleContext(name: string, runtime: RuntimeFile): Context {
  const about = "look at everything, put tokens, post letters";
  return runtime.nats.people
    ? context(name, about, runtime, runtime.nats.people)
    : context(name, "everything", runtime, runtime.nats.admin);
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

/** For the samples alone: a system that is away has none to show. */
async function netsOf(call: VerbCall, isDemo: boolean): Promise<string[]> {
  if (isDemo) return [TEAM];
  return call.withBroker((broker) => broker.nets()).catch(() => []);
}

/** Each runs as it is pasted: only what is there is named. */
function samples(name: string, nets: string[]): string[] {
  const cli = `  nats --context ${name}`;
  const [net] = nets;
  const lines = ["with the NATS CLI (https://github.com/nats-io/natscli):", `${cli} stream ls`];
  if (nets.includes(TEAM)) {
    lines.push(`${cli} stream view PLACE_${TEAM}_inbox`, `${cli} sub 'event.${TEAM}.>'`);
    lines.push(`${cli} req put.${TEAM}.inbox '{"title":"A list of orders"}'`);
  } else if (net !== undefined) lines.push(`${cli} sub 'event.${net}.>'`);
  return lines;
}
