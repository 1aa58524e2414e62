/** Tokens above the limit lay their data in the artefact store, so that an entry always fits. */
import type { Artifacts } from "../../contract/broker.ts";
import type { EventDraft } from "../../contract/event.ts";
import { TOKEN_DATA_LIMIT } from "../../contract/token.ts";

export async function fitTokens(draft: EventDraft, artifacts: Artifacts): Promise<EventDraft> {
  if (!draft.produced) return draft;
  const produced = [];
  for (const { place, token } of draft.produced) {
    const text = JSON.stringify(token.data);
    const big = Buffer.byteLength(text) > TOKEN_DATA_LIMIT;
    produced.push({ place, token: big ? { ...token, data: { ...(await artifacts.put(Buffer.from(text), "application/json")) } } : token });
  }
  return { ...draft, produced };
}
