/** The versions of a net: which ran when and who applied them, and an older one made to run again. */
import type { z } from "zod";
import { otherwiseAsked } from "../../actors/crystal/asks.ts";
import { rulesTold } from "../../actors/term/apply-net.ts";
import { applyAnswer, definitionAnswer, readAnswer } from "../../client/answers.ts";
import { askNet, askRuntime, checkName } from "../../client/ask.ts";
import { crystalsOf } from "../../client/crystals.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { stagesOf, withHeldBack } from "../../net/crystal/stages.ts";
import { netSchema } from "../../net/definition.ts";
import { flattenNet } from "../../net/flatten.ts";
import { rolledBack } from "../../net/rolled-back.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { ruleLines } from "../run/rule-lines.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

type Rules = z.output<typeof applyAnswer>["rules"];

interface Version {
  hash: string;
  at: string;
  /** The event that made it run; null where the log no longer has it. */
  seq: number | null;
  by: string | null;
  summary: string;
  running: boolean;
}

export const netHistoryVerb: Verb = {
  command: "net history <net>",
  summary: "list the versions of a net: when each began to run, and who applied it",
  details:
    "Oldest first; a version that ran twice stands there twice. What `petrel gc` took from the log is told from the store of versions.",
  examples: ["petrel net history safe-teams", "petrel net history safe-teams --json"],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const versions = await call.withBroker((broker) => versionsOf(broker, net));
    call.out.result({ net, versions: versions as unknown as Json }, () =>
      call.out.table(
        ["VERSION", "EVENT", "SINCE", "BY", ""],
        versions.map(({ hash, seq, at, by, summary, running }) => [
          short(hash),
          seq === null ? "-" : String(seq),
          at,
          by ?? "-",
          running ? `runs now; ${summary}` : summary,
        ]),
      ),
    );
    return EXIT.ok;
  },
};

export const netRollbackVerb: Verb = {
  command: "net rollback <net>",
  summary: "make an older version the running one, with tokens in flight",
  details:
    "A running net only grows: places that came since then stay, and transitions that came since then stay with a guard that never holds. Refused when the net changes meanwhile. `petrel net history NET` lists the versions.",
  examples: ["petrel net rollback safe-teams --to 3f9a2c", "petrel net rollback safe-teams --to 3f9a2c --dry-run"],
  options: [
    { flags: "--to <version>", about: "the version, as `net history` prints it; its beginning is enough" },
    { flags: "--dry-run", about: "say what would stay and what would be silenced, and change nothing" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const to = call.text("to");
    if (to === undefined) throw usage("--to is missing", `petrel net history ${net} lists the versions`);
    if (!/^[0-9a-f]{4,64}$/.test(to)) throw usage(`"${to.slice(0, 80)}" is no version`, "a version is 4 to 64 of 0-9 and a-f");
    return call.withBroker((broker) => rollBack(call, broker, net, to));
  },
};

async function rollBack(call: VerbCall, broker: Broker, net: string, to: string): Promise<ExitCode> {
  await noSuchNet(broker, net);
  const running = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const hash = await versionNamed(broker, net, to);
  const older = (await broker.netVersions.get(net, hash)) as JsonObject | null;
  if (older === null)
    throw new Terminal({
      code: "no-such-version",
      message: `version ${short(hash)} of ${net} is not kept`,
      hint: `petrel net history ${net}`,
    });
  const { definition, silenced, kept } = rolledBack(older, running.definition);
  const said = words(silenced, kept);
  if (call.on("dryRun")) {
    const rules = await rulesBetween(broker, net, running.definition, definition);
    call.out.result({ net, to: hash, running: running.hash, silenced, kept, rules: rules as unknown as Json, definition }, () =>
      [`${net} would run version ${short(hash)} again`, ...said, ...ruleLines(net, rules)].join("\n"),
    );
    return EXIT.ok;
  }
  const body = { definition, by: callerOf(call), base: running.hash };
  const answer = readAnswer(applyAnswer, await askRuntime(broker, "apply-net", body), "apply-net");
  const rules = answer.rules as unknown as Json;
  call.out.result({ net, to: hash, hash: answer.hash, changed: answer.changed ?? true, silenced, kept, rules }, () => {
    if (answer.changed === false) return `${net} runs this version already (${short(answer.hash)})`;
    const as = answer.hash === hash ? "" : `, as ${short(answer.hash)}`;
    return [`${net} runs version ${short(hash)} again${as}`, ...said, ...ruleLines(net, answer.rules)].join("\n");
  });
  return EXIT.ok;
}

/** What the older definition is for rules, with the personas as they are: the edit itself tells what theirs add. */
async function rulesBetween(broker: Broker, net: string, running: unknown, definition: unknown): Promise<Rules> {
  const [before, after] = [running, definition].map((one) => netSchema.safeParse(one).data);
  if (!before || !after) return [];
  const [old, now] = [flattenNet(before).definition, flattenNet(after).definition];
  const sides = [old, now].map(({ transitions }) => ({ transitions, personas: {} }));
  const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const stages = [...stagesOf(old, now, "", null), ...(await otherwiseAsked(broker.personaVersions, left, right, ""))];
  if (stages.length === 0) return [];
  const demoted = (await crystalsOf(broker, net)).filter(({ record }) => record?.demoted);
  const isHeld = (transition: string, rule: string) => demoted.some((row) => row.transition === transition && row.rule === rule);
  return applyAnswer.shape.rules.parse(rulesTold(withHeldBack(stages, isHeld)));
}

function words(silenced: readonly string[], kept: readonly string[]): string[] {
  return [
    ...(kept.length > 0 ? [`  places that came since then stay: ${kept.join(", ")}`] : []),
    ...(silenced.length > 0 ? [`  transitions that came since then never fire: ${silenced.join(", ")}`] : []),
  ];
}

async function versionNamed(broker: Broker, net: string, to: string): Promise<string> {
  const found = [...new Set((await broker.netVersions.list(net)).map(({ hash }) => hash).filter((hash) => hash.startsWith(to)))];
  const [hash] = found;
  if (hash === undefined)
    throw new Refused({ code: "no-such-version", message: `${net} has no version ${to}`, hint: `petrel net history ${net}` });
  if (found.length > 1) throw usage(`${to} is the beginning of ${found.length} versions of ${net}`, "name more of it");
  return hash;
}

async function versionsOf(broker: Broker, net: string): Promise<Version[]> {
  await noSuchNet(broker, net);
  const log = broker.log(net);
  const found: Version[] = [];
  await log.read(
    (await log.bounds()).first - 1,
    ({ events }) => {
      for (const { type, seq, ts, netVersion, summary, attributes } of events) {
        if (type !== "edited" || netVersion === undefined) continue;
        const by = typeof attributes?.by === "string" ? attributes.by : null;
        found.push({ hash: netVersion, at: ts, seq, by, summary, running: false });
      }
    },
    { holding: '"edited"' },
  );
  const logged = new Set(found.map(({ hash }) => hash));
  const cleared = (await broker.netVersions.list(net)).filter(
    ({ hash, at }) => !logged.has(hash) && (found[0] === undefined || at < found[0].at),
  );
  const all = [
    ...cleared.map(
      ({ hash, at }): Version => ({ hash, at, seq: null, by: null, summary: "its event is cleared from the log", running: false }),
    ),
    ...found,
  ];
  const last = all.at(-1);
  if (last) last.running = true;
  return all;
}

const short = (hash: string) => hash.slice(0, 12);
