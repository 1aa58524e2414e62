/** The verb `retry`: one failed token, or all of a place or the net. Each is an event of its own. */
import * as z from "zod";
import { errorData, Refused, Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { placeOf } from "../../net/compiled-net.ts";
import { retryable, retryDraft, wasRetried } from "../../net/retry.ts";
import type { Term } from "./term.ts";
import { fitTokens } from "./token-size.ts";

const retryBody = z.object({
  id: z.string().optional(),
  all: z.boolean().default(false),
  place: z.string().optional(),
  by: z.object({ user: z.string().min(1) }),
});

export async function retry(term: Term, body: unknown): Promise<Json> {
  const { id, all, place, by } = retryBody.parse(body);
  if (id !== undefined) return retryOne(term, id, by.user);
  if (!all)
    throw new Terminal({
      code: "bad-request",
      message: "neither a token nor all were asked for",
      hint: `petrel retry ${term.state.net} --all`,
    });
  mustKnow(term, place);
  const retried: Json[] = [];
  const refused: Json[] = [];
  for (const each of retryable(term.state, place)) {
    try {
      retried.push(await retryOne(term, each, by.user));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Terminal)) throw error;
      refused.push({ id: each, reason: errorData(error).message });
    }
  }
  return { retried, refused };
}

function mustKnow({ state, net }: Term, place: string | undefined): void {
  if (place === undefined || state.places.has(place) || (net && placeOf(net, place) !== undefined)) return;
  throw new Terminal({ code: "no-such-place", message: `the net ${state.net} has no place ${place}`, hint: `petrel places ${state.net}` });
}

async function retryOne(term: Term, id: string, by: string): Promise<Json> {
  const { state, net, loop, ports } = term;
  if (wasRetried(state, id)) {
    await loop.caughtUp();
    return { id, again: false, tokens: [] };
  }
  if (!net) throw new Terminal({ code: "no-definition", message: `no definition of ${state.net} runs`, hint: "petrel net apply FILE" });
  const draft = await fitTokens(retryDraft(state, net, id, by, ports.clock.now()), ports.broker.artifacts);
  // The store may have been waited for: somebody else may have been faster.
  if (wasRetried(state, id)) return retryOne(term, id, by);
  retryDraft(state, net, id, by, ports.clock.now());
  await term.commit(draft);
  return { id, again: true, tokens: (draft.produced ?? []).map(({ place, token }) => ({ place, id: token.id })) };
}
