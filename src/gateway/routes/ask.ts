/** The Domain Expert: "what am I seeing?", answered from live facts with links to them, as server-sent events. */
import { z } from "zod";
import { definitionAnswer, readAnswer } from "../../client/answers.ts";
import { askNet } from "../../client/ask.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { MarkingView } from "../../net/marking-view.ts";
import { type Api, callerOf, described, type House, netName, scope } from "../api.ts";
import { answerTo, type FactLink } from "../expert.ts";
import { mustReach } from "../guard.ts";
import { type ServerEvent, sse } from "../sse.ts";

const askBody = z.object({ net: netName, question: z.string().min(1).max(500) });
const MOST_LINKS = 12;

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
      await noSuchNet(house.broker, net);
      const marking = (await askNet(house.broker, net, "marking")) as unknown as MarkingView;
      const { definition } = readAnswer(definitionAnswer, await askNet(house.broker, net, "definition"), "definition");
      const events = await house.feeds.of(net).recent();
      const title = typeof definition.title === "string" ? definition.title : net;
      const facts = answerTo(question, { net, title, marking, definition: definition as JsonObject, events, now: house.clock.now() });
      await sse(request, reply, house, async function* (): AsyncGenerator<ServerEvent> {
        for (const { text } of facts) yield { event: "text", data: { text: `${text}\n` } };
        yield { event: "done", data: { by: "rules, from the facts above; no model", links: unique(facts.flatMap(({ links }) => links)) } };
      });
      return reply;
    },
  );
}

function unique(links: FactLink[]): FactLink[] {
  const seen = new Set<string>();
  return links.filter(({ kind, id }) => !seen.has(`${kind} ${id}`) && seen.add(`${kind} ${id}`)).slice(0, MOST_LINKS);
}
