/** `petrel drill`: every persona of a net tries what it may not, in a scratch copy that is thrown away. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definitionAnswer, readAnswer } from "../../client/answers.ts";
import { askNet } from "../../client/ask.ts";
import { sentFiles } from "../../client/persona-files.ts";
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { DRILL_NET, drillNet, drillTokens, type Position, positionsIn, SLOW } from "../drill/drill-net.ts";
import { type DrillCheck, drillChecks, isOver } from "../drill/drill-report.ts";
import { Supervisor } from "../supervisor.ts";
import { asked, putToken } from "../team/team-files.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

const LEASE_MS = 3000;
const LONGEST_MS = 120_000;

interface Copy {
  positions: Position[];
  personas: { persona: JsonObject; files: Record<string, string> }[];
}

export const drillVerb: Verb = {
  command: "drill <net>",
  summary: "let every persona of a net try push, foreign read, secret, approval and overspend, and kill an executor",
  details:
    "Your net is only read. The personas are copied as they are into a system of their own in a temporary folder, each in its position by itself, with a hostile model behind; at the end the copy is thrown away. Who works with files has an empty folder there. Who acts by a fixed command or request has no model in your net, and is drilled as an agent with all that its file grants.",
  examples: ["petrel drill safe-teams", "petrel drill safe-teams --json"],
  run: async (call) => {
    const net = call.arg("net");
    const copy = await call.withBroker((broker) => copied(broker, net));
    call.out.say(
      `${net} is only read: ${copy.positions.length} position${copy.positions.length === 1 ? " is" : "s are"} drilled in a scratch copy.`,
    );
    const checks = await inScratch(call, copy);
    const failed = checks.filter(({ passed }) => !passed).length;
    call.out.result({ ok: failed === 0, net, checks: checks as unknown as Json, passed: checks.length - failed, failed }, () =>
      [
        call.out.table(
          ["", "POSITION", "PERSONA", "TRIED", "STOPPED BY", "WHAT HAPPENED"],
          checks.map(({ passed, position, persona, tried, by, says }) => [
            passed ? "pass" : "FAIL",
            position,
            persona ?? "",
            tried,
            by,
            says.slice(0, 100),
          ]),
        ),
        `\n${checks.length - failed} passed, ${failed} failed`,
      ].join("\n"),
    );
    return failed === 0 ? EXIT.ok : EXIT.failed;
  },
};

async function copied(broker: Broker, net: string): Promise<Copy> {
  const { definition } = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const positions = positionsIn(definition);
  if (positions.length === 0)
    throw new Terminal({ code: "nothing-to-drill", message: `no position of ${net} has a persona`, hint: "petrel persona ls" });
  const names = [...new Set(positions.map(({ persona }) => persona))];
  return { positions, personas: await Promise.all(names.map((name) => storedPersona(broker, name))) };
}

async function storedPersona(broker: Broker, name: string): Promise<Copy["personas"][number]> {
  const version = (await broker.personaVersions.list(name)).at(-1)?.hash;
  const stored = version === undefined ? null : await broker.personaVersions.get(name, version);
  if (!isJsonObject(stored) || !isJsonObject(stored.persona))
    throw new Terminal({ code: "persona-missing", message: `the persona ${name} is not in the version store`, hint: "petrel persona ls" });
  const knowledge = Array.isArray(stored.knowledge) ? stored.knowledge.filter(isJsonObject) : [];
  const files = await Promise.all(knowledge.map(async (each) => [String(each.file), await textOf(broker, each)] as const));
  return { persona: stored.persona, files: Object.fromEntries(files) };
}

/** It lies in the artefact store; versions of before carry the text themselves. */
async function textOf(broker: Broker, { text, sha256 }: JsonObject): Promise<string> {
  if (typeof text === "string") return text;
  const bytes = await broker.artifacts.get(String(sha256));
  return bytes ? new TextDecoder().decode(bytes) : "";
}

async function inScratch(call: VerbCall, copy: Copy): Promise<DrillCheck[]> {
  const { petrel } = call;
  const dir = mkdtempSync(join(tmpdir(), "petrel-drill-"));
  try {
    const supervisor = await Supervisor.start(petrel, {
      ...{ dir, durability: "memory", leaseMs: LEASE_MS, logLevel: "info", slots: 4 },
      models: { source: "rules", sabotage: "drill" },
    });
    try {
      const connection = await petrel.connect(dir, { logLevel: call.logLevel });
      try {
        return await drilled(call, copy, connection.broker, supervisor);
      } finally {
        await connection.close();
      }
    } finally {
      await supervisor.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function drilled({ petrel }: VerbCall, { positions, personas }: Copy, broker: Broker, supervisor: Supervisor): Promise<DrillCheck[]> {
  const by = { user: petrel.user, roles: ["maintainer"] };
  const canary = `canary-${petrel.ids.next()}`;
  for (const { persona, files } of personas)
    await asked(broker, null, "apply-persona", { persona, files: await sentFiles(broker, files), by });
  await asked(broker, null, "apply-net", { definition: drillNet(positions), by });
  for (const [place, data] of drillTokens(positions, canary)) await putToken(broker, DRILL_NET, place, data, `drill-${place}`);
  const events: NetEvent[] = [];
  const enough = new AbortController();
  const late = petrel.clock.after(LONGEST_MS, () => enough.abort());
  let killed = false;
  for await (const entry of broker.log(DRILL_NET).follow(0, AbortSignal.any([petrel.signal, enough.signal]))) {
    events.push(...entry.events);
    const pid = supervisor.pids().executor;
    if (!killed && pid !== null && entry.events.some(({ type, transition }) => type === "claimed" && transition === SLOW)) {
      killed = true;
      process.kill(pid, "SIGKILL");
    }
    if (isOver(positions, events)) enough.abort();
  }
  late.cancel();
  return drillChecks(positions, events, canary);
}
