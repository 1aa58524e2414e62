/** A gateway as a process: it finds the broker by the state folder, and serves until it is told to stop. */

import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { learnBeside } from "../../actors/crystal/learn.ts";
import type { Terminal } from "../../contract/errors.ts";
import { PetrelError } from "../../contract/errors.ts";
import { studyProcesses } from "../../executors/studies/study-processes.ts";
import type { AccessBook } from "../../gateway/access/access-book.ts";
import type { Scope } from "../../gateway/access/scopes.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import { collectorFrom } from "../../gateway/traces/trace-exporter.ts";
import { connectBroker } from "../../jetstream/connect.ts";
import type { Tiers } from "../../models/tiers.ts";
import type { PetrelDoors } from "../doors.ts";
import { makeFolder } from "../make-folder.ts";
import { connectingTo, readRuntime } from "../runtime-file.ts";
import { learnProgram } from "../verbs/learn.ts";
import { aborted } from "./aborted.ts";
import { localClientsFile, localSecrets } from "./local-clients.ts";
import { chooseModels, configFile, readConfig } from "./model-choice.ts";
import { processLogger } from "./process-logger.ts";
import { stateFolder } from "./state-folder.ts";

export interface GatewayProcessOptions {
  dir: string;
  host: string;
  port: number;
  /** A port that is taken is no error: a free one will do. */
  anyPort: boolean;
  logLevel: string;
  trustProxy: string[];
  /** Requests of one client in a second. */
  rate?: number | undefined;
  /** Whether the Domain Expert asks a model, where one is configured and has a key. */
  expert: boolean;
  /** Whoever asks, `/mcp` has only the tools that look. */
  mcpReadOnly?: boolean;
}

/** The clients that every local system has, and what each may do. */
const LOCAL_CLIENTS: readonly { id: string; scopes: Scope[]; roles: string[] }[] = [
  { id: "petrel-admin", scopes: ["petrel:admin", "petrel:gate"], roles: ["maintainer"] },
  { id: "petrel-operator", scopes: ["petrel:operate"], roles: [] },
  { id: "petrel-readonly", scopes: ["petrel:read"], roles: [] },
];

/** Runs until `signal` is aborted; `ready` gets the address. Errors: Terminal `port-in-use`, `not-running`; those of the broker. */
export async function runGateway(
  petrel: PetrelDoors,
  options: GatewayProcessOptions,
  signal: AbortSignal,
  ready: (url: string) => void,
): Promise<void> {
  const folder = stateFolder(options.dir);
  const logger = processLogger(folder.logs, "gateway", options.logLevel);
  const { nats } = readRuntime(options.dir, petrel.cwd);
  const { user, password } = nats.gateway ?? nats.admin ?? nats;
  const { clock, ids } = petrel;
  const broker = await connectBroker({ url: nats.url, user, password, name: "gateway", clock, ids, ...connectingTo(nats) });
  const studies = studyProcesses({ clock, program: learnProgram(petrel) });
  const ports = {
    broker,
    clock,
    ids,
    logger,
    version: petrel.version,
    monitor: monitorFolder(petrel.root),
    collector: collectorFrom(petrel.env),
    expert: options.expert ? await expertModels(petrel, options.dir) : null,
    ...(configFile(petrel) === undefined ? {} : { expertLimits: readConfig(petrel).expert }),
    learn: learnBeside(studies),
    mcpReadOnly: options.mcpReadOnly ?? false,
  };
  const gateway = await listening(options, (port) =>
    startGateway(ports, {
      host: options.host,
      port,
      trustProxy: options.trustProxy,
      ...(options.rate === undefined ? {} : { rate: options.rate }),
    }),
  );
  await ensureLocalClients(gateway.access.book, options.dir);
  logger.info({ pid: process.pid, url: gateway.url }, "gateway is up");
  ready(gateway.url);
  await aborted(signal);
  studies.close();
  await gateway.close();
  await broker.close();
}

/** Its budget is one of days, counted on the broker: what this process alone has spent decides nothing. */
const NO_LIMIT_USD = 1_000_000;

/** Null where no model of the tier has a key, or the configuration is no good: then the rules answer. */
async function expertModels({ clock, cwd, root, env }: PetrelDoors, dir: string): Promise<Tiers | null> {
  try {
    const options = { source: "live" as const, budgetUsd: NO_LIMIT_USD };
    const tiers = await chooseModels({ options, roots: [], cwd, root, env, clock, dir });
    return tiers
      .plan()
      .find(({ tier }) => tier === "economy")
      ?.choices.some(({ available }) => available)
      ? tiers
      : null;
  } catch {
    return null;
  }
}

async function listening({ port, anyPort }: GatewayProcessOptions, start: (port: number) => Promise<Gateway>): Promise<Gateway> {
  try {
    return await start(port);
  } catch (error) {
    if (!(anyPort && error instanceof PetrelError && (error as Terminal).code === "port-in-use")) throw error;
    return start(0);
  }
}

/** A client that is there keeps its secret; one whose secret this folder has lost gets a new one. */
async function ensureLocalClients(book: AccessBook, dir: string): Promise<void> {
  const known = localSecrets(dir);
  const secrets = { ...known };
  for (const { id, scopes, roles } of LOCAL_CLIENTS) {
    if (book.client(id) && secrets[id] !== undefined) continue;
    const made = book.client(id) ? await book.rotate(id, "petrel up") : await book.add({ id, scopes, nets: null, roles, by: "petrel up" });
    secrets[id] = made.clientSecret;
  }
  if (JSON.stringify(secrets) === JSON.stringify(known)) return;
  const file = localClientsFile(dir);
  makeFolder(dirname(file), 0o700);
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
}

/** The built monitor lies beside the command line. */
function monitorFolder(root: string): string | null {
  const folder = join(root, "dist", "monitor");
  return existsSync(join(folder, "index.html")) ? folder : null;
}
