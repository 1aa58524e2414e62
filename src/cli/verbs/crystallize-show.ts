/** One step's rule in readable form, with examples of what it answers, where it differed, and what it leaves to the model. */
import { type CrystalRow, crystalsOf, type Study, share, tellAsked } from "../../client/crystals.ts";
import type { Broker } from "../../contract/broker.ts";
import type { Json } from "../../contract/json.ts";
import type { Proposal, Shown } from "../../crystallize/crystallize.ts";
import { WRITTEN } from "../../crystallize/written.ts";
import { printRule } from "../../net/rule/print-rule.ts";
import { callerOf } from "../caller.ts";
import { WITH_MODEL_OPTIONS } from "../run/rule-writing.ts";
import { sameRuleOptions } from "../run/same-rule.ts";
import { EXIT, type Verb } from "../verb.ts";
import { badText, noExamples, studyOf, writtenText } from "./crystallize.ts";

const WIDTH = 110;

export const crystallizeShowVerb: Verb = {
  command: "crystallize show <net> <transition>",
  summary: "print the rule of a step, with examples and with what it leaves to the model",
  details:
    "The rule that the transition has; without one, what its history teaches. Examples are of the history's later part, which it had not seen.",
  examples: ["petrel crystallize show safe-teams judge", "petrel crystallize show safe-teams judge --json"],
  options: WITH_MODEL_OPTIONS,
  run: async (call) => {
    const [net, transition] = [call.arg("net"), call.arg("transition")];
    const { found, row } = await call.withBroker(async (broker) => {
      // A rule that is named is the one to show, whatever stands there.
      const row = call.text("rule") === undefined ? await rowOf(broker, net, transition) : null;
      const made = await studyOf(call, broker, { net, transition, anew: false, ...(row?.definition ? { standing: row.definition } : {}) });
      await tellAsked(broker, { ...made, proposals: made.proposals.filter(asksModels) }, callerOf(call));
      return { found: made, row };
    });
    const made = found.proposals[0];
    // All that is told is of one rule: what --with-model found beside the one that stands there is told as another.
    const isOther = row?.definition !== null && row?.definition !== undefined && made?.rule !== row.rule;
    const proposal = isOther ? null : (made?.proposal ?? null);
    const rule = row?.definition?.rule ?? proposal?.rule ?? null;
    const told = {
      ...{ net, transition, mode: row?.mode ?? "none", rule, readable: rule ? printRule(rule) : [] },
      ...{ proof: (row?.definition ? row.definition.proof : proposal?.proof) ?? null, record: row?.record ?? null, proposal },
      ...(isOther && made?.rule ? { other: { rule: made.rule, proposal: made.proposal } } : {}),
    };
    const next = nextText(net, transition, row, proposal, sameRuleOptions(call, made));
    const other = isOther ? otherText(net, transition, made, sameRuleOptions(call, made)) : [];
    call.out.result(told as unknown as Json, () => [...shownText(found, row, proposal), ...other, ...next].join("\n"));
    return EXIT.ok;
  },
};

async function rowOf(broker: Broker, net: string, transition: string): Promise<CrystalRow | null> {
  return (await crystalsOf(broker, net)).find((one) => one.transition === transition) ?? null;
}

/** Looking alone leaves no event; what it cost, or what a model wrote for it, does. */
function asksModels({ proposal: { written, judged } }: Study["proposals"][number]): boolean {
  return (written?.rounds ?? 0) > 0 || (judged?.asked ?? 0) > 0;
}

function shownText(found: Study, row: CrystalRow | null, proposal: Proposal | null): string[] {
  const name = found.net.definition.net;
  const step = found.candidates[0];
  const transition = step?.transition ?? row?.transition ?? "";
  const rule = row?.definition?.rule ?? proposal?.rule ?? null;
  if (!rule) {
    const why = proposal?.reasons[0] ?? noExamples(step?.asked ?? 0);
    return [`${transition} has no rule: ${why}.`, ...(step ? badText(step) : [])];
  }
  const state = row?.definition ? `${row.mode}, ${row.rule}` : `${originOf(proposal)}, not in use`;
  return [
    `${row?.definition ? "The rule of" : "A rule for"} ${transition} in ${name} (${state}):`,
    ...printRule(rule).map((line) => `  ${line}`),
    "",
    ...writtenText(found.proposals),
    ...(step ? badText(step) : []),
    ...proofText(row, proposal),
    ...recordText(row),
    ...examplesText("It answers as the model did", proposal?.answered ?? [], ({ input, given }) => `${short(input)} -> ${short(given)}`),
    ...examplesText(
      "It answered otherwise",
      proposal?.disagreements ?? [],
      ({ input, given, wanted }) => `${short(input)} -> ${short(given)}; the model: ${short(wanted)}`,
    ),
    ...examplesText("It leaves to the model", proposal?.declined ?? [], ({ input, reason }) => `${short(input)}: ${reason ?? ""}`),
  ];
}

const unjudgedWords = (unjudged = 0): string => (unjudged === 0 ? "" : `, ${unjudged} are other words that no judge has looked at`);

function originOf(proposal: Proposal | null): string {
  const learner = proposal?.learner ?? "";
  return learner === WRITTEN || learner.startsWith("given ") ? learner : "learned from its history";
}

