/** Pause, resume, kill. A kill is a generation number in the broker, so it reaches masters that do not answer (E9). */

import { askNet, askRuntime } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import type { Json } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { oneLine } from "../output.ts";
import { EXIT, type Verb } from "../verb.ts";

export const pauseVerb: Verb = {
  command: "pause <net>",
  summary: "start no new firing in a net; what is under way ends",
  examples: ["petrel pause safe-teams"],
  options: [ROLE_OPTION],
  run: async (call) => {
    const net = call.arg("net");
    const answer = await call.withBroker((broker) => askNet(broker, net, "pause", { by: callerOf(call) }));
    call.out.result({ net, paused: true, answer }, () => `${net} is paused; petrel resume ${net} goes on`);
    return EXIT.ok;
  },
};

export const resumeVerb: Verb = {
  command: "resume [net]",
  summary: "go on after a pause (with a net) or after a kill (without)",
  examples: ["petrel resume safe-teams", "petrel resume"],
  options: [ROLE_OPTION],
  run: async (call) => {
    const net = call.optionalArg("net");
    const by = callerOf(call);
    const answer = await call.withBroker((broker) =>
      net === undefined ? askRuntime(broker, "resume", { by }) : askNet(broker, net, "resume", { by }),
    );
    call.out.result({ ...(net === undefined ? {} : { net }), resumed: true, answer }, () => `${net ?? "everything"} goes on`);
    return EXIT.ok;
  },
};

export const killVerb: Verb = {
  command: "kill",
  summary: "stop every firing, model call and child process of every net, now",
  details:
    "Nothing is lost: the tokens stay, and `petrel resume` goes on with what ran. On a terminal it asks first; elsewhere it needs --yes.",
  examples: ["petrel kill --yes", "petrel kill --yes --json"],
  options: [{ flags: "--yes", about: "do not ask" }, ROLE_OPTION],
  run: async (call) => {
    if (!call.on("yes")) {
      const sure = await call.petrel.confirm("Stop every firing, model call and child process now?");
      if (sure === null) throw usage("nobody is there to be asked", "petrel kill --yes");
      if (!sure) {
        call.out.say("nothing was stopped");
        return EXIT.cancelled;
      }
    }
    const answer = await call.withBroker((broker) => askRuntime(broker, "kill", { by: callerOf(call) }));
    call.out.result({ killed: true, answer }, () => `${describe(answer)}\npetrel resume goes on with what ran`);
    return EXIT.ok;
  },
};

/** The master's own sentence where it gave one. */
function describe(answer: Json): string {
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer) && typeof answer.summary === "string") return answer.summary;
  return answer === null ? "everything is stopped" : `stopped: ${oneLine(answer, 400)}`;
}
