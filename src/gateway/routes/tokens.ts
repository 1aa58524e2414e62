/** Tokens: what lies in a place now or then, one token with its lineage, questions in ArcQL, and putting one in. */
import * as z from "zod";
import { pastOf } from "../../actors/past.ts";
import { readAnswer, tokensAnswer } from "../../client/answers.ts";
import { askNet, putToken } from "../../client/ask.ts";
import { findToken } from "../../client/history/find-token.ts";
import { findPast, findRunning } from "../../client/history/find-tokens.ts";
import { lineageOf, withPrompts } from "../../client/history/lineage.ts";
import { momentOf } from "../../client/history/moment.ts";
import { tokensThen } from "../../client/history/past.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import { isId, isPath } from "../../contract/ids.ts";
import { compileQuery } from "../../net/arcql.ts";
import { TOKEN_CURSOR, tokenPage } from "../../net/token-page.ts";
import { type Api, anyJson, callerOf, described, type House, netName, netParam, operateOnce, personOf, scope } from "../api.ts";
import { mustBeNet } from "../known-net.ts";
import { keyReused, logKey } from "../once.ts";
import { badCursor } from "../pages.ts";

const placeName = z.string().refine(isPath, "names no place");
const tokensQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional().describe("`next` of the page before; tokens that are taken meanwhile make it pass none over"),
  at: z.string().max(64).optional().describe("number of an event, a time, or `now`"),
});
const putBody = z.object({
  name: z.string().max(200).optional().describe("kept as the token's `name` where its data has none"),
  data: anyJson,
});
const queryBody = z.object({
  arcql: z.string().max(10_000),
  places: z.array(placeName).max(100).optional(),
  at: z.string().max(64).optional(),
});
const tokenParam = netParam.extend({ id: z.string().refine(isId, "names no token") });
const DEPTH = { depth: 100, steps: 500 };

export function tokenPlaceRoutes(api: Api, house: House): void {
  const { broker, clock } = house;
  const placeParam = netParam.extend({ place: placeName });
  const runtimeParam = z.object({ place: placeName });
  const model = z.object({ modelId: netName.describe("the net") });
  const listing = { tags: ["tokens"], summary: "Tokens in a place, in order of arrival", response: described("tokens, total, next") };
  const putting = {
    tags: ["tokens"],
    summary: "Put a token into a place; Idempotency-Key makes it once",
    body: putBody,
    response: described("id, place, seq"),
  };

  api.get(
    "/api/nets/:net/places/:place/tokens",
    { ...scope("petrel:read"), schema: { ...listing, params: placeParam, querystring: tokensQuery } },
    (request) => tokensIn(house, request.params.net, request.params.place, request.query),
  );
  api.get(
    "/api/runtime/places/:place/tokens",
    { ...scope("petrel:read"), schema: { ...listing, params: runtimeParam, querystring: tokensQuery.extend(model.shape) } },
    (request) => tokensIn(house, request.query.modelId, request.params.place, request.query),
  );
  api.post(
    "/api/nets/:net/places/:place/tokens",
    { ...operateOnce, schema: { ...putting, params: placeParam } },
    async (request, reply) => {
      const { net, place } = request.params;
      return reply.code(201).send(await put(house, { net, place, body: request.body, key: logKey(request), by: callerOf(request).client }));
    },
  );
  api.post(
    "/api/runtime/places/:place/tokens",
    { ...operateOnce, schema: { ...putting, params: runtimeParam, querystring: model } },
    async (request, reply) => {
      const [net, place] = [request.query.modelId, request.params.place];
      return reply.code(201).send(await put(house, { net, place, body: request.body, key: logKey(request), by: callerOf(request).client }));
    },
  );

  api.post(
    "/api/nets/:net/query",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["tokens"],
        summary: "A question in ArcQL, of now or then",
        params: netParam,
        body: queryBody,
        response: described("rows, total"),
      },
    },
    async (request) => {
      const { net } = request.params;
      const { arcql, places: named, at } = request.body;
      const query = compileQuery(arcql);
      const places = query.from ?? named ?? [];
      if (places.length === 0)
        throw new Terminal({
          code: "bad-query",
          message: "a query needs to know where to look",
          hint: "FROM inbox, or `places` beside it",
        });
      if (at === undefined && !query.asOf) return findRunning(broker, net, places, arcql);
      const { asOf } = query;
      const moment = at ?? (asOf?.kind === "event" ? String(asOf.seq) : asOf?.kind === "now" ? "now" : (asOf?.text ?? "now"));
      await mustBeNet(broker, net);
      return findPast(broker, net, places, arcql, momentOf(moment, "at", clock.now()), clock);
    },
  );

  api.get(
    "/api/nets/:net/tokens/:id",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["tokens"],
        summary: "One token, wherever it is or was, and what became of it",
        params: tokenParam,
        response: described("token, place, whereabouts"),
      },
    },
    async (request) => {
      const lineage = await traced(house, request.params.net, request.params.id, { depth: 1, steps: 50 });
      return { token: lineage.token, place: lineage.place, now: lineage.now, net: lineage.net };
    },
  );
  const lineageQuery = z.object({ prompts: z.stringbool().default(false).describe("with the exact prompts") });
  api.get(
    "/api/nets/:net/tokens/:id/lineage",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["tokens"],
        summary: "Where a token came from and what became of it",
        params: tokenParam,
        querystring: lineageQuery,
        response: described("the lineage: steps before and after"),
      },
    },
    async (request) => {
      const lineage = await traced(house, request.params.net, request.params.id, DEPTH);
      if (request.query.prompts) await withPrompts(broker, [...lineage.before, ...lineage.after]);
      return lineage;
    },
  );
  api.post(
    "/api/nets/:net/retry",
    {
      ...scope("petrel:operate"),
      schema: {
        tags: ["tokens"],
        summary: "Put failed work back where its firing took it from",
        params: netParam,
        body: z.object({ token: z.string() }),
        response: described("what was put back"),
      },
    },
    (request) => askNet(broker, request.params.net, "retry", { id: request.body.token, by: personOf(request) }),
  );
}

