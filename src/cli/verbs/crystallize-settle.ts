/** Stages 4 to 6: a rule beside its model, in its place, gone again, and how each one does. */

import * as z from "zod";
import { askNet } from "../../client/ask.ts";
import { besideAlready, type CrystalRow, crystalsOf, policyHeld, putIntoShadow, share } from "../../client/crystals.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { isoTime } from "../../contract/clock.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { CrystallizePolicy } from "../../net/crystal/definition.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import type { Output } from "../output.ts";
import { WITH_MODEL_OPTIONS } from "../run/rule-writing.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";
import { studyOf } from "./crystallize.ts";

export const crystallizeShadowVerb: Verb = {
  command: "crystallize shadow <net> <transition>",
  summary: "put the learned rule of a step beside its model, without effect",
  details: "From then on both answer; the model's answer counts, and where the two differ both lie in the place disagreements.",
  examples: [
    "petrel crystallize shadow safe-teams judge",
    "petrel crystallize shadow safe-teams judge --firings 50",
    "petrel crystallize shadow safe-teams judge --with-model",
  ],
  options: [
    { flags: "--firings <n>", about: "how many firings it stays there (default: what the net's policy says, else 20)" },
    { flags: "--audit <share>", about: "the share of firings that is compared once it is live (default: 0.02)" },
    { flags: "--unproven", about: "also a rule whose proof is not good enough" },
    { flags: "--again", about: "the rule that the transition has already, as it stands: its shadow begins anew" },
    { flags: "--anew", about: "learn again where a rule is beside the model already, and put that one in its place" },
    ...WITH_MODEL_OPTIONS,
    ROLE_OPTION,
  ],
  run: async (call) => {
    const [net, transition] = [call.arg("net"), call.arg("transition")];
    const { before, answer } = await call.withBroker(async (broker) => {
      const before = (await crystalsOf(broker, net)).find((row) => row.transition === transition) ?? null;
      return { before, answer: await begun(call, broker, net, transition) };
    });
    const told = shadowAnswer.parse(answer);
    const words = told.changed ? beganText(transition, before, call.on("again")) : besideText(transition, told);
    call.out.result(answer, () => `${words}\npetrel crystallize status ${net} shows how it does.`);
    return EXIT.ok;
  },
};

const shadowAnswer = z.looseObject({
  ...{ changed: z.boolean().default(true), mode: z.string(), rule: z.string().nullish() },
  ...{ since: z.int().default(0), beside: z.int().default(0), needs: z.int().default(0) },
});

async function begun(call: VerbCall, broker: Broker, net: string, transition: string): Promise<Json> {
  const by = callerOf(call);
  if (call.on("again")) {
    mustStandAlone(call);
    return askNet(broker, net, "crystal-settle", { transition, action: "shadow", by });
  }
  // Said twice, it is as it was: another rule, or other conditions, have to be asked for.
  const isThere = isPlain(call) ? await besideAlready(broker, net, transition) : null;
  if (isThere) return isThere;
  const found = await studyOf(call, broker, { net, transition, anew: false });
  const at = isoTime(call.petrel.clock.now());
  const [firings, audit] = [call.integer("firings"), shareOf(call, "audit")];
  return putIntoShadow(broker, found, transition, { by, at, unproven: call.on("unproven"), firings, audit });
}

function isPlain(call: VerbCall): boolean {
  const flags = ["anew", "unproven", "withModel", "judge"].some((name) => call.on(name));
  return !flags && ["rule", "equality", "firings", "audit"].every((name) => call.text(name) === undefined);
}

function besideText(transition: string, { mode, rule, since, beside, needs }: z.output<typeof shadowAnswer>): string {
  const where = mode === "live" ? "beside the one that answers" : "beside its model";
  const ways = mode === "live" ? "--anew learns another one" : "--again begins its shadow anew, --anew learns another one";
  return `The rule ${rule ?? ""} of ${transition} is ${where} already, since event ${since}, for ${beside} of ${needs} firings: nothing was changed.\n${ways}.`;
}

export const crystallizePromoteVerb: Verb = {
  command: "crystallize promote <net> <transition>",
  summary: "put the rule of a step in its model's place",
  details: "What the rule does not claim still goes to the model. Firings under way end as they began.",
  examples: ["petrel crystallize promote safe-teams judge"],
  options: [{ flags: "--early", about: "before its shadow is over, or though it was demoted" }, ROLE_OPTION],
  run: (call) =>
    settle(
      call,
      "promote",
      (net, transition) =>
        `The rule of ${transition} answers in the model's place now.\npetrel crystallize undo ${net} ${transition} brings the model back.`,
    ),
};

export const crystallizeUndoVerb: Verb = {
  command: "crystallize undo <net> <transition>",
  summary: "take the rule of a step away: its model does all of it again",
  details:
    "Also what waits at a gate of the step. What the model was asked about, and the calls that a tool program has begun, end as they began.",
  examples: ["petrel crystallize undo safe-teams judge"],
  options: [ROLE_OPTION],
  run: (call) => settle(call, "undo", (_, transition) => `The model does all of ${transition} again.`),
};

export const crystallizeStatusVerb: Verb = {
  command: "crystallize status <net>",
  summary: "show the rules of a net: how far they are, and how they agree with their models",
  examples: ["petrel crystallize status safe-teams", "petrel crystallize status safe-teams --json"],
  run: async (call) => {
    const net = call.arg("net");
    const { rows, policy } = await call.withBroker(async (broker) => ({
      rows: await crystalsOf(broker, net),
      policy: await policyHeld(broker, net),
    }));
    const told = { net, policy: policy as unknown as Json, transitions: rows as unknown as Json };
    call.out.result(told, () =>
      [statusText(net, rows, call.out), ...rows.flatMap((row) => nextText(net, row)), "", policyText(policy)].join("\n"),
    );
    return EXIT.ok;
  },
};

