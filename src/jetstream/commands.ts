/** Commands to the owner of a net, or to the runtime: JSON both ways. */
import type { CommandAnswer, Commands } from "../contract/broker.ts";
import { errorData, Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Serving } from "../contract/serving.ts";
import { subjects } from "../contract/subjects.ts";
import { askOwner, lastToken, serve } from "./answering.ts";
import type { Link } from "./link.ts";

const COMMAND_TIMEOUT_MS = 15_000;

export function jetStreamCommands(link: Link): Commands {
  return {
    serve: (net, handle) => serveCommands(link, net === null ? subjects.runtimeAll() : subjects.commandAll(net), handle),

    ask: async (net, verb, body, timeoutMs = COMMAND_TIMEOUT_MS) => {
      const subject = net === null ? subjects.runtime(verb) : subjects.command(net, verb);
      const what = net === null ? "the runtime" : `net ${net}`;
      return (await askOwner(link, subject, JSON.stringify(body), what, { timeoutMs })).json<CommandAnswer>();
    },
  };
}

/** Serves `<subject>.<verb>` with JSON both ways. */
export function serveCommands(link: Link, subject: string, handle: (verb: string, body: Json) => Promise<CommandAnswer>): Promise<Serving> {
  const failed = (error: unknown) => JSON.stringify({ ok: false, error: errorData(error) } satisfies CommandAnswer);
  return serve(
    link,
    subject,
    async (msg) => {
      try {
        return JSON.stringify(await handle(lastToken(msg.subject), parseBody(msg.data)));
      } catch (error) {
        return failed(error);
      }
    },
    { instead: failed },
  );
}

function parseBody(data: Uint8Array): Json {
  if (data.length === 0) return null;
  try {
    return JSON.parse(new TextDecoder().decode(data)) as Json;
  } catch (cause) {
    throw new Terminal({ code: "not-json", message: `the command's body is no JSON: ${String(cause)}`, hint: "send a JSON object" });
  }
}
