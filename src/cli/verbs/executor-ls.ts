/** `petrel executor ls`: who is there, and who was enrolled and is not. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ExecutorPresence } from "../../contract/envelope.ts";
import type { Json } from "../../contract/json.ts";
import { readCredentials } from "../../jetstream/server/credentials.ts";
import type { ExecutorUser } from "../../jetstream/server/login.ts";
import { readableAge } from "../output.ts";
import { stateFolder } from "../processes/state-folder.ts";
import { EXIT, type Verb } from "../verb.ts";

export const executorLsVerb: Verb = {
  command: "executor ls",
  summary: "executors with labels, version, load, leases and last heartbeat",
  examples: ["petrel executor ls", "petrel executor ls --json"],
  run: async (call) => {
    const [present, stopped] = await call.withBroker(async (broker) => {
      const { state, stopped } = await broker.control.read();
      const executors = await broker.work.executors();
      return [executors, state === "killed" ? executors.map(({ name }) => name) : stopped.executor] as const;
    });
    const rows = rowsOf(present, enrolled(stateFolder(call.dir).nats), new Set(stopped));
    call.out.result(rows as unknown as Json, () => {
      if (rows.length === 0) return "no executor is there, and none was enrolled: petrel executor start";
      const now = call.petrel.clock.now();
      return call.out.table(
        ["executor", "state", "pools", "labels", "version", "load", "leases", "isolation", "limits", "last heartbeat"],
        rows.map((row) => [
          ...[
            row.name,
            row.state !== "held off" ? row.state : `${row.state} until ${row.heldUntil}`,
            row.pools?.join(", ") ?? "all",
            row.labels.join(", "),
            row.version ?? "",
          ],
          row.slots === null ? "" : `${row.busy} of ${row.slots}`,
          row.leases.join(", "),
          row.isolation ?? "",
          row.limits ?? "",
          row.heard === null ? "" : `${readableAge(Math.max(0, now - Date.parse(row.heard)))} ago`,
        ]),
      );
    });
    return EXIT.ok;
  },
};

interface Row {
  name: string;
  /** `stopped`: by a kill, of everything or of its name. */
  state: "here" | "stopped" | "held off" | "disk full" | "leaving" | "away" | "revoked";
  /** ISO time until which it gets no work, since it let its claims lapse. */
  heldUntil: string | null;
  pools: string[] | null;
  labels: string[];
  version: string | null;
  host: string | null;
  busy: number | null;
  slots: number | null;
  /** Attempts that it holds, as `net/transition/firing.attempt`. */
  leases: string[];
  isolation: string | null;
  /** What holds its commands to their memory and number of processes. */
  limits: string | null;
  /** ISO time. */
  heard: string | null;
}

function rowsOf(present: ExecutorPresence[], known: Record<string, ExecutorUser>, stopped: ReadonlySet<string>): Row[] {
  const here = present.map(
    (one): Row => ({
      ...{
        name: one.name,
        state: stateOf(one, known[one.name]?.revoked !== undefined, stopped.has(one.name)),
        heldUntil: one.heldOff ?? null,
        pools: one.pools,
        labels: one.labels,
        version: one.version,
        host: one.host,
      },
      ...{ busy: one.busy, slots: one.slots, leases: one.leases ?? [], isolation: one.isolation ?? null },
      ...{ limits: one.limits ?? null, heard: one.heard ?? one.at },
    }),
  );
  const names = new Set(present.map(({ name }) => name));
  const away = Object.entries(known).filter(([name]) => !names.has(name));
  const rest = away.map(
    ([name, user]): Row => ({
      ...{ name, state: user.revoked === undefined ? "away" : "revoked", pools: user.pools, labels: user.labels ?? [] },
      heldUntil: null,
      ...{ version: null, host: null, busy: null, slots: null, leases: [], isolation: null, limits: null, heard: null },
    }),
  );
  return [...here, ...rest].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stateOf({ leaving, heldOff, full }: ExecutorPresence, revoked: boolean, stopped: boolean): Row["state"] {
  if (revoked) return "revoked";
  if (leaving) return "leaving";
  if (stopped) return "stopped";
  if (heldOff !== undefined) return "held off";
  return full === undefined ? "here" : "disk full";
}

function enrolled(dir: string): Record<string, ExecutorUser> {
  return existsSync(join(dir, "credentials.json")) ? readCredentials(dir).executors : {};
}
