/** The specialists of one net: what each may do where it stands, what it does now, what it has used, and its last outputs. */
import * as z from "zod";
import { askNet } from "../../client/ask.ts";
import { Sums } from "../../client/costs.ts";
import { runningRights } from "../../client/net-rights.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { MarkingView } from "../../contract/marking.ts";
import { rightsRow } from "../../personas/rights-table.ts";
import { type Api, described, type House, netParam, scope } from "../api.ts";
import { mustBeNet } from "../known-net.ts";
import { pageByKey, pageQuery } from "../pages.ts";

const LAST = 5;

export function teamRoutes(api: Api, house: House): void {
  const { broker } = house;
  const read = scope("petrel:read");
  api.get(
    "/api/nets/:net/personas",
    {
      ...read,
      schema: {
        tags: ["personas"],
        summary: "The specialists of a net: rights, budget, spend, what they do now, their last outputs",
        params: netParam,
        querystring: z.object(pageQuery),
        response: described("personas by name, and next"),
      },
    },
    async (request) => {
      const { net } = request.params;
      await mustBeNet(broker, net);
      const { rows: personas, next } = pageByKey(await teamOf(house, net), ({ persona }) => persona, request.query);
      return { net, personas, next };
    },
  );
  api.get(
    "/api/nets/:net/rights",
    {
      ...read,
      schema: {
        tags: ["personas"],
        summary: "Who can do what: tools, places and the release, for each persona at each transition",
        params: netParam,
        response: described("rights"),
      },
    },
    async (request) => {
      const { net } = request.params;
      await mustBeNet(broker, net);
      const { positions } = await runningRights(broker, net);
      return { net, rights: positions.map(rightsRow) };
    },
  );
}

async function teamOf({ broker, feeds, ledger }: House, net: string) {
  const [{ personas, positions }, marking, recent, paid] = await Promise.all([
    runningRights(broker, net),
    askNet(broker, net, "marking") as unknown as Promise<MarkingView>,
    feeds.of(net).recent(),
    ledger.paid([net]),
  ]);
  const sums = new Sums(["persona"]);
  for (const event of paid) sums.add(event as NetEvent);
  const { rows } = sums.costs();
  return [...personas].map(([name, { title, description = null, flags, tier, model = null, tools, budget }]) => ({
    ...{ persona: name, title, description, flags, tier, model, tools, budget },
    at: positions.filter(({ persona }) => persona.persona === name).map(rightsRow),
    spent: rows.find(({ by }) => by.persona === name) ?? null,
    doing: marking.firings.filter(({ persona }) => persona === name),
    last: recent
      .filter((event) => event.persona === name && isOutput(event))
      .slice(-LAST)
      .reverse()
      .map(({ seq, ts, type, status, summary, transition, firing, produced }) => ({
        ...{ seq, ts, type, status, summary, transition, firing },
        produced: (produced ?? []).map(({ place, token }) => ({ place, id: token.id })),
      })),
  }));
}

const isOutput = ({ type }: NetEvent): boolean => type === "fired" || type === "failed" || type === "sent";