/** Of a rule that was found beside the one that stands there. */
function otherText(net: string, transition: string, made: Study["proposals"][number] | undefined, options: string): string[] {
  if (!made?.rule) return [];
  const { promotable, reasons } = made.proposal;
  const good = promotable
    ? `good enough: petrel crystallize shadow ${net} ${transition}${options}`
    : `not good enough: ${reasons.join("; ")}`;
  return [`Another rule was found, ${made.rule}, ${originOf(made.proposal)}; it is ${good}`];
}

function proofText(row: CrystalRow | null, proposal: Proposal | null): string[] {
  const proof = row?.definition?.proof;
  if (proof) {
    return [
      `Learned from ${proof.learned} firings by ${proof.by}: ${proof.learner}.`,
      `Proven on ${proof.held} later firings (events ${proof.from} to ${proof.to}): it claimed ${proof.covered} of them (${share(proof.coverage)}), and ${proof.wrong} of its answers differed from the model's${unjudgedWords(proof.unjudged)}; no more than ${share(proof.bound)} will with ${share(proof.confidence)} confidence.`,
      `While it answers it saves ${proof.savedUsd.toFixed(2)} USD and ${(proof.savedMs / 1000).toFixed(0)} s in 1,000 firings, audits apart.`,
      "",
    ];
  }
  // What it declined and its audits alone would be counted.
  if (row?.definition) return ["It has no proof: somebody wrote it by hand.", ""];
  if (!proposal?.proof) return [];
  const { proof: made, learner, savings, promotable, reasons } = proposal;
  return [
    learner.startsWith("given ")
      ? `The rule was ${learner}; nothing was learned for it.`
      : `Learned from ${made.examples} firings: ${learner}.`,
    `Proven on ${made.holdout} later firings: it claims ${made.covered} of them (${share(made.coverage)}), and ${made.wrong} of its answers differ from the model's${unjudgedWords(made.unjudged)}; no more than ${share(made.bound)} will with ${share(made.confidence)} confidence.`,
    `Would save ${savings.usdPer1000.toFixed(2)} USD and ${(savings.msPer1000 / 1000).toFixed(0)} s in 1,000 firings, audits apart.`,
    promotable ? "It is good enough." : `It is not good enough: ${reasons.join("; ")}.`,
    "",
  ];
}

function recordText(row: CrystalRow | null): string[] {
  const record = row?.record;
  // What is told of a rule that is gone says nothing of the one that is shown.
  if (!row?.definition || !record) return [];
  const { shadow, audit, answered, declined, bad, demoted } = record;
  return [
    `Since event ${record.since}: ${firings(answered)} answered, ${firings(declined)} left to the model. The same as the model's: ${compared(shadow)} in its shadow, ${compared(audit)} in audits${missedWords(record)}. Sent back, rejected or corrected: ${answers(bad)}.`,
    ...(demoted ? [`Demoted at event ${demoted.seq}: ${demoted.reason}.`] : []),
    "",
  ];
}

function missedWords({ missed }: NonNullable<CrystalRow["record"]>): string {
  return missed ? ` (${missed.all} audits missed, since the model could not be asked)` : "";
}

const firings = (count: number): string => `${count} ${count === 1 ? "firing" : "firings"}`;
const answers = (count: number): string => `${count} ${count === 1 ? "answer" : "answers"}`;
const compared = ({ same, other }: { same: number; other: number }): string => `${same} of ${answers(same + other)}`;

function examplesText(title: string, shown: readonly Shown[], line: (one: Shown) => string): string[] {
  return shown.length === 0 ? [] : [`${title}:`, ...shown.slice(0, 5).map((one) => `  event ${one.seq}: ${line(one)}`), ""];
}

function nextText(net: string, transition: string, row: CrystalRow | null, proposal: Proposal | null, options: string): string[] {
  switch (row?.mode) {
    case "live":
      return [`petrel crystallize undo ${net} ${transition} brings the model back.`];
    case "shadow":
      return [promoteText(net, transition, row)];
    case "demoted": {
      const question = row.gate === null ? "" : `petrel gate ls ${net} shows the question; `;
      return [`${question}petrel crystallize shadow ${net} ${transition} --again lets it begin again.`];
    }
    case "off":
      return [`petrel crystallize shadow ${net} ${transition} --again puts it beside the model, without effect.`];
    default:
      if (proposal?.promotable)
        return [`petrel crystallize shadow ${net} ${transition}${options} puts it beside the model, without effect.`];
      if (!proposal?.rule || options === "") return [];
      return [`petrel crystallize shadow ${net} ${transition}${options} --unproven puts it there all the same, without effect.`];
  }
}

/** Before its shadow is over it would be refused. */
function promoteText(net: string, transition: string, { record, definition }: CrystalRow): string {
  const { same, other } = record?.shadow ?? { same: 0, other: 0 };
  const needs = definition?.shadow ?? 0;
  const promote = `petrel crystallize promote ${net} ${transition} puts it in the model's place`;
  return same + other >= needs ? `${promote}.` : `After ${needs} firings beside the model (${same + other} so far) ${promote}.`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
}
