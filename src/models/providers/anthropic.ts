/**
 * Claude through the Messages API. The SDK's own retries are off: the engine retries, and logs that it does. It is over a megabyte, so it is
 * read when a model is first asked.
 */
import type Anthropic from "@anthropic-ai/sdk";
import type { Clock } from "../../contract/clock.ts";
import { withDeadline } from "../deadline.ts";
import type { AskOptions, ModelAnswer, ModelProvider, ModelRequest } from "../port.ts";
import { type FailureContext, failureError, isPetrelError, reasonOf } from "../provider-errors.ts";
import { type Redact, redactor } from "../redact.ts";
import { ANTHROPIC, anthropicAnswer, anthropicParams } from "./anthropic-messages.ts";

export interface AnthropicOptions {
  apiKey: string;
  clock: Clock;
  /** Default: https://api.anthropic.com */
  baseURL?: string;
  /** Name of the variable that holds the key, for the hint. */
  keyVariable?: string;
  redact?: Redact;
}

/** Models that think always and answer 400 when a tool is forced. Others are found out by their answer. */
const NEVER_FORCED = /^claude-(opus-5-[5-9]|fable-5-[1-9]|mythos-5-[1-9])/;

const sdk = () => import("@anthropic-ai/sdk");

export function anthropicProvider(options: AnthropicOptions): ModelProvider {
  const baseURL = options.baseURL ?? "https://api.anthropic.com";
  let client: Anthropic | undefined;
  const redact = options.redact ?? redactor({ API_KEY: options.apiKey });
  const context: FailureContext = { clock: options.clock, keyVariable: options.keyVariable ?? "ANTHROPIC_API_KEY", baseURL, redact };
  const unforced = new Set<string>();

  const body = (request: ModelRequest) => anthropicParams(request, !NEVER_FORCED.test(request.model) && !unforced.has(request.model));

  async function once(request: ModelRequest, call: AskOptions, signal: AbortSignal): Promise<ModelAnswer> {
    const { default: Client } = await sdk();
    client ??= new Client({ apiKey: options.apiKey, baseURL, maxRetries: 0, logLevel: "off", openTelemetry: false });
    // Twice our own limit: the SDK's timer must not fire before ours, which knows who ended the call.
    const stream = await client.messages.create(body(request), { signal, timeout: call.timeoutMs * 2 });
    return anthropicAnswer(stream, request, call.onText);
  }

  async function askTwice(request: ModelRequest, call: AskOptions, signal: AbortSignal): Promise<ModelAnswer> {
    try {
      return await once(request, call, signal);
    } catch (error) {
      if (unforced.has(request.model) || !(await isForcedRefusal(error, request))) throw error;
      unforced.add(request.model);
      return once(request, call, signal);
    }
  }

  return {
    name: ANTHROPIC,
    body,
    ask: (request, call) =>
      withDeadline(options.clock, call, `${ANTHROPIC} ${request.model}`, async (signal) => {
        try {
          return await askTwice(request, call, signal);
        } catch (error) {
          throw await mapped(error, request, context);
        }
      }),
  };
}

async function isForcedRefusal(error: unknown, request: ModelRequest): Promise<boolean> {
  const { APIError } = await sdk();
  return request.toolChoice !== undefined && error instanceof APIError && error.status === 400 && /tool_choice/.test(error.message);
}

async function mapped(error: unknown, request: ModelRequest, context: FailureContext): Promise<Error> {
  if (isPetrelError(error)) return error;
  const { APIError } = await sdk();
  if (!(error instanceof APIError)) return failureError({ provider: ANTHROPIC, model: request.model, message: reasonOf(error) }, context);
  return failureError(
    {
      provider: ANTHROPIC,
      model: request.model,
      status: error.status,
      kind: error.type ?? undefined,
      message: error.apiMessage ?? reasonOf(error),
      headers: error.headers,
    },
    context,
  );
}
