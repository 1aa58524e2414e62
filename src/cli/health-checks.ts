/** The checks of `petrel doctor`. Each looks at one thing and says how it stands in a sentence. */
import { statfs } from "node:fs/promises";
import type { z } from "zod";
import { placeRows, readAnswer, statusAnswer } from "../client/answers.ts";
import { askNet, askRuntime } from "../client/ask.ts";
import { idsOf } from "../client/history/verify.ts";
import { chainFaults } from "../client/history/verify-log.ts";
import type { Broker } from "../contract/broker.ts";
import { delay } from "../contract/clock.ts";
import type { ExecutorPresence } from "../contract/envelope.ts";
import { isJsonObject, type Json } from "../contract/json.ts";
import type { PetrelDoors, RuntimeFile } from "./doors.ts";

export interface Finding {
  check: string;
  status: "ok" | "warn" | "fail";
  says: string;
  hint?: string;
}
export type Status = z.output<typeof statusAnswer>;

const LEAST_SERVER = [2, 12] as const;
const LOW_DISK_BYTES = 1e9;
/** A net at work changes between two looks, and its streams follow the log: a difference counts when there is one at each look. */
const LOOKS = 10;
const LOOK_MS = 300;
const TOKENS_COMPARED = 10_000;
/** Longer logs take too long for a look at everything. */
const ENTRIES_AUDITED = 10_000;

export async function serverChecks(petrel: PetrelDoors, runtime: RuntimeFile, status: Status | null): Promise<Finding[]> {
  const monitors = runtime.nats.monitor?.split(",") ?? [];
  const known: Json[] = [];
  const silent: string[] = [];
  for (const monitor of monitors) {
    await petrel.fetchJson(`${monitor}/varz`).then(
      (varz) => known.push(varz),
      (error: unknown) => silent.push(error instanceof Error ? error.message : String(error)),
    );
  }
  const why = silent[0] ?? "the server's monitor is not known";
  const away: Finding[] = silent.map((says) => ({ check: "server", status: "warn", says: `the version is not known: ${says}` }));
  if (known.length > 0) return [...known.map((varz) => versionCheck(field(varz, "version"))), ...away, durabilityCheck(known, status)];
  if (away.length === 0) away.push({ check: "server", status: "warn", says: `the version is not known: ${why}` });
  return [
    ...away,
    {
      check: "durability",
      status: "warn",
      says: `it cannot be known whether acknowledged events are synced to disk: ${why}`,
      hint: "petrel up starts a server that tells; with --nats, --nats-monitor says where to ask",
    },
  ];
}

function versionCheck(version: Json | undefined): Finding {
  const [major = 0, minor = 0] = String(version).split(".").map(Number);
  const enough = major > LEAST_SERVER[0] || (major === LEAST_SERVER[0] && minor >= LEAST_SERVER[1]);
  if (enough) return { check: "server", status: "ok", says: `nats-server ${version}` };
  return {
    check: "server",
    status: "fail",
    says: `nats-server ${version} is too old, 2.12 is the least`,
    hint: "npm run setup fetches a newer one",
  };
}

function durabilityCheck(servers: readonly Json[], status: Status | null): Finding {
  const synced = servers.every((varz) => field(field(field(varz, "jetstream"), "config"), "sync_always") === true);
  const declared = status?.durability === "unknown" ? undefined : status?.durability;
  if (declared === "memory") {
    const says = "memory: the end of the broker's process loses everything";
    return { check: "durability", status: "warn", says, hint: "petrel up --durability fsync keeps and syncs each write" };
  }
  if (declared === "replicated") {
    const says = "replicated: what was acknowledged survives the loss of one server";
    if (synced) return { check: "durability", status: "ok", says: `${says}, and of power` };
    const hint = "sync_interval: always in the jetstream block of each server";
    return { check: "durability", status: "warn", says: `${says}; of power at all of them, it may lose the last seconds`, hint };
  }
  if (synced) {
    return {
      check: "durability",
      status: "ok",
      says: `fsync: what was acknowledged survives a loss of power${declared && declared !== "fsync" ? ` (declared: ${declared})` : ""}`,
    };
  }
  if (declared === "fsync") {
    return {
      check: "durability",
      status: "fail",
      says: "the system was started for fsync and the server does not sync each write",
      hint: "stop it and start `petrel up --durability fsync`",
    };
  }
  const says = `${declared ?? "os"}: what was acknowledged survives a kill of any process, a loss of power may take the last seconds`;
  return { check: "durability", status: "warn", says, hint: "petrel up --durability fsync syncs each write" };
}

