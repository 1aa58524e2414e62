/** The event line of a net: in pages, and as a stream of server-sent events (HTML standard, section 9.2). */
import * as z from "zod";
import { pastOf } from "../../actors/past.ts";
import { fits, pageOfEvents } from "../../client/event-pages.ts";
import { momentOf } from "../../client/history/moment.ts";
import { usage } from "../../client/usage.ts";
import { EVENT_STATUSES, EVENT_TYPES } from "../../contract/event.ts";
import { nearestHint } from "../../net/check-nearest.ts";
import { type Api, described, type House, netParam, scope } from "../api.ts";
import { mustBeNet } from "../known-net.ts";
import { sse } from "../sse.ts";

const list = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((word) => word.trim())
      .filter(Boolean),
  )
  .optional();
const filterQuery = {
  q: z.string().max(200).optional().describe("words that stand in it"),
  type: list.describe("one type or several with commas between"),
  status: list.describe("ok, error, waiting, refused, info"),
  persona: z.string().optional(),
  transition: z.string().optional(),
  correlation: z.string().optional(),
};
const seq = z.coerce.number().int().min(0).optional();
const pageQuery = z.object({
  ...filterQuery,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  before: seq.describe("only events with a smaller number"),
  after: seq.describe("only events with a greater number, from there on"),
  "as-of": z.string().max(64).optional().describe("as if the log ended then: number of an event, a time in ISO 8601, or `now`"),
});
const streamQuery = z.object({ ...filterQuery, after: seq.describe("the last event that is known; also by the header Last-Event-ID") });

/** Errors: usage, for a type or status that no event can have: an empty page would say that there were none. */
const filterOf = ({ q, type, status, persona, transition, correlation }: z.output<typeof streamQuery>) => ({
  q,
  types: known(type, EVENT_TYPES, "type"),
  statuses: known(status, EVENT_STATUSES, "status"),
  persona,
  transition,
  correlation,
});

function known(words: string[] | undefined, all: readonly string[], what: string): string[] | undefined {
  const wrong = words?.find((word) => !all.includes(word));
  if (wrong !== undefined) throw usage(`no event has the ${what} "${wrong}"`, nearestHint(wrong, all, what));
  return words;
}

/** Number of the last event up to a moment, as `?at=` of a marking takes it; null for now. Errors: usage. */
async function lastEventAt({ broker, clock }: House, net: string, text: string): Promise<number | null> {
  const moment = momentOf(text, "as-of", clock.now());
  if (moment.kind === "now") return null;
  return moment.kind === "event" ? moment.seq : ((await pastOf(broker, net, moment)).last?.seq ?? 0);
}

export function eventRoutes(api: Api, house: House): void {
  const { broker } = house;
  api.get(
    "/api/event-line/:net",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["events"],
        summary: "A page of a net's events, ascending",
        params: netParam,
        querystring: pageQuery,
        response: described("events, nextBeforeSeq, nextAfterSeq"),
      },
    },
    async (request) => {
      const { net } = request.params;
      await mustBeNet(broker, net);
      const { limit, after, before, "as-of": asOf } = request.query;
      const filter = filterOf(request.query);
      if (after === undefined && before === undefined && asOf === undefined) {
        const page = await house.feeds.of(net).newest((event) => fits(event, filter), limit);
        if (page) {
          const first = page.events[0]?.seq ?? 1;
          return {
            events: page.events,
            nextBeforeSeq: page.events.length >= limit && first > 1 ? first : null,
            nextAfterSeq: page.last || null,
          };
        }
      }
      const last = asOf === undefined ? null : await lastEventAt(house, net, asOf);
      const end = last === null ? before : Math.min(before ?? Number.POSITIVE_INFINITY, last + 1);
      return pageOfEvents(broker, net, { filter, limit, after, before: end });
    },
  );

  api.get(
    "/api/event-line/:net/stream",
    {
      ...scope("petrel:read"),
      schema: {
        tags: ["events"],
        summary: "The events as they come: server-sent events, `id` is the number",
        params: netParam,
        querystring: streamQuery,
        produces: ["text/event-stream"],
        response: described(
          "server-sent events: `event` with an event of the net; `reset` with {asked, end} first, where the log ends before the number that was asked for; comments as heartbeats",
        ),
      },
    },
    async (request, reply) => {
      const { net } = request.params;
      await mustBeNet(broker, net);
      const filter = filterOf(request.query);
      const header = Number(request.headers["last-event-id"]);
      const asked =
        Number.isSafeInteger(header) && header >= 0 && request.headers["last-event-id"] !== "" ? header : (request.query.after ?? null);
      const end = asked === null ? null : await house.feeds.of(net).end();
      const isBeyond = asked !== null && end !== null && asked > end;
      const after = isBeyond ? end : asked;
      await sse(request, reply, house, async function* (signal) {
        if (isBeyond) yield { id: String(end), event: "reset", data: { asked, end } };
        for await (const event of house.feeds.of(net).from(after, signal)) {
          if (fits(event, filter)) yield { id: String(event.seq), event: "event", data: event };
        }
      });
      return reply;
    },
  );
}
