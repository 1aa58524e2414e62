/**
 * The persona file: a specialist in JSON. This schema is its source; `schemas/persona.schema.json` is generated from it.
 * Unknown fields are errors, and so is a tool whose flag the persona lacks.
 */
import * as z from "zod";
import { crossingSchema, limitsSchema } from "../contract/budget.ts";
import { FLAGS_PATTERN } from "../contract/capability.ts";
import { hashJson, sha256 } from "../contract/hash.ts";
import { NAME_PATTERN, NAME_RULE, SECRET_PATTERN, SECRET_RULE } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { TIERS } from "../models/config.ts";

const secretName = z.string().regex(SECRET_PATTERN, SECRET_RULE);
const name = z.string().regex(NAME_PATTERN, NAME_RULE);
/** Relative, inside the folder of the persona file: a persona must not read what lies beside it by accident. */
const knowledgeFile = z
  .string()
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\:]+$/, "a knowledge file is a relative path below the persona file's folder");

export const budgetSchema = z.strictObject({
  usd: z.number().min(0).optional().describe("USD for one firing"),
  tokens: z.int().min(1).optional().describe("Input and output tokens for one firing"),
  turns: z.int().min(1).max(1000).default(20).describe("Model calls for one firing"),
  seconds: z.number().min(1).default(600).describe("Wall clock for one firing"),
  toolCalls: z.int().min(0).optional().describe("Tool calls for one firing"),
  perNet: limitsSchema.optional().describe("For all its firings in one net"),
  perDay: limitsSchema.optional().describe("For all its firings in one net, in one day (UTC)"),
  onCrossing: crossingSchema.optional(),
  approvers: z.array(z.string()).min(1).optional().describe('With `ask`: who may allow more, like "role:maintainer" (the default)'),
});

const contextSchema = z
  .strictObject({
    tokens: z.int().min(1000).max(2_000_000).default(150_000).describe("The most that the first request of a firing may take, estimated"),
    keep: z
      .array(
        z
          .string()
          .regex(/^(lessons|knowledge(\/.+)?|data(\..+)?)$/, 'a part is "lessons", "knowledge", "knowledge/FILE", "data" or "data.NAME"'),
      )
      .default([])
      .describe("Parts in the order in which they are kept when it would not fit; what is not named goes first"),
  })
  .describe("What the request may hold");

export const personaSchema = z.strictObject({
  $schema: z.string().optional(),
  persona: name,
  title: z.string().min(1),
  description: z.string().optional(),
  flags: z
    .string()
    .regex(FLAGS_PATTERN, "flags are five positions, each its letter or a dash: rwxhl, like rw---")
    .describe("r read, w write, x execute and deploy, h HTTP, l the event line"),
  tools: z.array(z.string()).default([]),
  tier: z.enum(TIERS),
  model: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,47}\/\S+$/, 'a model is named with its provider, like "anthropic/claude-opus-5-5"')
    .optional()
    .describe("Asked before the models of its tier, which stand in for it"),
  prompt: z.string().min(1),
  knowledge: z.array(knowledgeFile).default([]).describe("Files whose text joins the prompt; what is bigger than 16 KiB is looked up"),
  output: z.record(z.string(), z.json()).optional().describe("JSON Schema 2020-12 of its answer, an object"),
  maxOutputTokens: z.int().min(256).max(128_000).default(16_000).describe("For one model call; thinking counts"),
  budget: budgetSchema.prefault({}),
  durable: z.boolean().optional().describe("Its turn loops survive a crash step by step, unless the transition says otherwise"),
  secrets: z.array(secretName).default([]).describe("Secrets that its http and command steps may use, by name"),
  memory: name.optional().describe("A place of the net that holds its lessons"),
  context: contextSchema.optional(),
});
export type Persona = z.output<typeof personaSchema>;
export type PersonaFile = z.input<typeof personaSchema>;
export type PersonaBudget = z.output<typeof budgetSchema>;

export interface Knowledge {
  file: string;
  text: string;
}

export function personaJsonSchema(): JsonObject {
  return z.toJSONSchema(personaSchema, { target: "draft-2020-12", io: "input" }) as JsonObject;
}

/** What a version of a persona is: its definition and the content of its knowledge. `$schema` is for editors. */
export function personaVersion(persona: Persona, knowledge: readonly Knowledge[]): string {
  const { $schema: _, ...definition } = persona;
  const contents: Json = knowledge.map((each) => ({ file: each.file, sha256: sha256(each.text) }));
  return hashJson({ definition, knowledge: contents });
}
