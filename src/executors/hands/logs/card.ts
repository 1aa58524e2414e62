/** What `logs.read` and `logs.compare` take and give. */
import * as z from "zod";
import type { HandCard } from "../../hand.ts";
import { keptArtifact } from "../kept-artifact.ts";

const variable = z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/, "a variable of the transition's `secrets`");

const source = z
  .strictObject({
    file: z.string().min(1).optional().describe("A file of this executor, by absolute path; a .gz is unpacked"),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Lines over HTTP"),
    tokenFrom: variable.optional().describe("With `url`: the variable that holds a bearer token"),
    journal: z
      .strictObject({
        unit: z
          .string()
          .regex(/^[A-Za-z0-9@._:-]{1,200}$/)
          .optional(),
        since: z.string().max(40).optional(),
        user: z.boolean().default(false),
      })
      .optional()
      .describe("Entries of `journalctl`"),
    text: z.string().optional().describe("The lines themselves, from a token"),
  })
  .refine(
    (one) => [one.file, one.url, one.journal, one.text].filter((each) => each !== undefined).length === 1,
    "one of file, url, journal and text",
  );
export type LogSource = z.output<typeof source>;

const format = z
  .enum(["auto", "json", "logfmt", "common", "syslog", "text"])
  .default("auto")
  .describe("`common`: Apache's and nginx's common and combined; `syslog`: RFC 3164 and RFC 5424; `auto` looks at each line");
const fields = z
  .strictObject({
    time: z.string().optional(),
    level: z.string().optional(),
    message: z.string().optional(),
    latency: z.string().optional().describe("In milliseconds, unless its name ends in _s, _sec, _us or _ns"),
    status: z.string().optional(),
  })
  .prefault({})
  .describe("Names of fields, where they are not the usual ones; with dots into objects");
const from = z.iso.datetime({ offset: true });

export const readInput = z.strictObject({
  source,
  format,
  fields,
  follow: z
    .strictObject({
      seconds: z.number().min(0.1).max(86_400),
      fromEnd: z.boolean().default(false).describe("Of a file: only what is appended from now on"),
      until: z.string().min(1).max(500).optional().describe("Ends when a line contains this"),
    })
    .optional()
    .describe("Goes on reading what is appended, so long"),
  since: from.optional().describe("Only entries of this time and later"),
  before: from.optional().describe("Only entries earlier than this"),
  contains: z.string().min(1).max(500).optional().describe("Only lines that contain this"),
  baseline: z
    .array(z.string())
    .max(5000)
    .optional()
    .describe("Signatures of errors that are known: `errors` of an earlier result, by `signature`"),
  keep: z.int().min(0).max(1000).default(20).describe("Matching lines that are shown; all of them are an artefact"),
});
export type ReadInput = z.output<typeof readInput>;

const side = z.strictObject({ source, since: from.optional(), before: from.optional() });
export const compareInput = z.strictObject({
  before: side.describe("The time that it is compared with"),
  after: side,
  format,
  fields,
  allow: z
    .strictObject({
      newErrors: z.int().min(0).default(0).describe("Signatures of errors that were not there before"),
      errorRate: z.number().min(0).default(0.01).describe("By so much the share of errors may be higher, from 0 to 1"),
      latency: z.number().min(1).default(1.5).describe("By this factor latencies (p50 and p95) may be higher"),
      latencyMs: z.number().min(0).default(20).describe("And at least so many milliseconds: a factor of little is little"),
      throughput: z.number().min(0).max(1).default(0.5).describe("At least this share of the throughput must be left"),
    })
    .prefault({}),
  least: z.int().min(1).default(20).describe("With fewer entries after, the verdict is `unclear`"),
});
export type CompareInput = z.output<typeof compareInput>;

const signature = z.object({
  signature: z.string(),
  count: z.number(),
  example: z.string(),
  first: z.string().nullable(),
  level: z.string(),
});
const figures = z.object({
  entries: z.number(),
  errors: z.number(),
  errorRate: z.number(),
  levels: z.record(z.string(), z.number()),
  formats: z.record(z.string(), z.number()),
  from: z.string().nullable(),
  to: z.string().nullable(),
  perSecond: z.number().nullable(),
  latency: z
    .object({ count: z.number(), p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
    .nullable()
    .describe("Milliseconds"),
});

const readOutput = figures.extend({
  signatures: z.array(signature).describe("Of errors, the most frequent first, 50 at most"),
  newErrors: z.array(signature).nullable().describe("Those that `baseline` does not name; null without it"),
  lines: z.array(z.string()),
  full: keptArtifact.nullable(),
  matched: z.boolean().describe("With `follow.until`: the line came"),
});

const compareOutput = z.object({
  verdict: z.enum(["good", "bad", "unclear"]),
  reasons: z.array(z.object({ code: z.enum(["new-errors", "error-rate", "latency", "throughput", "few-entries"]), text: z.string() })),
  before: figures,
  after: figures,
  newErrors: z.array(signature),
  told: z.string().describe("The verdict in a sentence"),
});

export const readCard: HandCard = {
  name: "logs.read",
  about: "Reads or follows a log: counts, latencies, errors by signature, those that are new",
  ...{ input: readInput, output: readOutput, flag: null, mode: "run", enclosed: false },
};
export const compareCard: HandCard = {
  name: "logs.compare",
  about: "Compares a log before and after a moment: new errors, error rate, latency, throughput, and a verdict",
  ...{ input: compareInput, output: compareOutput, flag: null, mode: "run", enclosed: false },
};
