/** `petrel executor start`: hands for the work orders of a broker. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { usage } from "../../client/usage.ts";
import { Terminal } from "../../contract/errors.ts";
import { isName, NAME_RULE } from "../../contract/ids.ts";
import { type ExecutorCreds, parseCreds } from "../../jetstream/server/executor-creds.ts";
import { boundText, enrolledFor } from "../enrolled-name.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";
import { credsFile, labelsOf, poolsOf } from "./executor-enroll.ts";

/** Longer than a drain. */
const TIED_WAIT_MS = 15_000;

export const executorStartVerb: Verb = {
  command: "executor start",
  summary: "run an executor: it dials out, pulls orders of its pools, and acts",
  details:
    "SIGTERM drains it: what runs is finished or given back. With --creds it needs no state folder of a master; --dir is where it keeps what it works on.",
  examples: [
    "petrel executor start --name second",
    "petrel executor start --name builder --pool code --slots 2",
    "petrel executor start --creds builder.creds",
    "petrel executor start --name greeter --hand examples/hands/hello",
  ],
  options: [
    { flags: "--creds <file>", about: "credentials that `petrel executor enroll` made: name, pools, labels and broker stand in them" },
    { flags: "--name <name>", about: "its name, under which it keeps its results and leases (default: local)" },
    { flags: "--pool <pool...>", about: "pools that it works for, with commas or spaces between (default: code)" },
    { flags: "--labels <labels>", about: "what it has, as words with commas between (default: git)" },
    { flags: "--slots <n>", about: "orders at once (default 4)" },
    { flags: "--policy <file>", about: "what this machine lets orders do (default: executor.policy.json in its folder, if it is there)" },
    { flags: "--hand <folder...>", about: "load a hand of your own from this folder; may be given several times" },
    { flags: "--drain <ms>", about: "how long a drain may take (default 5000)" },
    { flags: "--tied", about: "end when standard input ends" },
  ],
  run: async (call) => {
    const { petrel } = call;
    const creds = credentials(call);
    const name = creds?.name ?? call.text("name") ?? "local";
    if (!isName(name)) throw usage(`"${name}" is no name: ${NAME_RULE}`, "--name builder");
    // Of the one that `petrel up` starts, it knows itself.
    const bound = creds !== null || call.on("tied") ? null : await enrolledFor(call, name);
    const may = creds ?? bound;
    const pools = poolsOf(call.list("pool"), may?.pools ?? ["code"]);
    const labels = labelsOf(call.text("labels"), may?.labels ?? ["git"]);
    if (may !== null) mustBeEnrolled({ name, pools: may.pools, labels: may.labels }, { pools, labels });
    if (bound !== null) petrel.stderr.write(`petrel: ${boundText(name, bound)}\n`);
    const options = {
      dir: call.dir,
      name,
      pools,
      labels,
      creds,
      bound,
      credsFile: credsFile(call),
      policy: call.text("policy") === undefined ? null : resolve(call.petrel.cwd, call.text("policy") ?? ""),
      hands: call.list("hand").map((folder) => resolve(call.petrel.cwd, folder)),
      slots: call.integer("slots", 1) ?? 4,
      logLevel: call.logLevel === "warn" ? "info" : call.logLevel,
      drainMs: call.integer("drain") ?? 5000,
      // Whoever started the other one was killed, and it drains.
      waitMs: call.on("tied") ? TIED_WAIT_MS : 0,
    };
    const signal = call.on("tied") ? AbortSignal.any([petrel.signal, petrel.stdinEnds()]) : petrel.signal;
    const { runExecutor } = await import("../processes/executor-process.ts");
    await runExecutor(petrel, options, signal, () => {
      const ready = JSON.stringify({ ready: true, executor: name, pools, pid: process.pid });
      const told = `The executor ${name} is here: it takes orders of ${pools.join(", ")}, ${options.slots} at once. Ctrl-C drains and ends it.`;
      petrel.stdout.write(`${petrel.stdout.isTTY === true && !call.json ? told : ready}\n`);
    });
    return EXIT.ok;
  },
};

/** Beyond its enrolment nothing counts: it would be there, and get no work. Errors: usage. */
export function mustBeEnrolled(
  creds: Pick<ExecutorCreds, "name" | "pools" | "labels">,
  asked: { pools: string[]; labels: string[] },
): void {
  const pools = creds.pools ?? asked.pools;
  for (const [what, may, wanted] of [
    ["pool", pools, asked.pools],
    ["label", creds.labels, asked.labels],
  ] as const) {
    const beyond = wanted.filter((word) => !may.includes(word));
    if (beyond.length === 0) continue;
    const flags = `--pool ${both(pools, asked.pools)} --labels ${both(creds.labels, asked.labels)}`;
    throw usage(
      `${creds.name} was not enrolled for the ${what}${beyond.length > 1 ? "s" : ""} ${beyond.join(" and ")}; it was enrolled for ${may.join(", ") || `no ${what}`}`,
      `leave it out, or on the masters' side: petrel executor enroll ${creds.name} ${flags} --force`,
    );
  }
}

const both = (some: readonly string[], more: readonly string[]) => [...new Set([...some, ...more])].join(",");

/** Errors: usage, Terminal `creds-unreadable`. */
function credentials(call: VerbCall): ExecutorCreds | null {
  const file = credsFile(call);
  if (file === null) return null;
  if (call.text("name") !== undefined) throw usage("the name stands in the credentials", "petrel executor start --creds builder.creds");
  try {
    return parseCreds(readFileSync(file, "utf8"), file);
  } catch (cause) {
    if (cause instanceof Terminal) throw cause;
    throw new Terminal({
      code: "creds-unreadable",
      message: `${file} cannot be read`,
      hint: "petrel executor enroll NAME",
      where: file,
      cause,
    });
  }
}
