/** `petrel master`: a further master beside a system that runs. `petrel up` starts one by itself. */

import { usage } from "../../client/usage.ts";
import { isName, NAME_RULE } from "../../contract/ids.ts";
import { MISBEHAVIOURS } from "../demo/sabotage.ts";
import { MODEL_OPTIONS, modelOptions } from "../model-options.ts";
import { DEFAULT_LEASE_MS } from "../supervisor.ts";
import { EXIT, type Verb } from "../verb.ts";

export const masterVerb: Verb = {
  command: "master",
  summary: "run a further master: masters share the nets, and take over from each other",
  details: "It finds the broker by the state folder of a `petrel up`. SIGTERM gives its nets to the others.",
  examples: ["petrel master", "petrel master --name master-2"],
  options: [
    { flags: "--name <name>", about: "its name, which no other master has (default: master- and some letters)" },
    { flags: "--lease <ms>", about: "how long an executor may be silent (default 30000)" },
    { flags: "--tied", about: "end when standard input ends" },
    { flags: "--sabotage <mode>", about: "one persona misbehaves in that way; for demo and drill", choices: MISBEHAVIOURS },
    ...MODEL_OPTIONS,
  ],
  run: async (call) => {
    const { petrel } = call;
    const given = call.text("name");
    if (given !== undefined && !isName(given)) throw usage(`"${given}" is no name: ${NAME_RULE}`, "--name master-2");
    const options = {
      dir: call.dir,
      name: given ?? `master-${petrel.ids.next().slice(-6)}`,
      logLevel: call.logLevel,
      leaseMs: call.integer("lease", 500) ?? DEFAULT_LEASE_MS,
      models: modelOptions(call, "live"),
    };
    const signal = call.on("tied") ? AbortSignal.any([petrel.signal, petrel.stdinEnds()]) : petrel.signal;
    const { runMaster } = await import("../processes/master-process.ts");
    await runMaster(petrel, options, signal, () =>
      petrel.stdout.write(`${JSON.stringify({ ready: true, master: options.name, pid: process.pid })}\n`),
    );
    return EXIT.ok;
  },
};
