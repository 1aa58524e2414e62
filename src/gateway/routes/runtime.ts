/** The runtime as a whole: its state, masters, executors, personas, artefacts, and the switch that stops everything. */
import * as z from "zod";
import { askNet, askRuntime } from "../../client/ask.ts";
import { Terminal } from "../../contract/errors.ts";
import type { JsonObject } from "../../contract/json.ts";
import type { MarkingView } from "../../contract/marking.ts";
import { reachesNet } from "../access/scopes.ts";
import { type Api, callerOf, described, type House, netName, personOf, scope } from "../api.ts";
import { mustReach, mustReachAll } from "../guard.ts";
import { pageByKey, pageQuery } from "../pages.ts";
import { isKnown } from "../preconditions.ts";

const controlBody = z.object({
  verb: z.enum(["pause", "kill", "resume"]),
  net: netName.optional().describe("pause, kill and resume may name one; without it all"),
  target: z.string().max(100).optional().describe("kill and resume: a net, a persona or an executor by its name"),
  kind: z.enum(["net", "persona", "executor"]).optional().describe("where one name is several things"),
});
const artifactParam = z.object({ id: z.string().regex(/^[0-9a-f]{64}$/) });
/** Types that a browser may show in our origin; anything else is downloaded. */
const SHOWN = /^(image\/(png|jpeg|gif|webp)|video\/(mp4|webm)|text\/plain|application\/json)\b/;

export function runtimeRoutes(api: Api, { broker }: House): void {
  const read = scope("petrel:read");
  api.get(
    "/api/status",
    { ...read, schema: { tags: ["runtime"], summary: "Masters, owners, control, executors", response: described("status") } },
    (request) => {
      mustReachAll(callerOf(request));
      return askRuntime(broker, "status");
    },
  );
  api.get(
    "/api/actors",
    { ...read, schema: { tags: ["runtime"], summary: "The tree of actors", response: described("the runtime actor with its children") } },
    (request) => {
      mustReachAll(callerOf(request));
      return askRuntime(broker, "actors");
    },
  );
  api.get(
    "/api/personas",
    {
      ...read,
      schema: {
        tags: ["personas"],
        summary: "The specialists, and what each may do",
        querystring: z.object(pageQuery),
        response: described("personas by net and name, and next"),
      },
    },
    async (request) => {
      const rows = (await askRuntime(broker, "personas")) as unknown as { net?: string; persona: string; version: string }[];
      const caller = callerOf(request);
      const mine = rows.filter(({ net }) => caller.nets === null || (net !== undefined && reachesNet(caller, net)));
      const { rows: personas, next } = pageByKey(mine, ({ net = "", persona, version }) => `${net} ${persona} ${version}`, request.query);
      return { personas, next };
    },
  );
  const personaParam = z.object({ persona: z.string().regex(/^[a-z][a-z0-9-]{0,47}$/) });
  api.get(
    "/api/personas/:persona",
    {
      ...read,
      schema: {
        tags: ["personas"],
        summary: "Every version of one, the newest whole",
        params: personaParam,
        response: described("versions, definition"),
      },
    },
    async (request) => {
      const { persona } = request.params;
      const versions = await broker.personaVersions.list(persona);
      const newest = versions.at(-1);
      if (!newest) throw new Terminal({ code: "no-such-persona", message: `there is no persona ${persona}`, hint: "GET /api/personas" });
      return { persona, versions, version: newest.hash, definition: await broker.personaVersions.get(persona, newest.hash) };
    },
  );
  api.post(
    "/api/control",
    {
      ...scope("petrel:operate"),
      schema: {
        tags: ["control"],
        summary: "Pause, kill, resume: one net, or everything",
        body: controlBody,
        response: described("what was stopped or taken up again; after a kill `unanswered`: executors that did not say that it is over"),
      },
    },
    async (request) => {
      const { verb, net, target = net, kind } = request.body;
      const one = net !== undefined && (target === net || verb === "pause");
      if (one) mustReach(callerOf(request), net);
      else mustReachAll(callerOf(request));
      const by = personOf(request);
      if (verb === "pause" && net === undefined)
        throw new Terminal({ code: "usage", message: "a pause names a net", hint: `"net": "safe-teams"; kill stops everything` });
      if (verb === "pause" && net !== undefined) return askNet(broker, net, verb, { by });
      // A net that was paused goes on by its owner; one that a kill stopped, by the switch of the runtime.
      if (verb === "resume" && one && (await netState(broker, net)) === "paused") return askNet(broker, net, verb, { by });
      const body = { by, ...(target === undefined ? {} : { target }), ...(one ? { kind: "net" } : kind === undefined ? {} : { kind }) };
      return askRuntime(broker, verb, body as unknown as JsonObject);
    },
  );
  artifactRoute(api, broker);
}

async function netState(broker: House["broker"], net: string): Promise<string> {
  return ((await askNet(broker, net, "marking")) as unknown as MarkingView).state;
}

function artifactRoute(api: Api, broker: House["broker"]): void {
  const query = z.object({ type: z.string().max(100).optional().describe("media type, as the reference says it") });
  api.get(
    "/api/artifacts/:id",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["artefacts"],
        summary: "An artefact's bytes, whole or a range of them",
        params: artifactParam,
        querystring: query,
        response: described("bytes"),
      },
    },
    async (request, reply) => {
      const bytes = await broker.artifacts.get(request.params.id);
      if (bytes === null) throw new Terminal({ code: "no-such-artifact", message: `there is no artefact ${request.params.id}` });
      const type = request.query.type ?? "application/octet-stream";
      reply.headers({
        "content-type": SHOWN.test(type) ? type : "application/octet-stream",
        "accept-ranges": "bytes",
        etag: `"${request.params.id}"`,
        "content-security-policy": "default-src 'none'; sandbox",
      });
      if (!SHOWN.test(type)) reply.header("content-disposition", `attachment; filename="${request.params.id.slice(0, 12)}"`);
      if (isKnown(request.headers["if-none-match"], request.params.id)) return reply.code(304).send();
      const wanted = sameAs(request.headers["if-range"]?.toString(), request.params.id) ? request.headers.range : undefined;
      const range = rangeOf(wanted, bytes.length);
      if (range === "unsatisfiable") return reply.code(416).header("content-range", `bytes */${bytes.length}`).send();
      if (range === null) return reply.send(Buffer.from(bytes));
      reply.code(206).header("content-range", `bytes ${range.from}-${range.to}/${bytes.length}`);
      return reply.send(Buffer.from(bytes.subarray(range.from, range.to + 1)));
    },
  );
}

/** `If-Range`: a range of what the client has the rest of; of something else it gets the whole. */
const sameAs = (ifRange: string | undefined, id: string): boolean => ifRange === undefined || ifRange === `"${id}"`;

/** One range (RFC 9110, section 14); several at once, and what is none, are answered whole. */
export function rangeOf(header: string | undefined, size: number): { from: number; to: number } | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  if (match[1] !== "" && match[2] !== "" && Number(match[1]) > Number(match[2])) return null;
  const from = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const to = match[1] === "" || match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  return from > to || from >= size ? "unsatisfiable" : { from, to };
}
