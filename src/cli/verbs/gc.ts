/** Clears what a retention policy lets go: beginnings of logs, and artefacts that nothing names. */
import { join } from "node:path";
import { type Beginning, sweepArtifacts, type Unnamed, unnamedArtifacts } from "../../actors/artifact-sweep.ts";
import { type ClearPlan, clearLog, floorOf, planClearing, type Retention } from "../../actors/log-retention.ts";
import { checkName } from "../../client/ask.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import type { Json } from "../../contract/json.ts";
import { durationMs } from "../../net/definition.ts";
import { archiveEntries } from "../history/log-archive.ts";
import { makeFolder } from "../make-folder.ts";
import { readConfig } from "../processes/model-choice.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

interface Cleared {
  dryRun: boolean;
  nets: (ClearPlan & { archive: string | null })[];
  artifacts: { count: number; bytes: number };
}

export const gcVerb: Verb = {
  command: "gc [net]",
  summary: "clear old log entries and artefacts that nothing names, within a policy",
  details:
    "An event stays that any limit wants to keep. The state at the new beginning is kept as a checkpoint; replay, fork, trace and --as-of reach back to there and no further. Without options the policy is that of petrel.config.json.",
  examples: ["petrel gc --dry-run --keep-age 30d", "petrel gc safe-teams --keep-events 100000", "petrel gc --keep-age 90d --audit"],
  options: [
    { flags: "--keep-age <age>", about: "events that are younger stay, like 30d, 12h" },
    { flags: "--keep-events <n>", about: "so many of the last events of each net stay" },
    { flags: "--audit", about: "write what goes into the state folder first (audit/), and let no artefact go" },
    { flags: "--dry-run", about: "say what would go, and let everything stay" },
  ],
  run: async (call) => {
    const net = call.optionalArg("net");
    if (net !== undefined) checkName(net, "net");
    const { audit, ...retention } = policyOf(call);
    // Clearing streams is more than commands may do otherwise.
    const cleared = await call.withBroker(
      async (broker) => {
        if (net !== undefined) await noSuchNet(broker, net);
        return clear(call, broker, net, retention, audit);
      },
      { repair: !call.on("dryRun") },
    );
    call.out.result(cleared as unknown as Json, () => clearedText(cleared));
    return EXIT.ok;
  },
};

function policyOf(call: VerbCall): Retention & { audit: boolean } {
  const [age, events] = [call.text("keepAge"), call.integer("keepEvents", 1)];
  const declared = age === undefined && events === undefined ? readConfig(call.petrel).retention : undefined;
  const keepAge = age ?? declared?.keepAge;
  const keepEvents = events ?? declared?.keepEvents;
  if (keepAge === undefined && keepEvents === undefined) {
    throw usage(
      "there is no policy: neither --keep-age nor --keep-events, nor a retention in petrel.config.json",
      "petrel gc --dry-run --keep-age 30d",
    );
  }
  if (keepAge !== undefined && !/^\d+[smhd]$/.test(keepAge))
    throw usage(`--keep-age takes an age like 30d or 12h, not "${keepAge}"`, "petrel gc --keep-age 30d");
  return {
    ...(keepAge === undefined ? {} : { keepAge: durationMs(keepAge) }),
    ...(keepEvents === undefined ? {} : { keepEvents }),
    audit: call.on("audit") || declared?.audit === true,
  };
}

async function clear(call: VerbCall, broker: Broker, only: string | undefined, retention: Retention, audit: boolean): Promise<Cleared> {
  const dryRun = call.on("dryRun");
  const now = call.petrel.clock.now();
  const all = await broker.nets();
  const nets: Cleared["nets"] = [];
  const beginnings = new Map<string, Beginning>();
  for (const net of all) {
    const { first } = await broker.log(net).bounds();
    beginnings.set(net, { sequence: first, seq: await floorOf(broker, net, first) });
    if (only !== undefined && only !== net) continue;
    const plan = await planClearing(broker, net, retention, now);
    const archive = plan.clear && audit ? join(call.dir, "audit", `${net}-${first}-${plan.clear.sequence - 1}.jsonl.gz`) : null;
    nets.push({ ...plan, archive });
    if (plan.clear) beginnings.set(net, { sequence: plan.clear.sequence, seq: plan.clear.seq });
  }
  if (!dryRun) for (const plan of nets) await clearOne(call, broker, plan);
  // Beginnings that were planned and not cleared yet are read as if they were.
  const unnamed = audit ? [] : await unnamedArtifacts(broker, beginnings, now);
  const gone = dryRun ? unnamed : await sweepArtifacts(broker, unnamed);
  return { dryRun, nets, artifacts: { count: gone.length, bytes: gone.reduce((sum: number, { size }: Unnamed) => sum + size, 0) } };
}

async function clearOne(call: VerbCall, broker: Broker, { archive, ...plan }: Cleared["nets"][number]): Promise<void> {
  if (!plan.clear) return;
  const { first } = await broker.log(plan.net).bounds();
  if (archive !== null) {
    makeFolder(join(call.dir, "audit"));
    await archiveEntries(broker, plan.net, { from: first, to: plan.clear.sequence - 1 }, archive);
  }
  await clearLog(broker, plan, call.petrel.clock);
}

function clearedText({ dryRun, nets, artifacts }: Cleared): string {
  const [goes, went] = dryRun ? ["would go", "would begin"] : ["went", "begins"];
  const lines = nets.map(({ net, clear, why, archive }) => {
    if (!clear) return `${net}: nothing ${dryRun ? "would go" : "went"}: ${why}`;
    const kept = archive === null ? "" : `, ${dryRun ? "to be archived" : "archived"} in ${archive}`;
    return `${net}: ${clear.entries} ${clear.entries === 1 ? "entry" : "entries"} ${goes}, of ${clear.from} to ${clear.to}${kept}; its history ${went} at event ${clear.seq}`;
  });
  const megabytes = (artifacts.bytes / 2 ** 20).toFixed(1);
  return [...lines, `${artifacts.count} ${artifacts.count === 1 ? "artefact" : "artefacts"} ${goes}, ${megabytes} MB`].join("\n");
}
