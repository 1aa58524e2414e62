/** `petrel executor start`: hands for the work orders of a broker. */

import { usage } from "../../client/usage.ts";
import { isName, NAME_RULE } from "../../contract/ids.ts";
import { runExecutor } from "../processes/executor-process.ts";
import { EXIT, type Verb } from "../verb.ts";

export const executorStartVerb: Verb = {
  command: "executor start",
  summary: "run an executor: it dials out, pulls orders of its pools, and acts",
  details: "SIGTERM drains it: what runs is finished or given back.",
  examples: ["petrel executor start --name second", "petrel executor start --name builder --pool code --slots 2"],
  options: [
    { flags: "--name <name>", about: "its name, under which it keeps its results and leases (default: local)" },
    { flags: "--pool <pool...>", about: "pools that it works for (default: code)" },
    { flags: "--labels <labels>", about: "what it has, as words with commas between (default: git)" },
    { flags: "--slots <n>", about: "orders at once (default 4)" },
    { flags: "--drain <ms>", about: "how long a drain may take (default 5000)" },
    { flags: "--tied", about: "end when standard input ends" },
  ],
  run: async (call) => {
    const { petrel } = call;
    const name = call.text("name") ?? "local";
    const pools = call.list("pool").length > 0 ? call.list("pool") : ["code"];
    for (const word of [name, ...pools]) if (!isName(word)) throw usage(`"${word}" is no name: ${NAME_RULE}`, "--name builder");
    const options = {
      dir: call.dir,
      name,
      pools,
      labels: (call.text("labels") ?? "git").split(",").map((label) => label.trim()),
      slots: call.integer("slots", 1) ?? 4,
      logLevel: call.logLevel === "warn" ? "info" : call.logLevel,
      drainMs: call.integer("drain") ?? 5000,
    };
    const signal = call.on("tied") ? AbortSignal.any([petrel.signal, petrel.stdinEnds()]) : petrel.signal;
    await runExecutor(petrel, options, signal, () => {
      petrel.stdout.write(`${JSON.stringify({ ready: true, executor: name, pools, pid: process.pid })}\n`);
    });
    return EXIT.ok;
  },
};
