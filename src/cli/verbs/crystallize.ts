/** Crystallization, stages 1 to 3: which steps have settled, what a rule for them would be, and how good it is. Nothing is changed. */
import { judgingNote, writingNote } from "../../actors/crystal/learning-notes.ts";
import { type CrystalRow, crystalsOf, type Study, share, study, tellStudy } from "../../client/crystals.ts";
import type { Json } from "../../contract/json.ts";
import { callerOf } from "../caller.ts";
import { equalityOf } from "../run/equality-option.ts";
import { type LearnerWish, learnerOf, WITH_MODEL_OPTIONS } from "../run/rule-writing.ts";
import { sameRuleOptions } from "../run/same-rule.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const crystallizeVerb: Verb = {
  command: "crystallize <net> [transition]",
  summary: "find steps that need no model any more: learn rules from their history and prove them",
  details:
    "Looks through the log, learns a rule for each step that asks a model from the earlier part of its history, and proves it on the\nlater part. Nothing is changed: `crystallize shadow` puts a rule beside its model, `promote` in its place, `undo` brings the model back.",
  examples: [
    "petrel crystallize safe-teams",
    "petrel crystallize safe-teams judge",
    "petrel crystallize safe-teams judge --with-model",
    "petrel crystallize safe-teams judge --rule rule.json",
    "petrel crystallize safe-teams --json",
  ],
  options: [{ flags: "--quiet", about: "leave no events in the net's log" }, ...WITH_MODEL_OPTIONS],
  run: async (call) => {
    const net = call.arg("net");
    const { found, rows } = await call.withBroker(async (broker) => {
      const made = await studyOf(call, broker, { net, transition: call.optionalArg("transition"), anew: true });
      if (!call.on("quiet")) await tellStudy(broker, made, callerOf(call));
      return { found: made, rows: await crystalsOf(broker, net) };
    });
    call.out.result(studyJson(found, rows), () => studyText(found, rows, call));
    return EXIT.ok;
  },
};

/** The study with its progress on stderr. */
export async function studyOf(call: VerbCall, broker: Parameters<typeof study>[0], wish: LearnerWish): Promise<Study> {
  const { net, transition } = wish;
  const { out, petrel } = call;
  const shows = petrel.stderr.isTTY === true && !out.json;
  const tell = (text: string) => void (shows && petrel.stderr.write(`\r\u001b[K${text}`));
  const equality = equalityOf(call);
  // Said for this once: it counts before what the rule itself says.
  const standing = wish.standing && equality !== undefined ? { standing: { ...wish.standing, equality } } : {};
  const learn = await learnerOf(call, broker, { ...wish, ...standing }, tell);
  const found = await study(broker, net, {
    learn,
    ...(equality === undefined ? {} : { equality }),
    ...(transition === undefined ? {} : { transition }),
    onProgress: (progress) =>
      progress.stage === "history"
        ? tell(`reading the log: ${progress.events} events`)
        : tell(`learning ${progress.at} of ${progress.of}: ${progress.transition}`),
  });
  tell("");
  for (const { transition: of, message } of found.warnings) out.say(`${out.paint.yellow("warning:")} ${of}: ${message}`);
  return found;
}

function studyJson({ net, policy, candidates, proposals, warnings }: Study, rows: CrystalRow[]): Json {
  const proposal = (name: string) => proposals.find(({ transition }) => transition === name);
  return {
    net: net.definition.net,
    version: net.version,
    policy: policy as unknown as Json,
    ...(warnings.length > 0 ? { warnings } : {}),
    transitions: candidates.map((one) => {
      const { rule = null, proposal: made } = proposal(one.transition) ?? {};
      const row = rows.find(({ transition }) => transition === one.transition);
      return { ...one, mode: row?.mode ?? "none", rule, proposal: (made ?? null) as unknown as Json } as unknown as Json;
    }),
  };
}

