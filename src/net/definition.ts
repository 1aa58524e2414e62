/**
 * The net file: the one artefact that is the drawing, the checked definition and the running net.
 * This schema is its source; `schemas/net.schema.json` is generated from it. Unknown fields are errors.
 */
import * as z from "zod";
import { netBudgetSchema } from "../contract/budget.ts";
import { FLAGS } from "../contract/capability.ts";
import {
  HAND_PATTERN,
  HAND_RULE,
  LABEL_PATTERN,
  LABEL_RULE,
  NAME_PATTERN,
  NAME_RULE,
  PATH_PATTERN,
  PATH_RULE,
  SECRET_PATTERN,
  SECRET_RULE,
} from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import { crystallizeSchema, crystalSchema, stepEquality } from "./crystal/definition.ts";
import { httpFields } from "./http-definition.ts";
import { ruleSchema } from "./rule/rule.ts";

const name = z.string().regex(NAME_PATTERN, NAME_RULE);
/** A place as an arc names it: one of its own net, or `<sub>--<port>` of a sub-net. */
const placeRef = z.string().regex(PATH_PATTERN, PATH_RULE);
/** A net, or `<net>--<sub>`: a sub-net with a log of its own. */
const netRef = z.string().regex(PATH_PATTERN, PATH_RULE);
/** `as` names are used in expressions, so they are identifiers. */
const alias = z.string().regex(/^[a-z][A-Za-z0-9_]{0,47}$/, "an `as` name is a letter followed by letters, digits or _");
const secretName = z.string().regex(SECRET_PATTERN, SECRET_RULE);
const duration = z.string().regex(/^\d+(ms|s|m|h|d)$/, 'a duration is a whole number and ms, s, m, h or d, like "10m"');
const expression = z.string().min(1).max(4000);
const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;
const template = json.describe("JSON whose strings may hold ${expression}; a string that is one placeholder keeps the value's type");

export const inputArcSchema = z.strictObject({
  place: placeRef.describe("The place that tokens are taken from, or `<sub>--<port>`: an out port of a sub-net"),
  as: alias.optional().describe("Name of the bound token in guards, templates and later arcs; default: the place's name in camel case"),
  mode: z
    .enum(["consume", "read", "inhibit", "reset"])
    .default("consume")
    .describe(
      "`consume` takes the token out of its place, `read` leaves it there; `inhibit` lets the transition fire only while fewer than `take` tokens lie there; `reset` empties the place when the transition fires",
    ),
  where: expression
    .optional()
    .describe(
      "ArcQL condition on the token; `$` is its data, `$meta` its envelope; earlier inputs go by their names, with `inhibit` and `reset` all of them",
    ),
  orderBy: z.string().optional().describe('ArcQL order, like "$.priority DESC, $meta.at ASC"; default: order of arrival'),
  take: z
    .union([z.int().min(1).max(1000), z.literal("all"), z.string().startsWith("${")])
    .optional()
    .describe(
      'How many tokens a firing binds: a number (default 1), "all", or a template over earlier inputs. Other than 1, the name is bound to an array',
    ),
  batch: z
    .strictObject({
      size: z.int().min(1).max(1000).describe("So many are bound at once"),
      within: duration.describe("Fewer are bound when the oldest has waited so long"),
    })
    .optional()
    .describe("Binds up to `size` tokens: all of them when they are there, fewer when the oldest has waited `within`; bound to an array"),
  gather: z
    .strictObject({
      by: expression.describe("Group key of a candidate token"),
      equals: expression.optional().describe("The key wanted, over earlier inputs; default: `by` applied to the first input's token"),
      count: expression.describe("How many make the group complete, over earlier inputs"),
      onIncomplete: z
        .strictObject({ after: duration, to: placeRef })
        .optional()
        .describe("Where a group goes that stays incomplete so long"),
    })
    .optional()
    .describe("Binds a whole group of tokens by a key that they share, once it is complete"),
});

export const outputArcSchema = z.strictObject({
  to: placeRef.describe("The place that the token goes to, or `<sub>--<port>`: an in port of a sub-net"),
  when: expression.optional().describe("Condition over the inputs and `$result`; with `each`, `$item` in it chooses among the elements"),
  otherwise: z
    .literal(true)
    .optional()
    .describe("Matches when no earlier arc did; with `each`: for the elements that no earlier arc with the same `each` took"),
  port: name.optional().describe("Of a link with instances: only for results that left the sub-net by this out port"),
  error: z.literal(true).optional().describe("For firings that finally failed; `$error` has code, message and outlook"),
  each: expression
    .optional()
    .describe("An array: one token for each element, which goes by `$item` (and `$index`) and is routed by itself"),
  value: template.optional().describe("The token's data; default: `$item` with `each`, else `$result`"),
  set: z.record(z.string(), template).optional().describe("Fields laid over the value, which must be an object"),
  weight: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe("So many tokens, each with an id of its own; default 1. With `each`: for each element"),
});

