/** A model is asked for a rule by its net's master: for doors that have no models of their own. What comes of it is told as an event. */
import * as z from "zod";
import { Cancelled, errorData, Refused, Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { policyOf, stepPolicy } from "../../net/crystal/definition.ts";
import type { Term } from "../term/term.ts";
import { tellStage } from "./crystal-verbs.ts";
import { judgingNote, writingNote } from "./learning-notes.ts";
import { StudyModels } from "./study-models.ts";

const writeBody = z.object({
  transition: z.string(),
  by: z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) }),
});

/** One at a time for a net. */
const asking = new WeakSet<Term>();

/** Begins; the event of stage `learned` says what came of it. Errors: Terminal `unknown-transition`, `no-model-step`, `no-model`, Refused `asking-already`. */
export async function writeRule(term: Term, body: unknown): Promise<Json> {
  const { transition, by } = writeBody.parse(body);
  const { net, ports, loop } = term;
  const step = net?.transitions.get(transition);
  const { kind } = step?.definition ?? {};
  if (!net || !step) throw new Terminal({ code: "unknown-transition", message: `${term.state.net} has no transition ${transition}` });
  if (kind !== "llm" && kind !== "agent")
    throw new Terminal({
      code: "no-model-step",
      message: `${transition} is of kind ${kind} and asks no model: there is nothing to settle`,
    });
  if (step.crystal?.definition.mode === "live")
    throw new Refused({
      code: "rule-answers",
      message: `a rule answers in ${transition}, and no other is written beside it`,
      hint: "petrel crystallize undo",
    });
  if (asking.has(term)) throw new Refused({ code: "asking-already", message: `a model is being asked for a rule of ${term.state.net}` });
  const signal = term.crystals.signal;
  const policy = stepPolicy(policyOf(net.source.crystallize, ports.crystallize), step.definition);
  const models = new StudyModels(term, transition, signal);
  const learn = models.learn(policy, { write: "anew" });
  asking.add(term);
  const told = (summary: string, found: Parameters<typeof tellStage>[1]["found"]) =>
    tellStage(term, { stage: "learned", transition, summary, found, by: by.user });
  void (async () => {
    const [history] = await term.crystals.histories.of(net, transition);
    const proposal = await learn(history ?? { examples: [] }, policy);
    const { written, judged } = proposal;
    if (judged) await tellStage(term, { stage: "proven", transition, by: by.user, ...judgingNote(transition, judged) });
    if (written) return void (await tellStage(term, { stage: "learned", transition, by: by.user, ...writingNote(transition, written) }));
    const { good } = proposal.examples;
    await told(`No model was asked for a rule for ${transition}: it has ${good} good answers, and ${policy.least} are the fewest.`, {
      asked: false,
    });
  })()
    .catch(async (error: unknown) => {
      if (loop.isOver || error instanceof Cancelled) return;
      const { code, message } = errorData(error);
      await told(`A model could not be asked for a rule for ${transition}: ${message}.`, { failed: { code, message } });
    })
    .catch(() => {})
    .finally(() => {
      models.end();
      asking.delete(term);
    });
  return { transition, asking: true };
}