/** What `replicated` really holds: the copies of each log that are there. */
export async function copyChecks(broker: Broker, status: Status): Promise<Finding[]> {
  if (status.durability !== "replicated") return [];
  const findings: Finding[] = [];
  for (const { net } of status.nets) {
    const { kept, current } = await broker.copies(net);
    const says = `the log of ${net} is kept on ${kept} servers, ${current} of them up to date`;
    if (kept >= 3 && current >= kept) findings.push({ check: "copies", status: "ok", says });
    else
      findings.push({
        check: "copies",
        status: kept < 3 ? "fail" : "warn",
        says,
        hint: "look at the servers of the cluster: one may be down",
      });
  }
  return findings;
}

export function masterChecks(status: Status): Finding[] {
  const { masters = [], master, version } = status;
  const rows = masters.map(({ name, nets, host, pid }): Finding => {
    const speaks = name === master ? `, version ${version}, answers for all` : "";
    const where = host ? `; process ${pid} on ${host}` : "";
    return { check: "master", status: "ok", says: `${name}${speaks}: owns ${nets} net${nets === 1 ? "" : "s"}${where}` };
  });
  return rows.length > 0 ? rows : [{ check: "master", status: "ok", says: `${master}, version ${version}` }];
}

export function ownerChecks(status: Status): Finding[] {
  const findings: Finding[] = status.nets.map((net) => {
    if (net.stalled !== undefined)
      return { check: "owner", status: "fail", says: `${net.net} stands still: ${net.stalled}`, ...(net.hint ? { hint: net.hint } : {}) };
    if (net.owner === null)
      return {
        check: "owner",
        status: "fail",
        says: net.lease ? `${net.net} is not open, its lease is held by ${net.lease}` : `nobody holds the lease of ${net.net}`,
        hint: "petrel up, or wait for a lease time if a master has just died",
      };
    if (net.lease !== undefined && net.lease !== net.owner) {
      const says = `${net.net} is owned by ${net.owner}, but its lease is held by ${net.lease ?? "nobody"}`;
      return { check: "owner", status: "warn", says, hint: "one of them gives way within a lease time: look again" };
    }
    if (net.paused) {
      const says = `${net.net} is owned by ${net.owner} and paused: nothing begins in it`;
      return { check: "owner", status: "warn", says, hint: `petrel events ${net.net} --type paused shows why; petrel resume ${net.net}` };
    }
    return { check: "owner", status: "ok", says: `${net.net} is owned by ${net.owner}` };
  });
  if (status.control === "killed")
    findings.push({ check: "control", status: "warn", says: "everything is stopped by a kill", hint: "petrel resume" });
  return findings;
}

/** What was stopped by a kill of its own name, and stays so when everything goes on. */
export async function stoppedChecks(broker: Broker): Promise<Finding[]> {
  const { stopped } = await broker.control.read();
  return (["net", "persona", "executor"] as const).flatMap((part) =>
    stopped[part].map((name): Finding => {
      const says = `the ${part} ${name} is stopped by a kill`;
      return { check: "control", status: "warn", says, hint: `petrel resume ${name} --kind ${part}` };
    }),
  );
}

/** E2: the log is there and reaches as far as its owner has written it, and the entries are what their owners wrote. */
export async function logCheck(broker: Broker, net: string, sequence: number): Promise<Finding> {
  const log = broker.log(net);
  const last = await log.read(sequence, () => {});
  const { first } = await log.bounds();
  const entries = last - first + 1;
  const says = `the log of ${net} has ${last} ${last === 1 ? "entry" : "entries"}`;
  const verify = `petrel verify ${net}`;
  if (entries > ENTRIES_AUDITED) {
    const unread = `they are too many to be looked at here, only those behind entry ${sequence} were: ${verify} looks at all`;
    return { check: "log", status: "ok", says: `${says}; ${unread}` };
  }
  const [fault, ...others] = await chainFaults(broker, net);
  if (!fault) return { check: "log", status: "ok", says };
  const where = fault.sequence > 0 ? `entry ${fault.sequence} of the log of ${net}` : `the log of ${net}`;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return { check: "log", status: "fail", says: `${where}: ${fault.what}${more}`, hint: verify };
}

