/** Why a transition does not fire. */

import type { Json } from "../../contract/json.ts";
import { readAnswer, whyAnswer } from "../answers.ts";
import { askNet, checkName } from "../ask.ts";
import { EXIT, type Verb } from "../verb.ts";

export const whyVerb: Verb = {
  command: "why <net> <transition>",
  summary: "say why a transition fires or does not",
  examples: ["petrel why safe-teams deliver"],
  run: async (call) => {
    const body = { transition: checkName(call.arg("transition"), "transition") };
    const answer = readAnswer(whyAnswer, await call.withBroker((broker) => askNet(broker, call.arg("net"), "why", body)), "why");
    call.out.result(answer as unknown as Json, () =>
      [`${answer.transition} is ${answer.enabled ? "enabled" : "not enabled"}`, ...answer.reasons.map((reason) => `  ${reason}`)].join(
        "\n",
      ),
    );
    return EXIT.ok;
  },
};
