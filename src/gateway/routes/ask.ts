/** The Domain Expert: "what am I seeing?", answered from live facts with links to them, as server-sent events. */
import * as z from "zod";
import { definitionAnswer, readAnswer, whyAnswer } from "../../client/answers.ts";
import { askNet } from "../../client/ask.ts";
import { PetrelError } from "../../contract/errors.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { MarkingView } from "../../contract/marking.ts";
import type { Tiers } from "../../models/tiers.ts";
import type { NetDefinition } from "../../net/definition.ts";
import { flattenNet } from "../../net/flatten.ts";
import { EXPERT_USD_PER_DAY, expertSpent, noteExpertSpend } from "../access/expert-budget.ts";
import { GUEST_QUESTIONS, GUEST_ROLE, takeGuestQuestion } from "../access/guests.ts";
import type { Caller } from "../access/tokens.ts";
import { type Api, callerOf, described, type House, netName, scope } from "../api.ts";
import { ASKS_WHY, answerTo, type FactLink, namesIn, type Seen, transitionsOf } from "../expert.ts";
import { askExpertModel, linksIn } from "../expert-model.ts";
import { mustReach } from "../guard.ts";
import { mustBeNet } from "../known-net.ts";
import { type ServerEvent, sse } from "../sse.ts";
import { pieces } from "../text-pieces.ts";

const askBody = z.object({ net: netName, question: z.string().min(1).max(500) });
const LIMITS = { usdPerDay: EXPERT_USD_PER_DAY, guestQuestionsPerDay: GUEST_QUESTIONS };
const MOST_LINKS = 12;
const RULES = "rules, from the facts above; no model";

export function askRoutes(api: Api, house: House): void {
  // A question changes nothing, whatever its method.
  api.post(
    "/api/ask",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["expert"],
        summary: "Ask the Domain Expert about a net",
        body: askBody,
        produces: ["text/event-stream"],
        response: described("server-sent events: text, then done with links"),
      },
    },
    async (request, reply) => {
      const { net, question } = request.body;
      mustReach(callerOf(request), net);
      await mustBeNet(house.broker, net);
      const seen = await seenOf(house, net, question);
      const { tiers, why } = await whoAnswers(house, callerOf(request));
      await sse(request, reply, house, (signal) =>
        tiers ? byModel(house, tiers, question, seen, signal) : byRules(question, seen, why === null ? RULES : `${RULES} (${why})`),
      );
      return reply;
    },
  );
}

async function seenOf({ broker, feeds, clock }: House, net: string, question: string): Promise<Seen> {
  const marking = (await askNet(broker, net, "marking")) as unknown as MarkingView;
  const { definition } = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  // What stands in sub-nets is asked for by the names that events and places have.
  const flat = flattenNet(definition as unknown as NetDefinition).definition as unknown as JsonObject;
  const events = await feeds.of(net).recent();
  const title = typeof definition.title === "string" ? definition.title : net;
  const known = { net, title, marking, definition: flat, events, now: clock.now() };
  const transitions = transitionsOf(known);
  const asked = ASKS_WHY.test(question)
    ? namesIn(question, { ...known, reasons: new Map() }).filter((name) => transitions.includes(name))
    : [];
  const reasons = new Map(await Promise.all(asked.map(async (name) => [name, await whyNot(broker, net, name)] as const)));
  return { ...known, reasons };
}

async function whyNot(broker: House["broker"], net: string, name: string): Promise<string[]> {
  const answers = readAnswer(whyAnswer, await askNet(broker, net, "why", { name }), "why");
  return answers.flatMap(({ fires, reasons }) => (fires ? [`${name} fires.`] : reasons.map(({ text }) => `${text.replace(/\.$/, "")}.`)));
}

async function whoAnswers(house: House, caller: Caller): Promise<{ tiers: Tiers | null; why: string | null }> {
  const { expert, broker, clock } = house;
  const { usdPerDay, guestQuestionsPerDay } = house.expertLimits ?? LIMITS;
  if (!expert) return { tiers: null, why: null };
  if ((await expertSpent(broker.keyValue("access"), clock)) >= usdPerDay)
    return { tiers: null, why: "the model has spent its budget of today" };
  if (!caller.roles.includes(GUEST_ROLE)) return { tiers: expert, why: null };
  return (await takeGuestQuestion(broker.keyValue("access"), clock, guestQuestionsPerDay))
    ? { tiers: expert, why: null }
    : { tiers: null, why: "guests have asked the model all their questions of today" };
}

async function* byRules(question: string, seen: Seen, by: string): AsyncGenerator<ServerEvent> {
  const facts = answerTo(question, seen);
  for (const { text } of facts) yield { event: "text", data: { text: `${text}\n` } };
  yield { event: "done", data: { by, links: unique(facts.flatMap(({ links }) => links)) } };
}

/** A model that cannot answer leaves it to the rules. */
async function* byModel(house: House, tiers: Tiers, question: string, seen: Seen, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const stream = pieces((onText) => askExpertModel(tiers, { question, seen, key: house.ids.next() }, signal, onText));
  for await (const text of stream.texts) yield { event: "text", data: { text } };
  try {
    const { text, by, costUsd } = await stream.whole;
    await noteExpertSpend(house.broker.keyValue("access"), house.clock, costUsd);
    yield { event: "done", data: { by, links: unique(linksIn(text, seen)) } };
  } catch (error) {
    house.logger.warn({ error: String(error) }, "the Domain Expert's model did not answer; the rules do");
    if (signal.aborted) return;
    const code = error instanceof PetrelError ? error.code : "unexpected";
    yield* byRules(question, seen, `${RULES} (the model did not answer: ${code})`);
  }
}

function unique(links: FactLink[]): FactLink[] {
  const seen = new Set<string>();
  return links.filter(({ kind, id }) => !seen.has(`${kind} ${id}`) && seen.add(`${kind} ${id}`)).slice(0, MOST_LINKS);
}