/** E5: the streams of the places hold what the marking says. */
export async function placeChecks(petrel: PetrelDoors, broker: Broker, net: string): Promise<Finding[]> {
  let differing: Finding[] = [];
  let compared = 0;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await delay(petrel.clock, LOOK_MS, petrel.signal);
    const rows = readAnswer(placeRows, await askNet(broker, net, "places"), "places");
    compared = rows.length;
    differing = [];
    for (const row of rows) {
      const says = await difference(broker, net, row.place, row.waiting + row.reserved);
      if (says)
        differing.push({
          check: "places",
          status: "fail",
          says,
          hint: "it is mended at each start of a term: restart the master if it stays",
        });
    }
    if (differing.length === 0) break;
  }
  return differing.length > 0
    ? differing
    : [{ check: "places", status: "ok", says: `the ${compared} place streams of ${net} hold what its log says` }];
}

async function difference(broker: Broker, net: string, place: string, marked: number): Promise<string | null> {
  const stored = await broker.places(net).ids(place);
  if (stored.size !== marked) return `${net}/${place}: the log has ${marked} tokens, the stream ${stored.size}`;
  if (marked === 0 || marked > TOKENS_COMPARED) return null;
  const strange = [...(await idsOf(broker, net, place))].find((id) => !stored.has(id));
  return strange === undefined ? null : `${net}/${place}: token ${strange} is in the log and not in the stream`;
}

export async function executorCheck(broker: Broker): Promise<Finding[]> {
  const executors = await broker.work.executors();
  if (executors.length === 0) {
    return [{ check: "executors", status: "warn", says: "no executor is there: agents and commands wait", hint: "petrel executor start" }];
  }
  const list = executors.map((one) => `${one.name} (${one.pools.join(", ")}; ${one.busy} of ${one.slots} busy)`);
  return [
    { check: "executors", status: "ok", says: list.join(", ") },
    ...executors.flatMap(heldCheck),
    ...executors.flatMap(roomCheck),
    ...executors.map(isolationCheck),
    ...executors.flatMap(limitsCheck),
    ...executors.flatMap(handChecks),
  ];
}

/** Nothing came of what it claimed, one after the other. */
function heldCheck({ name, heldOff }: ExecutorPresence): Finding[] {
  if (heldOff === undefined) return [];
  const hint = `look at its machine; petrel executor revoke ${name} if it is not yours any more`;
  return [{ check: "executors", status: "warn", says: `${name} lets its claims lapse and gets no work until ${heldOff}`, hint }];
}

function roomCheck({ name, full }: ExecutorPresence): Finding[] {
  if (full === undefined) return [];
  const hint = "free some space there: it takes work again by itself; until then its work goes to others or waits";
  return [{ check: "executors", status: "warn", says: `${name} takes no new work: ${full}`, hint }];
}

/** What keeps the commands of an executor apart from its machine, as it says itself. */
function isolationCheck({ name, isolation = "not known: it runs an older version" }: ExecutorPresence): Finding {
  const says = `${name}: ${isolation}`;
  if (!/^(none|not known)/.test(isolation)) return { check: "isolation", status: "ok", says };
  return { check: "isolation", status: "warn", says, hint: isolationHint(isolation) };
}

function isolationHint(isolation: string): string {
  if (isolation.startsWith("none, and commands are refused"))
    return 'until bubblewrap works there it does no commands: apt-get install bubblewrap on its machine and start it again, or say "sandbox": "preferred" in its executor.policy.json';
  if (isolation.startsWith("none: the policy"))
    return 'its commands can read what its user can read: say "sandbox": "code" or more in its executor.policy.json and start it again';
  return "install bubblewrap on its machine; until then its commands can read what its user can read";
}

/** Whether the kernel holds its commands to their limits. One of before it was said is passed over. */
function limitsCheck({ name, limits }: ExecutorPresence): Finding[] {
  return limits === undefined ? [] : [{ check: "limits", status: "ok", says: `${name}: ${limits}` }];
}

/** What its machine lacks for hands. */
function handChecks({ name, lacks = [] }: ExecutorPresence): Finding[] {
  return lacks.map((lack) => ({ check: "hands", status: "warn", says: `${name}: ${lack}` }));
}

export async function diskCheck(dir: string): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(dir);
    const free = bavail * bsize;
    const says = `${free < 1e9 ? `${Math.floor(free / 1e6)} MB` : `${(free / 1e9).toFixed(1)} GB`} are free for ${dir}`;
    if (free < LOW_DISK_BYTES)
      return { check: "disk", status: "warn", says, hint: "free some space: a full disk stops every net until there is room" };
    return { check: "disk", status: "ok", says };
  } catch (error) {
    return { check: "disk", status: "warn", says: `the free space of ${dir} is not known: ${(error as Error).message}` };
  }
}

export async function askStatus(broker: Broker): Promise<Status> {
  return readAnswer(statusAnswer, await askRuntime(broker, "status"), "status");
}

function field(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && isJsonObject(value) ? value[name] : undefined;
}
