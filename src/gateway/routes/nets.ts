/** Nets: what runs, its versions, its marking now and then, and its change. */
import * as z from "zod";
import { pastOf } from "../../actors/past.ts";
import { definitionAnswer, netRows, readAnswer, whyAnswer } from "../../client/answers.ts";
import { askNet, askRuntime } from "../../client/ask.ts";
import { differenceOf } from "../../client/history/difference.ts";
import { momentOf } from "../../client/history/moment.ts";
import { jsonDiff } from "../../client/json-diff.ts";
import { closedNets } from "../../client/known-nets.ts";
import { isoTime } from "../../contract/clock.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { MarkingView } from "../../contract/marking.ts";
import { netChecks } from "../../executors/hand-faults.ts";
import { analyseDefinition } from "../../net/analysis/analyse-definition.ts";
import { checkNetFile } from "../../net/check.ts";
import { markingView } from "../../net/marking-view.ts";
import { reachesNet } from "../access/scopes.ts";
import { type Api, anyJson, callerOf, described, type House, netParam, personOf, scope } from "../api.ts";
import { mustBeNet } from "../known-net.ts";
import { pageByKey, pageQuery } from "../pages.ts";
import { baseOf, isKnown } from "../preconditions.ts";

const at = z.string().max(64).optional().describe("number of an event, a time in ISO 8601, or `now`");
const definitionBody = z.object({ definition: z.record(z.string(), anyJson) });
/** Problems of a definition that an error names. */
const MOST_TOLD = 5;
const CHECK_LIMITS = { states: 50_000, seconds: 3 };

export function netRoutes(api: Api, house: House): void {
  const { broker, clock } = house;
  const read = scope("petrel:read");
  api.get(
    "/api/nets",
    {
      ...read,
      schema: {
        tags: ["nets"],
        summary: "The nets that run here, and those whose log is lost or damaged",
        querystring: z.object(pageQuery),
        response: described("nets by name, and next; closed"),
      },
    },
    async (request) => {
      const rows = readAnswer(netRows, await askRuntime(broker, "nets"), "nets");
      const mine = ({ net }: { net: string }) => reachesNet(callerOf(request), net);
      const { rows: nets, next } = pageByKey(rows.filter(mine), ({ net }) => net, request.query);
      return { nets, next, closed: (await closedNets(broker)).filter(mine) };
    },
  );
  api.get(
    "/api/nets/:net",
    {
      ...read,
      schema: { tags: ["nets"], summary: "The definition that runs", params: netParam, response: described("definition, version") },
    },
    async (request, reply) => {
      const { definition, hash } = await running(house, request.params.net);
      reply.header("etag", `"${hash}"`);
      if (isKnown(request.headers["if-none-match"], hash)) return reply.code(304).send();
      return { net: request.params.net, version: hash, definition };
    },
  );
  api.get(
    "/api/nets/:net/versions",
    {
      ...read,
      schema: {
        tags: ["nets"],
        summary: "Every version that was applied",
        params: netParam,
        response: described("versions, oldest first"),
      },
    },
    async (request) => {
      await mustBeNet(broker, request.params.net);
      return { versions: await broker.netVersions.list(request.params.net) };
    },
  );
  const versionParam = netParam.extend({ version: z.string().regex(/^[0-9a-f]{6,64}$/) });
  api.get(
    "/api/nets/:net/versions/:version",
    { ...read, schema: { tags: ["nets"], summary: "One version", params: versionParam, response: described("definition, version") } },
    async (request) => {
      const { net, version } = request.params;
      return { net, ...(await versionNamed(house, net, version)) };
    },
  );
  const diffQuery = z.object({ from: z.string(), to: z.string().optional().describe("default: what runs") });
  api.get(
    "/api/nets/:net/diff",
    {
      ...read,
      schema: {
        tags: ["nets"],
        summary: "What changed between two versions",
        params: netParam,
        querystring: diffQuery,
        response: described("changes by path"),
      },
    },
    async (request) => {
      const { net } = request.params;
      const from = await versionNamed(house, net, request.query.from);
      const to = request.query.to === undefined ? await running(house, net) : await versionNamed(house, net, request.query.to);
      return {
        net,
        from: from.version,
        to: "version" in to ? to.version : to.hash,
        changes: jsonDiff(from.definition, to.definition as Json),
      };
    },
  );
  api.get(
    "/api/nets/:net/marking",
    {
      ...read,
      schema: {
        tags: ["nets"],
        summary: "How many tokens lie where, and what is under way, now or then",
        params: netParam,
        querystring: z.object({ at }),
        response: described("seq, at, state, version, places, firings"),
      },
    },
    (request) => markingOf(house, request.params.net, request.query.at),
  );
  api.get(
    "/api/nets/:net/places",
    {
      ...read,
      schema: {
        tags: ["nets"],
        summary: "The places by name, with how many tokens lie in each and since when, now or then",
        params: netParam,
        querystring: z.object({ at, ...pageQuery }),
        response: described("net, seq, places, next"),
      },
    },
    async (request) => {
      const { net, seq, places } = await markingOf(house, request.params.net, request.query.at);
      const { rows, next } = pageByKey(places, ({ place }) => place, request.query);
      return { net, seq, places: rows, next };
    },
  );
  const between = z.object({ from: z.string(), to: z.string().default("now") });
  api.get(
    "/api/nets/:net/difference",
    {
      ...read,
      schema: {
        tags: ["nets"],
        summary: "What happened between two moments",
        params: netParam,
        querystring: between,
        response: described("came, went, moved, began, ended, changed"),
      },
    },
    async (request) => {
      const { net } = request.params;
      await mustBeNet(broker, net);
      const moment = (text: string) => momentOf(text, "the moment", clock.now());
      return differenceOf(broker, net, moment(request.query.from), moment(request.query.to));
    },
  );
  const whyParam = netParam.extend({ name: z.string().regex(/^[A-Za-z0-9_-]{1,200}$/) });
  api.get(
    "/api/nets/:net/why/:name",
    {
      ...read,
      schema: {
        tags: ["nets"],
        summary: "Why a transition, a place's tokens or a token do not move on",
        params: whyParam,
        response: described("answers with reasons"),
      },
    },
    async (request) => {
      const { net, name } = request.params;
      return { answers: readAnswer(whyAnswer, await askNet(broker, net, "why", { name }), "why") };
    },
  );
  changeRoutes(api, house);
}

