/** Crystallization: what has settled, the rule of a step, its way into the model's place and back. Promotion is the word of a person. */
import * as z from "zod";
import { learnHere } from "../../actors/crystal/learn.ts";
import { withKept } from "../../actors/crystal/rule-writer.ts";
import { askNet } from "../../client/ask.ts";
import { besideAlready, crystalsOf, putIntoShadow, type Study, study, tellStudy } from "../../client/crystals.ts";
import { isoTime } from "../../contract/clock.ts";
import { Refused } from "../../contract/errors.ts";
import { isPath } from "../../contract/ids.ts";
import { stepPolicy } from "../../net/crystal/definition.ts";
import { type Equality, equalitySchema, judgeOf } from "../../net/rule/agree.ts";
import { printRule } from "../../net/rule/print-rule.ts";
import type { Rule } from "../../net/rule/rule.ts";
import { type Api, described, eitherScope, type House, netParam, personOf, scope } from "../api.ts";

const stepParam = netParam.extend({ transition: z.string().refine(isPath, "names no transition") });
const equality = equalitySchema.optional().describe("When two answers count as the same, instead of what the step or its net declares");
const withModel = z.boolean().default(false).describe("The rule that a model has written for the step competes");
/** Taken, so that who asks for it hears where it can be had. */
const judge = z.boolean().default(false).describe("Refused with `judge-elsewhere`: the gateway asks no models, so no judge of free text");
/** Nothing in it has to be said. */
const optionalBody = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess((body) => body ?? {}, z.strictObject(shape).describe("The body may be left away"));
const shadowBody = optionalBody({
  firings: z.int().min(0).max(100_000).optional(),
  audit: z.number().min(0.001).max(1).optional(),
  unproven: z.boolean().default(false),
  again: z.boolean().default(false).describe("The rule that is there, as it stands: its shadow begins anew, also after drift"),
  anew: z.boolean().default(false).describe("Learns again where a rule is in its shadow already, and puts that one in its place"),
  equality,
  withModel,
  judge,
});
const studyBody = optionalBody({ transition: z.string().refine(isPath, "names no transition").optional(), equality, withModel, judge });
const showQuery = z.object({ withModel: z.stringbool().default(false) });
const promoteBody = optionalBody({ early: z.boolean().default(false) });