function studyText({ net, candidates, proposals }: Study, rows: CrystalRow[], call: VerbCall): string {
  const { out } = call;
  const name = net.definition.net;
  if (candidates.length === 0) return `${name} has no step that asks a model.`;
  const lines = candidates.map((one) => {
    const proposal = proposals.find(({ transition }) => transition === one.transition)?.proposal;
    const mode = rows.find(({ transition }) => transition === one.transition)?.mode ?? "none";
    return [
      one.transition,
      one.persona,
      String(one.asked),
      one.byRule === 0 ? "" : String(one.byRule),
      one.bad === 0 ? "" : String(one.bad),
      String(one.shapes),
      one.stability === null ? "" : share(one.stability),
      one.usdPerFiring.toFixed(4),
      `${(one.msPerFiring / 1000).toFixed(1)} s`,
      proposal?.rule ? proposal.learner : "",
      proposal?.proof ? share(proposal.proof.coverage) : "",
      proposal?.proof ? share(proposal.proof.bound) : "",
      proposal?.proof ? proposal.savings.usdPer1000.toFixed(2) : "",
      mode === "none" ? "" : mode,
    ];
  });
  const head = [
    "STEP",
    "PERSONA",
    "ASKED",
    "BY RULE",
    "BAD",
    "SHAPES",
    "STABLE",
    "USD",
    "TIME",
    "RULE",
    "CLAIMS",
    "ERROR <",
    "SAVES/1000",
    "NOW",
  ];
  const used = head.map((_, at) => at < 3 || lines.some((line) => line[at] !== ""));
  const cut = (row: string[]) => row.filter((_, at) => used[at]);
  const told = [
    ...candidates.flatMap(badText),
    ...writtenText(proposals),
    ...(call.text("rule") === undefined ? nextSteps(name, candidates, proposals, rows, call) : givenText(name, proposals, call)),
  ];
  const units = UNITS.flatMap(([column, text]) => (head.some((name, at) => used[at] && name === column) ? [text] : []));
  return [out.table(cut(head), lines.map(cut)), "", `${units.join("; ")}.`, "", ...told].join("\n");
}

/** What the numbers of a column count. */
const UNITS: readonly [string, string][] = [
  ["ASKED", "ASKED: firings that the model answered"],
  ["BY RULE", "BY RULE: firings that a rule answered"],
  ["BAD", "BAD: answers that are no examples"],
  ["SHAPES", "SHAPES: forms of input"],
  ["STABLE", "STABLE: of inputs that came more than once, those with the usual answer"],
  ["USD", "USD, TIME: of one firing by the model"],
  ["CLAIMS", "CLAIMS: later firings that the rule would answer"],
  ["ERROR <", "ERROR <: of those, no more differ from the model"],
  ["SAVES/1000", "SAVES/1000: USD in 1,000 firings"],
];

/** Which answers are no examples, and why. */
export function badText({ transition, bad, badBy }: Study["candidates"][number]): string[] {
  if (bad === 0) return [];
  const parts = badBy.map(({ why, count, seqs }) => {
    const which = `${seqs.length < count ? "the last at events" : seqs.length === 1 ? "event" : "events"} ${seqs.join(", ")}`;
    return `${count} ${TURNED_DOWN[why] ?? why} (${which})`;
  });
  return [`${transition}: ${bad} ${bad === 1 ? "answer is no example" : "answers are no examples"}: ${parts.join(", ")}`];
}

const TURNED_DOWN: Record<string, string> = {
  reworked: "sent back by a later step",
  rejected: "rejected at a gate",
  corrected: "corrected by a person",
};

/** Of a rule that was named: its proof, whatever stands there. */
function givenText(net: string, proposals: Study["proposals"], call: VerbCall): string[] {
  return proposals.flatMap((made) => {
    const { transition, proposal } = made;
    const { learner, promotable, reasons } = proposal;
    if (!promotable) return [`${transition}: the rule ${learner} is not good enough: ${reasons.join("; ")}`];
    const next = `petrel crystallize shadow ${net} ${transition}${sameRuleOptions(call, made)}`;
    return [`${transition}: the rule ${learner} is good enough: ${next}`];
  });
}

export function noExamples(asked: number): string {
  return asked === 0 ? "it has answered nothing yet" : "none of its answers is an example for what is asked today";
}

/** What came of asking models. */
export function writtenText(proposals: Study["proposals"]): string[] {
  return proposals.flatMap(({ transition, proposal: { written, judged } }) => {
    const notes = [...(written ? [writingNote(transition, written)] : []), ...(judged ? [judgingNote(transition, judged)] : [])];
    return notes.map(({ summary, model }) => {
      const cost = model ? ` It cost ${(model.listUsd ?? model.costUsd).toFixed(4)} USD (${model.provider}/${model.name}).` : "";
      return `${summary}${cost}`;
    });
  });
}

function nextSteps(
  net: string,
  candidates: Study["candidates"],
  proposals: Study["proposals"],
  rows: CrystalRow[],
  call: VerbCall,
): string[] {
  return candidates.map(({ transition, asked }) => {
    const made = proposals.find((one) => one.transition === transition);
    const proposal = made?.proposal;
    const mode = rows.find((row) => row.transition === transition)?.mode ?? "none";
    if (mode === "live" || mode === "shadow")
      return `${transition}: a rule is ${mode === "live" ? "in the model's place" : "beside the model"}: petrel crystallize status ${net}`;
    if (!proposal) return `${transition}: stays with the model: ${noExamples(asked)}`;
    if (!proposal.promotable) return `${transition}: stays with the model: ${proposal.reasons[0] ?? "no rule was found"}`;
    const same = sameRuleOptions(call, made);
    return `${transition}: petrel crystallize show ${net} ${transition}${same}, then petrel crystallize shadow ${net} ${transition}${same}`;
  });
}
