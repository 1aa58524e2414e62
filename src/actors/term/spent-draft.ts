/** What an attempt used that came to nothing: it is paid for, so the log tells of it. */
import type { EventDraft } from "../../contract/event.ts";

interface Attempt {
  transition: string;
  persona: string;
  firing: string;
  attempt: number;
  correlation: string;
}

export function spentDraft(
  { transition, persona, firing, attempt, correlation }: Attempt,
  { model, tools }: Pick<EventDraft, "model" | "tools">,
): EventDraft {
  const calls = model?.calls ?? 0;
  return {
    category: "tool",
    type: "noted",
    status: "info",
    ...{ transition, persona, firing, attempt, correlation },
    ...(model ? { model } : {}),
    ...(tools?.length ? { tools } : {}),
    summary: `${calls} model call${calls === 1 ? "" : "s"} of ${persona} belong to an attempt that was called off.`,
  };
}
