/** By a command of the machine's owner, like a pager's. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PetrelError, Retryable } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { bodyOf } from "./by-webhook.ts";
import type { NotifyInput } from "./card.ts";
import type { Channel } from "./channel.ts";

const FAILED = "notify-command-failed";

export function commandChannel(context: HandContext, { argv }: NonNullable<NotifyInput["command"]>): Channel {
  return {
    via: "command",
    to: argv[0] ?? "",
    send: async (message) => {
      const cwd = join(context.workDir, "tree");
      mkdirSync(cwd, { recursive: true });
      const env = { ...context.secrets, PETREL_NOTIFICATION: message.id };
      const input = `${JSON.stringify(bodyOf(message))}\n`;
      const { exitCode, stderr, timedOut } = await context.run({ argv, cwd, env, input, timeoutMs: context.order.timeoutMs, untold: true });
      if (exitCode === 0 && !timedOut) return;
      throw new Retryable({ code: FAILED, message: `${argv[0]} ended with ${exitCode}: ${stderr.trim().slice(-300)}` });
    },
    // A command that failed may have told somebody before it did; one that was never started has not.
    certainlyNotSent: (error) => error instanceof PetrelError && error.code !== FAILED,
  };
}
