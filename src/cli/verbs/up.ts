/** `petrel up`: the whole system in one folder, until it is told to stop. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { REQUESTS_PER_SECOND } from "../../gateway/access/rate-limit.ts";
import type { Durability } from "../../jetstream/server/config.ts";
import { BROKER_OPTIONS, brokerChoice } from "../broker-options.ts";
import { MODEL_OPTIONS, modelOptions } from "../model-options.ts";
import { aborted } from "../processes/aborted.ts";
import { keyOf } from "../processes/local-clients.ts";
import { DEFAULT_LEASE_MS, Supervisor } from "../supervisor.ts";
import { serveAtStart, teamAtStart, tellTeam } from "../team/serve-at-start.ts";
import { tellClosed } from "../tell-closed.ts";
import { historyInterval, keepHistory } from "../up-history.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const upVerb: Verb = {
  command: "up",
  summary: "start the broker, a master and an executor, and keep them up",
  details: "Ends cleanly on Ctrl-C or SIGTERM; what is in the log goes on at the next start.",
  examples: [
    "petrel up",
    "petrel up --team safe-teams",
    "petrel up --dir /var/lib/petrel --json",
    "petrel up --durability os",
    "petrel up --nats nats://n1:4222,nats://n2:4222,nats://n3:4222 --durability replicated",
    "petrel up --listen 0.0.0.0:4222 --tls-cert broker.pem --tls-key broker.key --tls-ca ca.pem",
  ],
  options: [
    {
      flags: "--durability <kind>",
      about: "when an acknowledgement is given: fsync (default), os, memory, or replicated, which needs a cluster",
      choices: ["fsync", "os", "memory", "replicated"],
    },
    ...BROKER_OPTIONS,
    { flags: "--lease <ms>", about: "how long an executor may be silent (default 30000)" },
    {
      flags: "--gateway-port <n>",
      about: "where HTTP is served on 127.0.0.1: 0 for a free port, off for none (default: 8484, or a free one)",
    },
    {
      flags: "--rate <n>",
      about: `the most requests of one client to the gateway in a second, over ten seconds and all gateways (default: ${REQUESTS_PER_SECOND})`,
    },
    { flags: "--slots <n>", about: "orders that the executor works on at once (default 4)" },
    { flags: "--hand <folder...>", about: "load a hand of your own into the executor from this folder; may be given several times" },
    { flags: "--team <net>", about: "come up with this net and its personas at work, like safe-teams" },
    { flags: "--max-store <mb>", about: "the most megabytes that the broker keeps on disk (default: no limit but the disk)" },
    ...MODEL_OPTIONS,
  ],
  run: async (call) => {
    const { petrel, out, dir } = call;
    const maxStore = call.integer("maxStore", 1);
    const durability = (call.text("durability") as Durability | undefined) ?? "fsync";
    const broker = brokerChoice(call, durability);
    const team = teamAtStart(call);
    const models = modelOptions(call, "live");
    // Before anything runs: a fault in the configuration later than that would end what is up.
    const everyMs = historyInterval(petrel);
    const supervisor = await Supervisor.start(petrel, {
      dir,
      durability,
      ...broker,
      models,
      leaseMs: call.integer("lease", 500) ?? DEFAULT_LEASE_MS,
      logLevel: call.logLevel === "warn" ? "info" : call.logLevel,
      slots: call.integer("slots", 1) ?? 4,
      hands: call.list("hand").map((folder) => resolve(petrel.cwd, folder)),
      mayLackExecutor: true,
      ...gatewayOption(call),
      ...(maxStore === undefined ? {} : { maxStoreBytes: maxStore * 1024 * 1024 }),
      onChange: (what) => out.say(what),
    });
    if (supervisor.notice) out.say(supervisor.notice);
    const served = team && (await orStop(supervisor, serveAtStart(call, team)));
    const ready = { ready: true, nats: supervisor.url, gateway: supervisor.gateway, pid: process.pid, dir };
    if (out.json) petrel.stdout.write(`${JSON.stringify(ready)}\n`);
    else {
      out.say(`Petrel is up: broker ${supervisor.url}, state in ${dir}. Ctrl-C stops it.`);
      if (supervisor.gateway !== null) out.say(gatewayLink(supervisor.gateway, dir).words);
      if (served !== null) out.say(served);
      if (team) await tellTeam(call, team.net, models);
      out.say(whatNext(call, team !== null));
    }
    const history = everyMs === null ? null : keepHistory(petrel, { dir, everyMs }, petrel.signal, (what) => out.say(what));
    const closed = tellClosed(call);
    await aborted(petrel.signal);
    out.say("stopping");
    await Promise.all([history, closed]);
    await supervisor.stop();
    return EXIT.ok;
  },
};

async function orStop<T>(supervisor: Supervisor, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

function whatNext(call: VerbCall, hasTeam: boolean): string {
  const hello = existsSync(join(call.petrel.cwd, "nets", "hello.json"));
  const verbs = [...(hello ? ["net apply nets/hello.json"] : []), "doctor", "net ls", "nats-context", ...(hasTeam ? [] : ["run --help"])];
  const lines = verbs.map((verb) => `  ${call.pasteable(`petrel ${verb}`)}`);
  return [hasTeam ? "To look around:" : "Next, in another terminal, in this folder:", ...lines].join("\n");
}

/** Errors: usage. */
export function gatewayOption(call: VerbCall): { gateway?: number | "any"; gatewayRate?: number } {
  const rate = call.integer("rate", 1);
  if (call.text("gatewayPort") === "off") return {};
  return { gateway: call.integer("gatewayPort") ?? "any", ...(rate === undefined ? {} : { gatewayRate: rate }) };
}

/** Where the gateway is, and the page that a person opens: the key in the link only reads. */
export function gatewayLink(url: string, dir: string): { page: string; words: string } {
  const key = keyOf(dir, "petrel-readonly");
  const page = key === null ? url : `${url}/#key=${key}`;
  return { page, words: `Watch it in a browser (the key in the link only reads): ${page}` };
}
