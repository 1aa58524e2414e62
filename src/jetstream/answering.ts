/** Services by core request and reply: mostly only the owner subscribes, and there is no queue group. */
import type { Msg } from "@nats-io/transport-node";
import { PetrelError, Retryable } from "../contract/errors.ts";
import type { Serving } from "../contract/serving.ts";
import { type Link, unsendable } from "./link.ts";

type Answer = Uint8Array | string | null;

/**
 * Serves a subject; `answer` gives the bytes of the reply, or null to leave it to another, and must not reject. `instead` is said where
 * the answer does not fit into a message.
 */
export async function serve(
  link: Link,
  subject: string,
  answer: (msg: Msg) => Promise<Answer>,
  { queue, instead = () => null }: { queue?: string; instead?: (error: PetrelError) => Answer } = {},
): Promise<Serving> {
  const take = (msg: Msg) => {
    // The broker checks no right on reply subjects: whoever may publish to a stream can steer its acknowledgement here. Such
    // a message has no reply subject of its own, or a stream's; a caller always has an inbox.
    if (!msg.reply || msg.reply.startsWith("$JS.")) return;
    void answer(msg).then((payload) => {
      // While the wire is down the answer is lost; whoever asked asks again.
      if (payload === null || link.nc.isClosed()) return;
      const error = respond(msg, payload, link.largestMessage);
      const other = error?.outlook === "terminal" ? instead(error) : null;
      if (other !== null) respond(msg, other, link.largestMessage);
    });
  };
  const serving = link.subscribe(subject, take, queue);
  await link.settled();
  return serving;
}

function respond(msg: Msg, payload: Uint8Array | string, limit: number): PetrelError | null {
  try {
    msg.respond(payload);
    return null;
  } catch (cause) {
    return unsendable("whoever asked", cause, limit);
  }
}

/** Asks a service of an owner; without one: Retryable `no-owner`. */
export async function askOwner(
  link: Link,
  subject: string,
  payload: Uint8Array | string,
  what: string,
  options: Parameters<Link["call"]>[2],
): Promise<Msg> {
  try {
    return await link.call(subject, payload, options);
  } catch (error) {
    if (error instanceof PetrelError && error.code === "no-responders") {
      throw new Retryable({
        code: "no-owner",
        message: `nobody runs ${what} at the moment`,
        hint: "start it with `petrel up`",
        cause: error,
      });
    }
    throw error;
  }
}

/** The last token of a subject. */
export function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf(".") + 1);
}
