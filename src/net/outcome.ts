/** How the work of a firing ended, before it is routed. */
import type { ErrorData } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { RecordedCall } from "./rule/follow-calls.ts";

/** `calls`: what an agent called on the way, for the comparison with its rule. */
export type Outcome = { ok: true; value: Json; calls?: RecordedCall[] } | { ok: false; error: ErrorData };
