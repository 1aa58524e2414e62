/** The own fields of an `http` transition. */
import * as z from "zod";
import { HOST_PATTERN, HOST_RULE } from "../contract/host-pattern.ts";
import type { Json } from "../contract/json.ts";

const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;
export const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const MEBIBYTE = 1024 * 1024;
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "a header's name is one word");

/** Given by the client, or by the connection: a net that set them would break what they promise. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...["idempotency-key", "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "expect", "te", "trailer"],
]);

export const httpFields = {
  method: z
    .union([z.enum(HTTP_METHODS), z.string().startsWith("${")])
    .default("GET")
    .describe("GET (default), HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or a template that gives one"),
  url: z.string().min(1).max(4000).describe("Template of an https or http address; `${secret.NAME}` stands for a secret"),
  headers: z.record(headerName, z.string()).optional().describe('Templates, like "Bearer ${secret.NAME}"; Idempotency-Key is always sent'),
  query: z.record(z.string(), json).optional().describe("Templates laid behind the url; null leaves a parameter out, an array repeats it"),
  body: json
    .optional()
    .describe(
      "Template; a text goes as it is, a reference to an artefact as its bytes, all else as JSON (or as a form, where the header says so)",
    ),
  success: z
    .array(z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]xx$/i, 'a class of status codes is written like "2xx"')]))
    .min(1)
    .default(["2xx"])
    .describe("Status codes that are a good answer"),
  answer: z
    .enum(["auto", "json", "text", "binary"])
    .default("auto")
    .describe("How the body is read: by its media type (default), as JSON, as text, or as bytes that become an artefact"),
  allow: z.array(z.string().regex(HOST_PATTERN, HOST_RULE)).min(1).optional().describe("Hosts, of those that the installation allows"),
  redirects: z.int().min(0).max(10).default(5).describe("How many redirects are followed"),
  maxBytes: z
    .int()
    .min(1)
    .max(64 * MEBIBYTE)
    .default(10 * MEBIBYTE)
    .describe("The biggest answer that is taken"),
};
