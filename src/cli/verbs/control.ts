/** Pause, resume, kill. A kill is a generation number in the broker, so it reaches masters that do not answer (E9). */

import { askNet, askRuntime } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { oneLine } from "../output.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const KIND_OPTION = {
  flags: "--kind <kind>",
  about: "where a name is that of several: net, persona or executor",
  choices: ["net", "persona", "executor"],
} as const;

export const pauseVerb: Verb = {
  command: "pause <net>",
  summary: "start no new firing in a net; what is under way ends",
  examples: ["petrel pause safe-teams"],
  options: [ROLE_OPTION],
  run: async (call) => {
    const net = call.arg("net");
    const answer = await call.withBroker((broker) => askNet(broker, net, "pause", { by: callerOf(call) }));
    call.out.result({ net, paused: true, answer }, () => `${net} is paused; ${call.pasteable(`petrel resume ${net}`)} goes on`);
    return EXIT.ok;
  },
};

export const resumeVerb: Verb = {
  command: "resume [target]",
  summary: "go on after a kill, of all or of one net, persona or executor, or after a pause of a net",
  details:
    "Exactly what ran before goes on: what was paused earlier stays paused, and what was killed by its name stays stopped until it is resumed by its name.",
  examples: ["petrel resume safe-teams", "petrel resume", "petrel resume developer"],
  options: [KIND_OPTION, ROLE_OPTION],
  run: async (call) => {
    const target = call.optionalArg("target");
    const by = callerOf(call);
    const name = target === undefined || target === "all" ? undefined : target;
    const { answer, state } = await call.withBroker(async (broker) => {
      const lifted = (await askRuntime(broker, "resume", { by, ...targetOf(call, target) })) as { lifted?: boolean; state?: string } | null;
      const nothing = name !== undefined && lifted?.lifted === false;
      return { answer: nothing ? await askNet(broker, name, "resume", { by }) : lifted, state: lifted?.state };
    });
    const resumed = state !== "killed";
    call.out.result({ ...(name === undefined ? {} : { net: name }), resumed, answer }, () =>
      resumed
        ? `${name ?? "everything"} goes on${whatStays(answer)}`
        : `${name} is still stopped, since everything is: ${call.pasteable("petrel resume all")} goes on`,
    );
    return resumed ? EXIT.ok : EXIT.failed;
  },
};

export const killVerb: Verb = {
  command: "kill [target]",
  summary: "stop every firing, model call and child process now: of all, or of one net, persona or executor",
  details:
    "Nothing is lost: the tokens stay, and `petrel resume` goes on with what ran. Of an executor, the work goes to others. On a terminal it asks first; elsewhere it needs --yes. It waits up to 2.4 s for the executors to say that what they ran is over; of one that does not answer it says so, and exits with 1.",
  examples: [
    "petrel kill --yes",
    "petrel kill safe-teams --yes",
    "petrel kill developer --yes",
    "petrel kill builder --kind executor --yes --json",
  ],
  options: [{ flags: "--yes", about: "do not ask" }, KIND_OPTION, ROLE_OPTION],
  run: async (call) => {
    if (!call.on("yes")) {
      const target = call.optionalArg("target");
      const what = target ?? "all";
      const sure = await call.petrel.confirm(`Stop every firing, model call and child process${what === "all" ? "" : ` of ${what}`} now?`);
      // What is pasted from here must not stop more than was asked for.
      if (sure === null) throw usage("nobody is there to be asked", `petrel kill${target === undefined ? "" : ` ${target}`} --yes`);
      if (!sure) {
        call.out.say("nothing was stopped");
        return EXIT.cancelled;
      }
    }
    const answer = await call.withBroker((broker) =>
      askRuntime(broker, "kill", { by: callerOf(call), ...targetOf(call, call.optionalArg("target")) }),
    );
    call.out.result(
      { killed: true, answer },
      () =>
        `${describe(answer)}\n${call.pasteable(`petrel resume${call.optionalArg("target") ? ` ${call.optionalArg("target")}` : ""}`)} goes on with what ran`,
    );
    return (answer as { unanswered?: unknown[] } | null)?.unanswered?.length ? EXIT.failed : EXIT.ok;
  },
};

function targetOf(call: VerbCall, target: string | undefined): JsonObject {
  const kind = call.text("kind");
  return { ...(target === undefined ? {} : { target }), ...(kind === undefined ? {} : { kind }) };
}

function whatStays(answer: Json): string {
  const summary = (answer as { summary?: string } | null)?.summary ?? "";
  return (summary.match(/\nstill (stopped|paused).*/g) ?? []).join("");
}

/** The master's own sentence where it gave one. */
function describe(answer: Json): string {
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer) && typeof answer.summary === "string") return answer.summary;
  return answer === null ? "everything is stopped" : `stopped: ${oneLine(answer, 400)}`;
}