interface Page {
  limit: number;
  cursor?: string | undefined;
  at?: string | undefined;
}

async function tokensIn({ broker, clock }: House, net: string, place: string, { limit, cursor, at }: Page) {
  await mustBeNet(broker, net);
  if (cursor !== undefined && !TOKEN_CURSOR.test(cursor)) throw badCursor(cursor);
  if (at !== undefined) {
    const placed = await tokensThen(broker, await pastOf(broker, net, momentOf(at, "at", clock.now())), place);
    const page = tokenPage(new Map(placed.map((one) => [one.token.id, one])), limit, cursor ?? null);
    return {
      tokens: page.placed.map(({ token, reservedBy }) => ({ ...token, reservedBy })),
      ...{ total: placed.length, next: page.next },
    };
  }
  const answer = readAnswer(tokensAnswer, await askNet(broker, net, "tokens", { place, limit, cursor: cursor ?? null }), "tokens");
  return { tokens: answer.tokens, total: answer.total, next: answer.next ?? null };
}

interface Put {
  net: string;
  place: string;
  body: z.output<typeof putBody>;
  /** As `logKey` makes it. */
  key: string | null;
  by: string;
}

/** Errors: what the owner says; 404 where net or place is not there. */
export async function put({ broker }: Pick<House, "broker">, { net, place, body, key, by }: Put) {
  await mustBeNet(broker, net);
  const { data, name } = body;
  const named = name !== undefined && typeof data === "object" && data !== null && !Array.isArray(data) && !("name" in data);
  const payload = new TextEncoder().encode(JSON.stringify(named ? { name, ...data } : data));
  try {
    return await putToken(broker, net, place, payload, { by, ...(key === null ? {} : { token: key }) });
  } catch (error) {
    if (error instanceof PetrelError && error.code === "token-reused") throw keyReused("with other data, or for another place");
    throw error;
  }
}

async function traced({ broker }: House, net: string, id: string, bounds: { depth: number; steps: number }) {
  await mustBeNet(broker, net);
  return lineageOf(broker, await findToken(broker, id, [net]), bounds);
}
