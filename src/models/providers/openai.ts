/**
 * OpenAI by its Responses API or by Chat Completions, and every server that speaks one of them. The SDK's own retries are off: the
 * engine retries, and logs that it does. It is read when a model is first asked.
 */
import type OpenAI from "openai";
import type { Clock } from "../../contract/clock.ts";
import { derivedId } from "../../contract/hash.ts";
import { withDeadline } from "../deadline.ts";
import type { AskOptions, ModelAnswer, ModelProvider, ModelRequest } from "../port.ts";
import { type FailureContext, failureError, isPetrelError, reasonOf } from "../provider-errors.ts";
import { type Redact, redactor } from "../redact.ts";
import { chatAnswer, chatParams, OPENAI } from "./openai-chat.ts";
import { ResponseFailure, responsesAnswer, responsesParams } from "./openai-responses.ts";

export interface OpenAIOptions {
  /** Servers at an own baseURL often need none. */
  apiKey?: string;
  clock: Clock;
  /** Default: https://api.openai.com/v1. Ollama: http://127.0.0.1:11434/v1 */
  baseURL?: string;
  /** Name of the variable that holds the key, for the hint. */
  keyVariable?: string;
  redact?: Redact;
  /** Name under which it is booked, when it is another service that speaks the same API. */
  name?: string;
  /** Default: Responses at OpenAI's own address, Chat Completions, which more servers speak, at any other. */
  api?: "responses" | "chat";
}

const OFFICIAL = "https://api.openai.com/v1";

const sdk = () => import("openai");

export function openaiProvider(options: OpenAIOptions): ModelProvider {
  const baseURL = options.baseURL ?? OFFICIAL;
  const apiKey = options.apiKey ?? "none";
  const name = options.name ?? OPENAI;
  let client: OpenAI | undefined;
  const redact = options.redact ?? redactor({ API_KEY: apiKey });
  const context: FailureContext = { clock: options.clock, keyVariable: options.keyVariable ?? "OPENAI_API_KEY", baseURL, redact };

  const api = options.api ?? (baseURL === OFFICIAL ? "responses" : "chat");

  async function ask(request: ModelRequest, call: AskOptions, signal: AbortSignal): Promise<ModelAnswer> {
    const settings = (params: object) => ({
      signal,
      // One key names one request: a further turn of the same firing has another body, so another key.
      headers: { "Idempotency-Key": derivedId("petrel-", call.key, params) },
      timeout: call.timeoutMs * 2,
    });
    const { default: Client } = await sdk();
    client ??= new Client({ apiKey, baseURL, maxRetries: 0, logLevel: "off", organization: null, project: null });
    if (api === "responses") {
      const params = responsesParams(request);
      return responsesAnswer(await client.responses.create(params, settings(params)), request, call.onText);
    }
    const params = chatParams(request, baseURL !== OFFICIAL);
    return chatAnswer(await client.chat.completions.create(params, settings(params)), request, call.onText);
  }

  return {
    name,
    body: (request) => (api === "responses" ? responsesParams(request) : chatParams(request, baseURL !== OFFICIAL)),
    ask: (request, call) =>
      withDeadline(options.clock, call, `${name} ${request.model}`, async (signal) => {
        try {
          return await ask(request, call, signal);
        } catch (error) {
          throw await mapped(error, name, request, context);
        }
      }),
  };
}

async function mapped(error: unknown, provider: string, request: ModelRequest, context: FailureContext): Promise<Error> {
  if (isPetrelError(error)) return error;
  if (error instanceof ResponseFailure)
    return failureError({ provider, model: request.model, kind: error.kind, message: error.message }, context);
  const { APIError } = await sdk();
  if (!(error instanceof APIError)) return failureError({ provider, model: request.model, message: reasonOf(error) }, context);
  const { status, headers } = error;
  const kind = error.code ?? error.type ?? undefined;
  return failureError({ provider, model: request.model, status, kind, message: reasonOf(error), headers }, context);
}
