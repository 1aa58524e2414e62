/** `petrel master`: a master alone, beside a broker that runs. `petrel up` starts one by itself. */
import { runMaster } from "../processes/master-process.ts";
import { EXIT, type Verb } from "../verb.ts";
import { DEFAULT_LEASE_MS, MODEL_OPTIONS, modelOptions } from "./up.ts";

export const masterVerb: Verb = {
  command: "master",
  summary: "run a master alone, beside a running broker",
  examples: ["petrel master --name master-2"],
  hidden: true,
  options: [
    { flags: "--name <name>", about: "its name; a lease is kept under it (default: master-1)" },
    { flags: "--lease <ms>", about: "how long an executor may be silent (default 30000)" },
    { flags: "--tied", about: "end when standard input ends" },
    ...MODEL_OPTIONS,
  ],
  run: async (call) => {
    const { petrel } = call;
    const options = {
      dir: call.dir,
      name: call.text("name") ?? "master-1",
      logLevel: call.logLevel,
      leaseMs: call.integer("lease", 500) ?? DEFAULT_LEASE_MS,
      models: modelOptions(call, "live"),
    };
    const signal = call.on("tied") ? AbortSignal.any([petrel.signal, petrel.stdinEnds()]) : petrel.signal;
    await runMaster(petrel, options, signal, () => petrel.stdout.write('{"ready":true}\n'));
    return EXIT.ok;
  },
};