export const gateSchema = z.strictObject({
  name: name.optional().describe("How people call the gate; default: the transition's name"),
  approvers: z.array(z.string().regex(/^(role|user):[A-Za-z0-9._@-]+$/, 'an approver is "role:NAME" or "user:NAME"')).min(1),
  quorum: z.int().min(1).default(1).describe("How many approvals it takes"),
  expires: duration.optional().describe("How long the gate waits; then the work goes where it escalates to"),
  escalate: placeRef.optional().describe("Place for what is rejected or expires; default: the transition's onError"),
  notAuthor: z.boolean().default(false).describe("Who put the work in may not approve it"),
});

export const DEFAULT_MAX_DELAY = "5m";
const retrySchema = z.strictObject({
  max: z.int().min(0).max(100).default(2).describe("Further attempts after the first"),
  backoff: z.enum(["exponential", "fixed"]).default("exponential"),
  delay: duration.default("1s"),
  maxDelay: duration.default(DEFAULT_MAX_DELAY).describe("An exponential backoff grows up to this, and never waits less than `delay`"),
});

/** One of `cron` and `every`; the checker says so with better words than a union. */
const scheduleSchema = z.strictObject({
  cron: z.string().min(1).max(200).optional().describe("Five fields: minute, hour, day, month, weekday; six with seconds before them"),
  timezone: z.string().optional().describe('IANA name for `cron`, like "Europe/Berlin"; default: UTC'),
  every: duration.optional().describe("An interval, counted from when the schedule was applied"),
});

const common = {
  title: z.string().optional(),
  summary: z.string().optional().describe("Template of the sentence that narrates a firing; inputs by name, `$result`"),
  persona: name.optional().describe("The specialist on whose behalf it acts"),
  in: z
    .array(inputArcSchema)
    .default([])
    .describe("Input arcs, bound in order: each may refer to the ones before it. A transition with a `schedule` may have none"),
  out: z.array(outputArcSchema).default([]).describe("Output arcs"),
  route: z.enum(["first", "all"]).default("first").describe("`first`: to the first output that matches; `all`: to every one that does"),
  guard: expression.optional().describe("Condition over all inputs together; the transition fires only where it is true"),
  correlate: z
    .union([expression, z.record(alias, expression)])
    .optional()
    .describe(
      "A join: tokens fire together that agree in this key, like `$.orderId`; an object gives each input, by name, an expression of its own",
    ),
  priority: z
    .int()
    .min(-1000)
    .max(1000)
    .optional()
    .describe("Among transitions that could fire, higher goes first; default 0. Equals take turns"),
  delay: duration.optional().describe("Tokens must have lain so long in their places before it binds them"),
  schedule: scheduleSchema.optional().describe("Fires at these times only, once for each"),
  concurrency: z.int().min(1).max(10_000).optional().describe("Open firings at once; with instances: for each instance"),
  timeout: duration.optional().describe("How long one attempt may take"),
  retry: retrySchema.optional().describe("What happens after an attempt that failed and may succeed later"),
  onError: placeRef.optional().describe("Place for what finally failed or matched no output; default: `dead-letter`"),
  gate: gateSchema.optional().describe("People decide before the firing"),
};