async function settle(call: VerbCall, action: string, said: (net: string, transition: string) => string): Promise<ExitCode> {
  const [net, transition] = [call.arg("net"), call.arg("transition")];
  const body: JsonObject = { transition, action, early: call.on("early"), by: callerOf(call) };
  const answer = await call.withBroker((broker) => askNet(broker, net, "crystal-settle", body));
  const { changed, since } = z.looseObject({ changed: z.boolean(), since: z.int().optional() }).parse(answer);
  const already = `The rule of ${transition} answers already, since event ${since ?? 0}: nothing was changed.`;
  call.out.result(answer, () => (changed ? said(net, transition) : already));
  return EXIT.ok;
}

/** `--again` takes the rule with its conditions as they stand. */
function mustStandAlone(call: VerbCall): void {
  const given = ["equality", "rule", "firings", "audit", "anew"].find((name) => call.text(name) !== undefined || call.on(name));
  if (given !== undefined)
    throw usage(`--again takes the rule as it stands, so --${given} has no place beside it`, "leave one of them away");
}

function shareOf(call: VerbCall, name: string): number | undefined {
  const text = call.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value >= 0.001 && value <= 1) return value;
  throw usage(`--${name} takes a share from 0.001 to 1, not "${text}"`, `like --${name} 0.02`);
}

/** What stood there before, and what becomes of it. */
function beganText(transition: string, before: CrystalRow | null, again: boolean): string {
  if (before?.mode === "live" && !again) return `A later rule of ${transition} is beside the one that answers now, without effect.`;
  const { same, other } = before?.record?.shadow ?? { same: 0, other: 0 };
  const begins = `The rule of ${transition} is beside its model now, without effect.`;
  if (before?.mode === "live") return `${begins} It answered before; the model does all of it again.`;
  if (before?.mode !== "shadow" || same + other === 0) return begins;
  return `${begins} Its shadow begins anew: ${again ? "it" : before.rule} had been beside the model for ${same + other} of ${before.definition?.shadow ?? 0} firings.`;
}

/** Of rules that come: those that there are have theirs in the net file. */
function policyText({ bound, confidence, shadow, audit, promote, approvers = ["role:maintainer"] }: CrystallizePolicy): string {
  const who =
    promote === "policy" ? "the net's policy" : approvers.map((one) => one.replace(/^role:/, "a ").replace(/^user:/, "")).join(" or ");
  const proof = `differ from the model in no more than ${share(bound)}, with ${share(confidence)} confidence`;
  return `New rules: they ${proof}; ${shadow} firings beside it; then ${who} says yes; audits of ${share(audit)}.`;
}

/** The next command where it is people's turn. */
function nextText(net: string, { transition, mode, gate, record, definition }: CrystalRow): string[] {
  if (mode === "none" && record) return [`${transition}: its rule was taken away, and it is left alone until somebody begins again.`];
  if (mode === "demoted" && gate === null)
    return [`${transition}: its rule was demoted, and its model does all of it: ${record?.demoted?.reason ?? "nobody says why"}`];
  if (gate === null) return [];
  const show = definition?.next ? `petrel crystallize status ${net} --json` : `petrel crystallize show ${net} ${transition}`;
  return [`${transition}: ${show}, then petrel gate approve ${net} ${gate}, or reject`];
}

/** What the numbers of a column count. */
const UNITS = [
  "ANSWERED: firings that the rule answered; LEFT: those that it left to the model; SHADOW, AUDITS: firings that both answered, before it was live and since;",
  "BAD: answers of the rule that were sent back, rejected or corrected later.",
].join("\n");

function statusText(net: string, rows: CrystalRow[], out: Output): string {
  const shown = rows.filter(({ mode }) => mode !== "none");
  if (shown.length === 0) return `No step of ${net} has a rule.\npetrel crystallize ${net} looks for steps that have settled.`;
  const told = (part: { same: number; other: number } | undefined) =>
    part && part.same + part.other > 0 ? `${part.same} of ${part.same + part.other} the same` : "";
  const needed = (part: { same: number; other: number } | undefined, firings: number) =>
    `${told(part) || "no firing yet"}, it takes ${firings} firings`;
  const lines = shown.flatMap(({ transition, persona, mode, rule, record, definition, gate }) => {
    const later = definition?.next && record?.next ? { ...record.next, needs: definition.next.shadow } : null;
    return [
      rowOf(),
      ...(later ? [[`${transition}, later`, persona, "beside", later.rule, "", "", needed(later, later.needs), "", "", ""]] : []),
    ];
    function rowOf(): string[] {
      return [
        transition,
        persona,
        mode,
        rule ?? "",
        record ? String(record.answered) : "0",
        record ? String(record.declined) : "0",
        mode === "shadow" && definition ? needed(record?.shadow, definition.shadow) : told(record?.shadow),
        [told(record?.audit), ...(record?.missed ? [`${record.missed.all} missed`] : [])].filter(Boolean).join(", "),
        record?.bad ? String(record.bad) : "",
        gate ?? "",
      ];
    }
  });
  const table = out.table(["STEP", "PERSONA", "NOW", "RULE", "ANSWERED", "LEFT", "SHADOW", "AUDITS", "BAD", "WAITS FOR"], lines);
  return `${table}\n\n${UNITS}`;
}
