/** What a persona's past work would be with another model or prompt, before anything is changed. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { checkName } from "../../client/ask.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { type PastRequest, pastRequests } from "../../client/past-requests.ts";
import { usage } from "../../client/usage.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { TIERS } from "../../models/config.ts";
import { namedModelFault } from "../../models/named-model.ts";
import type { Output } from "../output.ts";
import { chooseModels, readConfig } from "../processes/model-choice.ts";
import { askedAgain, type Change, type Retold } from "../run/whatif.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";
import { MODEL_OPTIONS, modelOptions } from "./up.ts";

const OVERSPENT = "models-budget-exhausted";
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
    ...MODEL_OPTIONS.filter(({ flags }) => !flags.startsWith("--record")),
  ],
  run: async (call) => {
    const persona = checkName(call.arg("persona"), "persona");
    const change = changeOf(call);
    if (change.model !== undefined) mustBeAskable(call, change.model);
    const { retold, requests } = await call.withBroker(async (broker) => {
      const net = call.text("net");
      if (net !== undefined) await noSuchNet(broker, checkName(net, "net"));
      const transition = call.text("transition");
      const wanted = { persona, last: call.integer("last", 1) ?? 50, ...(transition === undefined ? {} : { transition }) };
      const { requests: found, agents } = await pastRequests(broker, net === undefined ? await broker.nets() : [net], wanted);
      if (found.length === 0) throw nothingAsked(persona, agents);
      const tiers = await tiersOf(call);
      tellBefore(call, found);
      const made = await askedAgain(persona, found, change, {
        ...{ broker, tiers, clock: call.petrel.clock, signal: call.petrel.signal, timeoutMs: TIMEOUT_MS, equality: "exact" },
        onDone: (done) => progress(call, done, found.length),
      });
      return { retold: made, requests: found };
    });
    call.out.result({ persona, change: { ...change }, ...sums(retold), rows: retold } as unknown as Json, () =>
      shown(retold, requests, call.out),
    );
    return retold.some(({ now }) => now.code === OVERSPENT) ? EXIT.budget : EXIT.ok;
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
    ...(file === undefined ? {} : { prompt: promptIn(resolve(call.petrel.cwd, file)) }),
  };
}

/** Said once and before anything is asked, instead of by every row. Where no model is asked, any name will do. */
function mustBeAskable(call: VerbCall, model: string): void {
  if (modelOptions(call, "live").source !== "live") return;
  const fault = namedModelFault(readConfig(call.petrel), model);
  if (fault) throw new Terminal(fault);
}

function promptIn(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Terminal({ code: "file-missing", message: `${path} cannot be read`, hint: "name a text file with the prompt", cause });
  }
  if (text.trim() === "") throw usage(`${path} is empty`, "write the prompt into it");
  return text;
}

function tiersOf(call: VerbCall) {
  const { cwd, root, env, clock, random } = call.petrel;
  const { dir } = call;
  return chooseModels({ options: modelOptions(call, "live"), roots: [dir, cwd], dir, cwd, root, env, clock, random: () => random() });
}

function nothingAsked(persona: string, agents: number): Terminal {
  const why = agents > 0 ? `; its ${agents} firings are an agent's, which acts and is not asked again` : "";
  return new Terminal({
    code: "nothing-asked",
    message: `no log has a request of ${persona}${why}`,
    hint: "petrel persona ls shows who there is",
  });
}

function tellBefore(call: VerbCall, requests: readonly PastRequest[]): void {
  const usd = requests.reduce((sum, one) => sum + one.usd, 0);
  call.out.say(`${requests.length} requests are asked again; the first time they cost ${usd.toFixed(4)} USD at list prices.`);
}

function progress(call: VerbCall, done: number, of: number): void {
  if (call.petrel.stderr.isTTY !== true || call.json) return;
  call.petrel.stderr.write(done < of ? `\r${done} of ${of}` : "\r\u001b[K");
}

/** What was not answered cost nothing, and saves nothing: `usd` and `ms` are of the others. */
function sums(retold: readonly Retold[]) {
  const answered = retold.filter(({ now }) => now.error === undefined);
  const sum = (of: (one: Retold) => number) => answered.reduce((all, one) => all + of(one), 0);
  return {
    asked: retold.length,
    same: retold.filter(({ same }) => same).length,
    failed: retold.length - answered.length,
    usd: { was: sum(({ was }) => was.usd), now: sum(({ now }) => now.usd) },
    ms: { was: sum(({ was }) => was.ms), now: sum(({ now }) => now.ms) },
    recorded: retold.filter(({ now }) => now.recorded).length,
  };
}

function shown(retold: readonly Retold[], requests: readonly PastRequest[], out: Output): string {
  const nets = new Set(requests.map(({ net }) => net));
  const rows = retold.map((one) => [
    `${nets.size > 1 ? `${one.net} ` : ""}${one.seq}`,
    one.transition,
    one.was.outcome,
    one.now.outcome,
    one.was.usd.toFixed(4),
    one.now.usd.toFixed(4),
    `${(one.now.ms / 1000).toFixed(1)} s`,
    one.same
      ? "same"
      : (one.now.error?.split("\n")[0]?.slice(0, 60) ?? (one.differences.map((path) => path || "all of it").join(" ") || "no answer then")),
  ]);
  const { asked, same, failed, usd, recorded } = sums(retold);
  const saved = usd.was > 0 ? `, ${Math.round((100 * (usd.now - usd.was)) / usd.was)} %` : "";
  const theirs = failed > 0 ? `; ${failed} failed. The answered ones cost` : ";";
  const by = [...new Set(retold.flatMap(({ now }) => (now.model === null ? [] : [`${now.provider}/${now.model}`])))];
  return [
    out.table(["EVENT", "STEP", "WAS", "NOW", "USD WAS", "USD NOW", "TIME", "DIFFERS IN"], rows),
    "",
    `${same} of ${asked - failed} answers are the same${theirs} ${usd.was.toFixed(4)} USD then, ${usd.now.toFixed(4)} USD now${saved}, at list prices.`,
    ...(retold.some(({ now }) => now.code === OVERSPENT)
      ? ["The budget was not enough for all: --budget sets another, --last asks for fewer."]
      : []),
    ...(by.length > 0 ? [`Asked now: ${by.join(", ")}.`] : []),
    ...(recorded > 0
      ? [`${recorded} of them were answered from a recording, not by a model: what it says of a change is what the recording holds.`]
      : []),
    "Nothing was changed. petrel persona apply FILE makes a change, for firings from then on.",
  ].join("\n");
}