const passSchema = z.strictObject({ kind: z.literal("pass"), ...common });
const mapSchema = z.strictObject({
  kind: z.literal("map"),
  value: template.optional(),
  jsonata: z
    .string()
    .min(1)
    .max(20_000)
    .optional()
    .describe("JSONata over the inputs by name, instead of a template; ended after `timeout`, a second by default"),
  rule: ruleSchema
    .optional()
    .describe("A rule as `petrel crystallize` learns them, instead of a template; what it declines is an error `rule-declined`"),
  ...common,
});
const httpSchema = z.strictObject({ kind: z.literal("http"), ...common, ...httpFields });
/** What steps that ask a model have in common. */
const modelFields = {
  persona: name,
  instances: z.int().min(0).max(1000).default(1).describe("How many of the persona work side by side; 0: nobody, its tokens wait"),
  ask: z.string().min(1).describe("Template of what the persona is asked; inputs by name"),
  data: z
    .record(alias, template)
    .optional()
    .describe("Material for the ask, by name: fenced in the prompt as data, so that nothing in it reads as an instruction"),
  durable: z
    .boolean()
    .optional()
    .describe(
      "Each model answer and tool result is a step in the log: after a crash the turn loop goes on from the last one; default: what the persona says",
    ),
};
const llmSchema = z.strictObject({
  kind: z.literal("llm"),
  ...common,
  ...modelFields,
  crystal: crystalSchema.optional().describe("A rule that may answer in the model's place where it claims to; see `petrel crystallize`"),
  equality: stepEquality,
});
const labels = z.array(z.string().regex(LABEL_PATTERN, LABEL_RULE)).optional();
/** MCP servers of others, by the names that their tools go by: `mcp.<name>.<tool>`. */
const mcpOverHttp = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "a server is named like my-server"),
  z.strictObject({
    url: z.string().regex(/^https?:\/\/\S+$/, "an https or http address"),
    flag: z.enum(FLAGS).default("h").describe("What a persona needs for its tools, beside h"),
    tools: z.record(z.string(), z.enum(FLAGS)).optional().describe("Tools that need another flag"),
    secret: secretName.optional().describe("Sent as a bearer token; the persona must be granted it"),
  }),
);
const engineSchema = z.strictObject({
  kind: z.literal("claude-code").describe("One session of Claude Code, on the executor that holds the workspace"),
  secret: secretName.default("anthropic_key").describe("The secret that is its API key; the persona must be granted it"),
  model: z.string().min(1).optional().describe("Default: Claude Code's own"),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Another address of the API"),
});
export type Engine = z.output<typeof engineSchema>;
const secretsByVariable = z.record(z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/, "a variable is named like NPM_TOKEN"), secretName);
const agentSchema = z.strictObject({
  kind: z.literal("agent"),
  ...common,
  ...modelFields,
  unfinished: z
    .enum(["error", "result"])
    .optional()
    .describe(
      "An agent that ends without `done`: `error` (default) fails the firing, `result` hands on {status: failed, said or refused} like any answer",
    ),
  pool: name.optional().describe("Executors that may hold the workspace"),
  labels: labels.describe("What such an executor must have"),
  workspace: z
    .record(z.string(), template)
    .optional()
    .describe(
      "Input of the hand `code.session`: a repository, or {} for a folder that begins empty; or of `browser.session`: {browser: {url}}. Without it the agent has neither",
    ),
  secrets: secretsByVariable
    .optional()
    .describe("What `browser.fill` may type, by variable; the names of secrets, of which its persona must be granted each"),
  engine: engineSchema.optional().describe("Who does the work in the workspace; default: Petrel's own turn loop"),
  mcp: mcpOverHttp.optional().describe("MCP servers over HTTP whose tools the persona may list; those over stdio stand in `workspace`"),
  crystal: crystalSchema.optional().describe("A rule that may answer in the model's place where it claims to; see `petrel crystallize`"),
  equality: stepEquality,
  release: z.boolean().optional().describe("The position that releases: here a persona with the flag x may push by the tool `git.push`"),
});
const commandSchema = z.strictObject({
  kind: z.literal("command"),
  ...common,
  pool: name.describe("Executors that may do it"),
  labels: labels.describe("What such an executor must have, like `node20`"),
  hand: z.string().regex(HAND_PATTERN, HAND_RULE).default("shell.run").describe("What the executor does"),
  argv: z
    .array(z.string())
    .optional()
    .describe("Fixed argument vector for `shell.run`; templates allowed inside an argument, never a shell"),
  input: z.record(z.string(), template).optional().describe("Input of the hand; templates over the inputs"),
  secrets: secretsByVariable
    .optional()
    .describe("Environment variables of the command, by the names of secrets; its persona must be granted each"),
});
const linkSchema = z.strictObject({
  kind: z.literal("link"),
  ...common,
  to: z
    .strictObject({
      subnet: name.optional().describe("A sub-net of this net"),
      net: netRef.optional().describe("Another net of the same system"),
      place: name.describe("An in port of the sub-net, or a place of the other net that accepts tokens of this one"),
    })
    .describe("Where the token goes: one of `subnet` and `net`, and the place there"),
  instance: z
    .enum(["shared", "each"])
    .default("shared")
    .describe("`shared`: one running sub-net for all; `each`: an own instance for each firing, gone when its result has left"),
  value: template.optional().describe("The data of the token that goes there; default: what the first input holds"),
});

export const transitionSchema = z.discriminatedUnion("kind", [
  passSchema,
  mapSchema,
  httpSchema,
  llmSchema,
  agentSchema,
  commandSchema,
  linkSchema,
]);

