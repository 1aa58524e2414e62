/** Words of the OpenTelemetry conventions for GenAI, and those for errors. Pure. */
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject } from "../../contract/json.ts";

/** Well-known values of `gen_ai.provider.name` that people call otherwise in petrel.config.json; other names stand for themselves. */
const PROVIDERS: Readonly<Record<string, string>> = {
  ...{ "claude-code": "anthropic", mistral: "mistral_ai", xai: "x_ai", grok: "x_ai", gemini: "gcp.gemini", google: "gcp.gemini" },
  ...{ vertex: "gcp.vertex_ai", bedrock: "aws.bedrock", azure: "azure.ai.openai", watsonx: "ibm.watsonx.ai" },
};
/** Where no model was asked, as when a rule answered. */
export const NO_MODEL = "petrel";
/** The conventions' word for an error without a name. */
export const OTHER_ERROR = "_OTHER";

export const providerName = (provider: string): string => PROVIDERS[provider] ?? (provider || OTHER_ERROR);

/** `error.type` of what an event says went wrong: the code of the error, else how it ended. */
export function errorTypeOf({ type, attributes }: NetEvent): string {
  const error = attributes?.error;
  if (isJsonObject(error) && typeof error.code === "string") return error.code;
  if (attributes?.decision === "reject") return "rejected";
  return type === "expired" || type === "lapsed" || type === "refused" ? type : OTHER_ERROR;
}
