/** What a persona's past work would be with another model or prompt, before anything is changed. */

import { checkName } from "../../client/ask.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { type PastRequest, pastRequests } from "../../client/past-requests.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { TIERS } from "../../models/config.ts";
import { namedModelFault } from "../../models/named-model.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import { MODEL_OPTIONS, modelOptions } from "../model-options.ts";
import { chooseModels, readConfig } from "../processes/model-choice.ts";
import { readText } from "../read-file.ts";
import { EQUALITY_OPTION, equalityOf } from "../run/equality-option.ts";
import { askedAgain, type Change } from "../run/whatif.ts";
import { OVERSPENT, whatifSums, whatifText } from "../run/whatif-words.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const TIMEOUT_MS = 5 * 60_000;

export const whatifVerb: Verb = {
  command: "whatif <persona>",
  summary: "ask a persona's past requests again with another model or prompt, before anything is changed",
  details:
    "Takes the exact requests out of the logs, asks the changed persona, and shows outcome, cost and differences. Nothing reaches a net.\nOnly `llm` steps are asked again: an agent acts, and would act once more.",
  examples: [
    "petrel whatif qa --model anthropic/claude-haiku-5-5 --last 50",
    "petrel whatif qa --prompt new-prompt.md --net safe-teams --transition judge",
    "petrel whatif qa --tier economy --last 10 --json",
  ],
  options: [
    { flags: "--model <name>", about: "provider/model to ask, like anthropic/claude-haiku-5-5" },
    { flags: "--tier <tier>", about: "the tier to ask", choices: TIERS },
    { flags: "--prompt <file>", about: "a text file with another prompt" },
    { flags: "--last <n>", about: "how many of its newest requests (default: 50)" },
    { flags: "--net <net>", about: "only those of this net" },
    { flags: "--transition <name>", about: "only those of this step" },
    EQUALITY_OPTION,
    ...MODEL_OPTIONS.filter(({ flags }) => !flags.startsWith("--record")),
  ],
  run: async (call) => {
    const persona = checkName(call.arg("persona"), "persona");
    const change = changeOf(call);
    const equality = equalityOf(call);
    if (change.model !== undefined) mustBeAskable(call, change.model);
    const { retold, requests } = await call.withBroker(async (broker) => {
      const net = call.text("net");
      if (net !== undefined) await noSuchNet(broker, checkName(net, "net"));
      const transition = call.text("transition");
      const wanted = { persona, last: call.integer("last", 1) ?? 50, ...(transition === undefined ? {} : { transition }) };
      const { requests: found, agents } = await pastRequests(broker, net === undefined ? await broker.nets() : [net], wanted);
      if (found.length === 0) throw await nothingAsked(broker, persona, agents, transition);
      const tiers = await tiersOf(call);
      tellBefore(call, found);
      const made = await askedAgain(persona, found, change, {
        ...{ broker, tiers, clock: call.petrel.clock, signal: call.petrel.signal, timeoutMs: TIMEOUT_MS },
        ...(equality === undefined ? {} : { equality }),
        onDone: (done) => progress(call, done, found.length),
      });
      return { retold: made, requests: found };
    });
    const told = whatifSums(retold);
    call.out.result({ persona, change: { ...change }, ...told, rows: retold } as unknown as Json, () =>
      whatifText(retold, requests, call.out),
    );
    if (retold.some(({ now }) => now.code === OVERSPENT)) return EXIT.budget;
    // Nothing was learned of the change.
    return told.answered === 0 ? EXIT.runFailed : EXIT.ok;
  },
};

function changeOf(call: VerbCall): Change {
  const [model, tier, file] = [call.text("model"), call.text("tier"), call.text("prompt")];
  if (model === undefined && tier === undefined && file === undefined) {
    throw usage("say what is to be different", "petrel whatif PERSONA --model provider/model, or --prompt FILE, or --tier TIER");
  }
  if (model !== undefined && !/^[a-z][a-z0-9-]*\/\S+$/.test(model)) {
    throw usage(`a model is named with its provider, not "${model}"`, "like --model anthropic/claude-haiku-5-5");
  }
  return {
    ...(model === undefined ? {} : { model }),
    ...(tier === undefined ? {} : { tier: tier as (typeof TIERS)[number] }),
    ...(file === undefined ? {} : { prompt: promptIn(call.petrel.cwd, file) }),
  };
}

/** Said once and before anything is asked, instead of by every row. Where no model is asked, any name will do. */
function mustBeAskable(call: VerbCall, model: string): void {
  if (modelOptions(call, "live").source !== "live") return;
  const fault = namedModelFault(readConfig(call.petrel), model);
  if (fault) throw new Terminal(fault);
}

function promptIn(cwd: string, file: string): string {
  const text = readText(cwd, file);
  if (text.trim() === "") throw usage(`${file} is empty`, "write the prompt into it");
  if (text.includes("\0")) throw usage(`${file} is no text`, "name a text file with the prompt");
  // A persona's file would be sent as it stands, braces and all.
  if (/^\s*\{[\s\S]*"prompt"\s*:/.test(text)) {
    throw usage(`${file} is a persona's file, and not a prompt`, 'write the text of its "prompt" into a file of its own');
  }
  return text;
}

function tiersOf(call: VerbCall) {
  const { cwd, root, env, clock, random } = call.petrel;
  const { dir } = call;
  return chooseModels({ options: modelOptions(call, "live"), roots: [dir, cwd], dir, cwd, root, env, clock, random: () => random() });
}

/** Told apart: nobody of this name, one who has done nothing, and one whose work cannot be asked again. */
async function nothingAsked(broker: Broker, persona: string, agents: number, transition: string | undefined): Promise<Terminal> {
  const names = await broker.personaVersions.names();
  if (agents === 0 && !names.includes(persona)) {
    const hint = `${nearestHint(persona, [...names].sort(), "personas")} (petrel persona ls)`;
    return new Terminal({ code: "unknown-persona", message: `no persona is called ${persona}`, hint });
  }
  const where = transition === undefined ? "" : ` in ${transition}`;
  const message =
    agents > 0
      ? `no log has a request of ${persona}${where} that can be asked again; its ${agents} firings are an agent's, which acts and is not asked again`
      : `no log has a request of ${persona}${where}: it has answered nothing yet`;
  return new Terminal({ code: "nothing-asked", message, hint: `petrel events --persona ${persona} shows what it has done` });
}

function tellBefore(call: VerbCall, requests: readonly PastRequest[]): void {
  const usd = requests.reduce((sum, one) => sum + one.usd, 0);
  call.out.say(`${requests.length} requests are asked again; the first time they cost ${usd.toFixed(4)} USD at list prices.`);
}

function progress(call: VerbCall, done: number, of: number): void {
  if (call.petrel.stderr.isTTY !== true || call.json) return;
  call.petrel.stderr.write(done < of ? `\r${done} of ${of}` : "\r\u001b[K");
}