export const placeSchema = z.strictObject({
  title: z.string().optional(),
  schema: z.record(z.string(), json).optional().describe("JSON Schema 2020-12 that tokens from outside must meet"),
  capacity: z.int().min(1).optional().describe("The most tokens it holds; transitions wait before they would fill it beyond"),
  open: z.boolean().optional().describe("Takes letters by `nats pub place.<net>.<place>`"),
  index: z.array(z.string()).optional().describe("Paths that queries look for, like `$.stage`"),
  sink: z.boolean().optional().describe("Nothing in the net takes tokens out of it, on purpose"),
  deadline: z
    .strictObject({ after: duration, to: name })
    .optional()
    .describe("A token that no firing takes within this time goes to another place"),
  port: z
    .enum(["in", "out"])
    .optional()
    .describe("Of a sub-net: `in` is filled by the net around it, out of `out` that net takes; there it is called `<sub>--<place>`"),
  accepts: z.array(netRef).min(1).optional().describe("Nets whose links may put tokens in; an open place takes them from every net"),
});

type NestedNet<Place, Step, Token> = {
  title?: string | undefined;
  description?: string | undefined;
  tokens?: Record<string, Token[]> | undefined;
  file?: string | undefined;
  places: Record<string, Place>;
  transitions: Record<string, Step>;
};
/** A net inside another one. */
export type Subnet = NestedNet<PlaceDefinition, Transition, Json> & { log: "parent" | "own"; subnets?: Record<string, Subnet> | undefined };
/** As people write it. */
export type SubnetFile = Partial<NestedNet<z.input<typeof placeSchema>, z.input<typeof transitionSchema>, unknown>> & {
  log?: "parent" | "own" | undefined;
  subnets?: Record<string, SubnetFile> | undefined;
};

const netParts = {
  title: z.string().optional(),
  description: z.string().optional(),
  tokens: z.record(name, z.array(json)).optional().describe("Tokens that the first application of the net puts in"),
};

export const subnetSchema = z.strictObject({
  ...netParts,
  file: z.string().min(1).optional().describe("A net file that holds the sub-net, by its path from this file's folder"),
  log: z
    .enum(["parent", "own"])
    .default("parent")
    .describe("`parent`: it lives in the log of the net around it; `own`: it is a net of its own, called `<net>--<sub>`, tied by links"),
  places: z.record(name, placeSchema).default({}).describe("Places by name"),
  transitions: z.record(name, transitionSchema).default({}).describe("Transitions by name"),
  subnets: z
    .record(
      name,
      z.lazy((): z.ZodType<Subnet, SubnetFile> => subnetSchema),
    )
    .optional()
    .describe("Sub-nets of the sub-net, to any depth"),
});

export const netSchema = z.strictObject({
  $schema: z.string().optional().describe("Where editors find this schema"),
  net: netRef.describe("The net's name: it stands in streams and subjects"),
  ...netParts,
  budget: netBudgetSchema.optional().describe("What the models of this net may use, in all and in one day"),
  crystallize: crystallizeSchema
    .optional()
    .describe("With it, the net looks for steps that have settled, learns rules for them, and puts them in their shadow by itself"),
  layout: z
    .enum(["own", "shared"])
    .optional()
    .describe("`own` (default): each place is a stream of its own. `shared`: all places of the net lie in one stream, a subject each"),
  places: z.record(name, placeSchema).describe("Places by name"),
  transitions: z.record(name, transitionSchema).describe("Transitions by name"),
  subnets: z.record(name, subnetSchema).optional().describe("Nets inside this one, by name"),
  parent: z
    .strictObject({ net: netRef, subnet: netRef })
    .optional()
    .describe("Written by Petrel into a sub-net with a log of its own: the net around it, and its name there"),
});

export type NetDefinition = z.output<typeof netSchema>;
export type NetFile = z.input<typeof netSchema>;
export type LinkTransition = Extract<Transition, { kind: "link" }>;
export type Transition = z.output<typeof transitionSchema>;
export type TransitionKind = Transition["kind"];
export type InputArc = z.output<typeof inputArcSchema>;
export type OutputArc = z.output<typeof outputArcSchema>;
export type Schedule = z.output<typeof scheduleSchema>;
export type Gate = z.output<typeof gateSchema>;
export type Retry = z.output<typeof retrySchema>;
export type PlaceDefinition = z.output<typeof placeSchema>;

/** Kinds whose firing asks nobody. A link with an instance for each firing stays open until the result leaves the sub-net. */
export function isDeterministic(kind: TransitionKind): boolean {
  return kind === "pass" || kind === "map" || kind === "link";
}

/** The name that an input goes by. */
export function aliasOf(arc: Pick<InputArc, "place" | "as">): string {
  return arc.as ?? arc.place.replace(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Milliseconds of a duration like "10m". */
export function durationMs(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (!match) throw new RangeError(`not a duration: ${text}`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as "ms" | "s" | "m" | "h" | "d"];
  return Number(match[1]) * unit;
}
