/** Proposals of new specialists: list them, look at one, decide. Deciding is for people, as at every gate. */
import * as z from "zod";
import { RECRUITING } from "../../actors/recruiter/proposal.ts";
import { askNet } from "../../client/ask.ts";
import type { ProposalRow } from "../../client/proposal-rows.ts";
import { allProposals, proposalNamed } from "../../client/proposals.ts";
import { isId } from "../../contract/ids.ts";
import { type Api, callerOf, described, type House, personOf, scope } from "../api.ts";
import { mustReach } from "../guard.ts";
import { pageByKey, pageQuery } from "../pages.ts";

const proposalParam = z.object({ proposal: z.string().refine(isId, "names no proposal") });
const decisionBody = z.object({ decision: z.enum(["approve", "reject"]), comment: z.string().max(10_000).optional() });

const LINE: readonly ProposalRow["state"][] = ["waits", "asked", "drafted", "approved", "hired", "applied", "refused"];
const placeInLine = ({ state, id }: ProposalRow): string => `${LINE.indexOf(state)} ${id}`;

export function proposalRoutes(api: Api, { broker, ids }: House): void {
  const about = { tags: ["proposals"] };
  api.get(
    "/api/proposals",
    {
      ...scope("petrel:read"),
      schema: {
        ...about,
        summary: "Proposals of new specialists",
        querystring: z.object(pageQuery),
        response: described("proposals, those that wait first, and next"),
      },
    },
    async (request) => {
      mustReach(callerOf(request), RECRUITING);
      const { rows: proposals, next } = pageByKey(await allProposals(broker), placeInLine, request.query);
      return { proposals, next };
    },
  );
  api.get(
    "/api/proposals/:proposal",
    {
      ...scope("petrel:read"),
      schema: {
        ...about,
        summary: "One proposal whole: the persona, its position, and why",
        params: proposalParam,
        response: described("the proposal with its draft"),
      },
    },
    async (request) => {
      mustReach(callerOf(request), RECRUITING);
      return proposalNamed(await allProposals(broker), request.params.proposal);
    },
  );
  api.post(
    "/api/proposals/:proposal",
    {
      ...scope("petrel:gate"),
      schema: {
        ...about,
        summary: "Approve or reject a proposal that waits; Idempotency-Key makes it count once",
        params: proposalParam,
        body: decisionBody,
        response: described("counted, approvals, quorum, passed"),
      },
    },
    async (request) => {
      mustReach(callerOf(request), RECRUITING);
      const waiting = (await allProposals(broker)).filter(({ state }) => state === "waits");
      const { id: firing } = proposalNamed(waiting, request.params.proposal);
      const key = request.headers["idempotency-key"];
      const id = typeof key === "string" && key !== "" ? key : ids.next();
      return askNet(broker, RECRUITING, "decide", { ...request.body, firing, by: personOf(request), id });
    },
  );
}
