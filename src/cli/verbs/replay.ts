/** A net as it was at any moment, from its log alone; what changed between two; and whether the log gives what runs. */
import { pastOf } from "../../actors/past.ts";
import { checkName } from "../../client/ask.ts";
import { differenceOf } from "../../client/history/difference.ts";
import { momentOf } from "../../client/history/moment.ts";
import { tokensThen } from "../../client/history/past.ts";
import { pictureOf } from "../../client/history/picture.ts";
import { verifyNet } from "../../client/history/verify.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { usage } from "../../client/usage.ts";
import type { Json } from "../../contract/json.ts";
import { differenceText } from "../history/difference-words.ts";
import { pictureText, placeText } from "../history/picture-words.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

const MOST_FAULTS = 20;

export const replayVerb: Verb = {
  command: "replay <net>",
  summary: "show a net as it was, from its log",
  details:
    "A moment is the number of an event (0: before the first), a time with Z or an offset, or now. Nothing that runs is touched. --verify ends with 1 when the log does not give the running marking.",
  examples: [
    "petrel replay safe-teams --at 12",
    "petrel replay safe-teams --at 2026-03-01T12:00:00Z --place tasks",
    "petrel replay safe-teams --between 12 now --json",
    "petrel replay safe-teams --verify",
  ],
  options: [
    { flags: "--at <moment>", about: "the marking at this moment (default: now)" },
    { flags: "--place <place>", about: "the tokens of this place then, whole" },
    { flags: "--between <moments...>", about: "what changed between two moments" },
    { flags: "--verify", about: "compare the fold of the whole log with the running net" },
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const between = call.list("between");
    if (call.on("verify")) {
      if (call.text("at") !== undefined || between.length > 0)
        throw usage("--verify looks at the whole log", `petrel replay ${net} --verify`);
      return verify(call, net);
    }
    if (between.length === 0) return show(call, net);
    if (call.text("at") !== undefined || call.text("place") !== undefined)
      throw usage("--between goes without --at and --place", `petrel replay ${net} --between 1 now`);
    return compare(call, net, between);
  },
};

async function show(call: VerbCall, net: string): Promise<ExitCode> {
  const at = momentOf(call.text("at") ?? "now", "--at", call.petrel.clock.now());
  const place = call.text("place");
  if (place !== undefined) checkName(place, "place");
  await call.withBroker(async (broker) => {
    await noSuchNet(broker, net);
    const past = await pastOf(broker, net, at);
    if (place === undefined) {
      const picture = pictureOf(past);
      return call.out.result(picture as unknown as Json, () => pictureText(picture, call.out));
    }
    const placed = await tokensThen(broker, past, place);
    const tokens = placed.map(({ token, reservedBy }) => ({ ...token, reservedBy }));
    const document = { net, seq: past.state.seq, at: past.last?.ts ?? null, place, tokens, total: tokens.length };
    call.out.result(document as unknown as Json, () => placeText(place, placed, call.out));
  });
  return EXIT.ok;
}

async function compare(call: VerbCall, net: string, moments: string[]): Promise<ExitCode> {
  const [one, other, ...rest] = moments;
  if (one === undefined || other === undefined || rest.length > 0)
    throw usage("--between takes two moments", `petrel replay ${net} --between 12 now`);
  const now = call.petrel.clock.now();
  const [from, to] = [momentOf(one, "--between", now), momentOf(other, "--between", now)];
  const difference = await call.withBroker(async (broker) => {
    await noSuchNet(broker, net);
    return differenceOf(broker, net, from, to);
  });
  call.out.result(difference as unknown as Json, () => differenceText(difference, call.out));
  return EXIT.ok;
}

async function verify(call: VerbCall, net: string): Promise<ExitCode> {
  const verified = await call.withBroker(async (broker) => {
    await noSuchNet(broker, net);
    return verifyNet(broker, net, call.petrel.clock);
  });
  const { equal, seq, tokens, differences, faults } = verified;
  call.out.result(verified as unknown as Json, () =>
    equal
      ? `equal: the ${seq} events of ${net} give the running marking, ${tokens} ${tokens === 1 ? "token" : "tokens"}`
      : [
          ...(differences.length > 0 ? [`not equal: ${differences.length} differences after ${seq} events`] : []),
          ...differences.map((line) => `  ${line}`),
          ...(faults.length > 0
            ? [`the log of ${net} is not what its owners wrote: ${call.pasteable(`petrel verify ${net}`)} tells all`]
            : []),
          ...faults.slice(0, MOST_FAULTS).map(({ sequence, what }) => (sequence > 0 ? `  entry ${sequence}: ${what}` : `  ${what}`)),
        ].join("\n"),
  );
  return equal ? EXIT.ok : EXIT.failed;
}