export function crystalRoutes(api: Api, { broker, clock, learn }: House): void {
  const about = (summary: string, answer: string) => ({ tags: ["crystallization"], summary, response: described(answer) });
  const equalityIn = (body: { equality?: Equality | undefined }) => (body.equality === undefined ? {} : { equality: body.equality });
  const learning = (kept: boolean) => {
    const base = learn ?? learnHere;
    return { learn: kept ? withKept(base) : base };
  };
  api.get(
    "/api/crystals/:net",
    {
      ...scope("petrel:read"),
      schema: { ...about("Rules of a net and how they do", "one row for each step that asks a model"), params: netParam },
    },
    async (request) => {
      const rows = await crystalsOf(broker, request.params.net);
      const printed = (rule: Rule | undefined) => (rule ? printRule(rule) : []);
      const transitions = rows.map((row) => ({
        ...row,
        readable: printed(row.definition?.rule),
        laterReadable: printed(row.definition?.next?.rule),
      }));
      return { net: request.params.net, transitions };
    },
  );
  api.get(
    "/api/crystals/:net/:transition",
    {
      ...scope("petrel:read"),
      schema: {
        ...about("What the history of a step teaches", "its candidate, rule, proof and examples"),
        params: stepParam,
        querystring: showQuery,
      },
    },
    async (request) => {
      const { net, transition } = request.params;
      const found = await study(broker, net, { transition, ...learning(request.query.withModel) });
      return studyJson(found, (await crystalsOf(broker, net)).find((row) => row.transition === transition) ?? null);
    },
  );
  api.post(
    "/api/crystals/:net/study",
    {
      ...scope("petrel:operate"),
      schema: {
        ...about("Candidates, rules and proofs, told as events of the net", "one row for each step"),
        params: netParam,
        body: studyBody,
      },
    },
    async (request) => {
      const { transition, withModel: kept } = request.body;
      mustAskNoJudge(request.params.net, request.body);
      const wish = { ...(transition === undefined ? {} : { transition }), ...equalityIn(request.body) };
      const found = await study(broker, request.params.net, { ...wish, ...learning(kept) });
      await tellStudy(broker, found, personOf(request));
      return { net: request.params.net, candidates: found.candidates, proposals: found.proposals, warnings: warningsOf(found) };
    },
  );
  api.post(
    "/api/crystals/:net/:transition/write",
    {
      ...scope("petrel:operate"),
      schema: {
        ...about("Ask a model for a rule", "that the net's master is asking; an event of stage `learned` tells what came of it"),
        params: stepParam,
      },
    },
    (request) => {
      const { net, transition } = request.params;
      return askNet(broker, net, "crystal-write", { transition, by: personOf(request) });
    },
  );
  api.post(
    "/api/crystals/:net/:transition/shadow",
    {
      ...scope("petrel:admin"),
      schema: { ...about("Put the learned rule beside its model", "the new version"), params: stepParam, body: shadowBody },
    },
    async (request) => {
      const { net, transition } = request.params;
      const { firings, audit, unproven, again, anew, equality: said, withModel: kept } = request.body;
      const by = personOf(request);
      mustAskNoJudge(net, { transition, judge: request.body.judge });
      if (again) return askNet(broker, net, "crystal-settle", { transition, action: "shadow", by });
      const isPlain = !(anew || unproven || kept) && [firings, audit, said].every((one) => one === undefined);
      const isThere = isPlain ? await besideAlready(broker, net, transition) : null;
      if (isThere) return isThere;
      const found = await study(broker, net, { transition, ...equalityIn(request.body), ...learning(kept) });
      return putIntoShadow(broker, found, transition, { by, at: isoTime(clock.now()), unproven, firings, audit });
    },
  );
  api.post(
    "/api/crystals/:net/:transition/promote",
    {
      ...scope("petrel:gate"),
      schema: { ...about("Put the rule in its model's place", "the new version"), params: stepParam, body: promoteBody },
    },
    (request) => {
      const { net, transition } = request.params;
      return askNet(broker, net, "crystal-settle", { transition, action: "promote", ...request.body, by: personOf(request) });
    },
  );
  api.post(
    "/api/crystals/:net/:transition/undo",
    {
      // Who may promote may take that back.
      ...eitherScope("petrel:operate", "petrel:gate"),
      schema: { ...about("The model does all of it again", "the new version"), params: stepParam },
    },
    (request) => {
      const { net, transition } = request.params;
      return askNet(broker, net, "crystal-settle", { transition, action: "undo", by: personOf(request) });
    },
  );
}

/** Errors: Refused `judge-elsewhere`. */
function mustAskNoJudge(net: string, { judge: wanted, transition }: { judge: boolean; transition?: string | undefined }): void {
  if (!wanted) return;
  const message = "the gateway asks no models, so no judge: answers in other words stay unproven here";
  const step = transition === undefined ? "" : ` ${transition}`;
  const hint = `petrel crystallize ${net}${step} --judge asks it; so does a net with \`crystallize\` in its file, by itself`;
  throw new Refused({ code: "judge-elsewhere", message, hint });
}

/** With those of steps whose answers a judge would have to compare, whom nobody has asked. */
function warningsOf({ net, policy, equality: given, proposals, warnings }: Study): Study["warnings"] {
  const name = net.definition.net;
  const unjudged = proposals.flatMap(({ transition }) => {
    const named = judgeOf(stepPolicy(policy, net.transitions.get(transition)?.definition, given).equality);
    if (named === null) return [];
    const message = `${named} was not asked: the gateway asks no judge, so answers in other words count as unproven; petrel crystallize ${name} ${transition} --judge asks it`;
    return [{ transition, message }];
  });
  return [...warnings, ...unjudged];
}

function studyJson(found: Study, row: unknown) {
  const { net, candidates, proposals } = found;
  const made = proposals[0] ?? null;
  const rule = made?.proposal.rule ?? null;
  return {
    net: net.definition.net,
    version: net.version,
    candidate: candidates[0] ?? null,
    current: row,
    rule: made?.rule ?? null,
    proposal: made?.proposal ?? null,
    readable: rule ? printRule(rule) : [],
    warnings: warningsOf(found),
  };
}
