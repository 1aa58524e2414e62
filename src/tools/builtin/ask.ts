import * as z from "zod";
import { Retryable } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";
import { waitFor } from "../wait-for.ts";

export const ask = masterTool({
  name: "ask",
  flag: "w",
  description:
    "Ask a specialist through a place: puts {question, data} into a place that your output arcs name, and waits until a token that was made of it lies in `answers`, a place that your input arcs name.",
  input: z.strictObject({
    place: z.string().min(1).max(160),
    question: z.string().min(1).max(8000),
    data: z.json().optional(),
    answers: z.string().min(1).max(160),
    seconds: z.int().min(1).max(900).default(300),
  }),
  output: z.strictObject({ question: z.string().describe("Id of the question's token"), answer: z.json(), id: z.string(), by: z.string() }),
  needs: ["writes", "reads"],
  limits: { seconds: 930, bytes: 64 * 1024 },
  errors: {
    "place-not-wired": "no arc leads to one of the places",
    schema: "the question does not meet the place's schema",
    "place-full": "the place holds as many tokens as it may",
    "no-answer-yet": "nobody answered in time; the question stays where it is",
  },
  run: async ({ place, question, data, answers, seconds }, { writes, reads, call, clock, signal, follow }) => {
    const writer = handleOf(writes, place, "write to");
    handleOf(reads, answers, "read");
    const line = new Lineage(answers);
    const answer = waitFor<Token>(clock, signal, seconds, (done) => follow((event) => line.take(event, done)));
    try {
      const { id } = await writer.put({ question, ...(data === undefined ? {} : { data }) }, call);
      line.begin(id);
      const found = await answer.settled;
      if (!found) {
        throw new Retryable({
          code: "no-answer-yet",
          message: `nobody answered within ${seconds} s; the question ${id} stays in ${place}`,
        });
      }
      return { question: id, answer: found.data as Json, id: found.id, by: found.by };
    } finally {
      answer.stop();
    }
  },
});

type Token = NonNullable<NetEvent["produced"]>[number]["token"];

/** Which tokens were made of the question. Events that come before its id is known are looked at then. */
class Lineage {
  readonly #answers: string;
  #ids: Set<string> | null = null;
  #early: [NetEvent, (token: Token) => void][] = [];

  constructor(answers: string) {
    this.#answers = answers;
  }
  begin(id: string): void {
    this.#ids = new Set([id]);
    for (const [event, done] of this.#early.splice(0)) this.take(event, done);
  }
  take(event: NetEvent, done: (token: Token) => void): void {
    const ids = this.#ids;
    if (!ids) {
      this.#early.push([event, done]);
      return;
    }
    for (const { place, token } of event.produced ?? []) {
      if (ids.has(token.id) || !("tokens" in token.from) || !token.from.tokens.some((one) => ids.has(one))) continue;
      ids.add(token.id);
      if (place === this.#answers) done(token);
    }
  }
}