function changeRoutes(api: Api, house: House): void {
  const { broker, clock } = house;
  // Looking at a definition changes nothing.
  api.post(
    "/api/nets/:net/check",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["nets"],
        summary: "What the checker and the analysis say of a definition",
        params: netParam,
        body: definitionBody,
        response: described("ok, problems, findings, changes against what runs"),
      },
    },
    async (request) => {
      const { net } = request.params;
      const { definition, problems } = checked(net, request.body.definition as JsonObject);
      const errors = problems.filter(({ severity }) => severity === "error");
      if (!definition || errors.length > 0) return { ok: false, problems, findings: [], says: [], changes: [] };
      const { findings, says } = analyseDefinition(definition, { ...CHECK_LIMITS, clock }, () => null);
      const now = (await broker.nets()).includes(net) ? (await running(house, net)).definition : {};
      return { ok: true, problems, findings, says, changes: jsonDiff(now as Json, definition as unknown as Json) };
    },
  );
  api.put(
    "/api/nets/:net",
    {
      ...scope("petrel:admin"),
      schema: {
        tags: ["nets"],
        summary: "Make a definition the running one, with tokens in flight; If-Match names the version it was made from",
        params: netParam,
        body: definitionBody,
        response: described("hash, changed; rules, where it is something for rules in a model's place"),
      },
    },
    async (request, reply) => {
      const { net } = request.params;
      if (request.body.definition.net !== net)
        throw new Terminal({
          code: "net-invalid",
          message: `the definition is that of ${String(request.body.definition.net)}, not of ${net}`,
        });
      const now = (await broker.nets()).includes(net) ? (await running(house, net)).hash : null;
      const base = baseOf(request.headers, now, `/api/nets/${net}`);
      const body = { definition: request.body.definition, by: personOf(request), ...(base === null ? {} : { base }) };
      try {
        const applied = await askRuntime(broker, "apply-net", body as unknown as JsonObject);
        return reply.header("etag", `"${String((applied as JsonObject).hash)}"`).send(applied);
      } catch (error) {
        throw unsound(error, net, body.definition as JsonObject);
      }
    },
  );
  for (const verb of ["pause", "resume"] as const) {
    api.post(
      `/api/nets/:net/${verb}`,
      {
        ...scope("petrel:operate"),
        schema: {
          tags: ["control"],
          summary: verb === "pause" ? "Begin no new firing" : "Go on",
          params: netParam,
          response: described("paused or resumed, changed"),
        },
      },
      async (request) => askNet(broker, request.params.net, verb, { by: personOf(request) }),
    );
  }
}

async function running({ broker }: House, net: string) {
  await mustBeNet(broker, net);
  return readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
}

async function versionNamed({ broker }: House, net: string, start: string): Promise<{ version: string; definition: Json }> {
  await mustBeNet(broker, net);
  const found = (await broker.netVersions.list(net)).filter(({ hash }) => hash.startsWith(start));
  const [only] = found;
  const definition = only && found.length === 1 ? await broker.netVersions.get(net, only.hash) : null;
  if (only && definition !== null) return { version: only.hash, definition };
  const why = found.length > 1 ? `${found.length} versions of ${net} begin with ${start}` : `${net} never had a version ${start}`;
  throw new Terminal({ code: "no-such-version", message: why, hint: `GET /api/nets/${net}/versions` });
}

async function markingOf({ broker, clock }: House, net: string, text: string | undefined): Promise<MarkingView> {
  if (text === undefined) return (await askNet(broker, net, "marking")) as unknown as MarkingView;
  await mustBeNet(broker, net);
  const { state, last } = await pastOf(broker, net, momentOf(text, "at", clock.now()));
  const definition = state.definition === null ? null : await broker.netVersions.get(net, state.definition);
  const places = (definition as { places?: Record<string, { title?: string; capacity?: number; open?: boolean }> } | null)?.places ?? {};
  const about = (place: string) => (Object.hasOwn(places, place) ? (places[place] ?? {}) : {});
  return { ...markingView(state, Object.keys(places), about), at: last?.ts ?? isoTime(clock.now()), stale: [] } as MarkingView;
}

function checked(net: string, definition: JsonObject) {
  return checkNetFile(JSON.stringify(definition, null, 2), `${net}.json`, netChecks);
}

/** What is wrong with a definition is told as the checker tells it, not in the words of a program that cannot read it. */
function unsound(error: unknown, net: string, definition: JsonObject): unknown {
  if (!(error instanceof PetrelError) || !["bad-request", "net-invalid"].includes(error.code)) return error;
  const wrong = checked(net, definition).problems.filter(({ severity }) => severity === "error");
  const told = wrong.slice(0, MOST_TOLD).map(({ path, message }) => `${path}: ${message}`);
  const more = wrong.length > MOST_TOLD ? `, and ${wrong.length - MOST_TOLD} more` : "";
  const message = told.length === 0 ? error.message : `${told.join("; ")}${more}`;
  return new Terminal({ code: "net-invalid", message, hint: `POST /api/nets/${net}/check tells each with its line` });
}
