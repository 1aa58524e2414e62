/** A master as a process: broker, models and the runtime actor, until it is told to stop. */
import { createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { learnBeside } from "../../actors/crystal/learn.ts";
import { Master } from "../../actors/master.ts";
import { previewer } from "../../actors/persona-preview.ts";
import { personaWorker } from "../../actors/persona-work.ts";
import { sharedQuotas } from "../../contract/quotas.ts";
import { expressionEvaluators } from "../../executors/expressions/evaluators.ts";
import { signOrder } from "../../executors/order-signature.ts";
import { studyProcesses } from "../../executors/studies/study-processes.ts";
import { httpClient } from "../../http/client.ts";
import { secretBook } from "../../http/sealed-secrets.ts";
import { fileKey } from "../../http/secret-keys.ts";
import { secretSource } from "../../http/secrets.ts";
import { connectBroker } from "../../jetstream/connect.ts";
import { readCredentials } from "../../jetstream/server/credentials.ts";
import type { PetrelDoors } from "../doors.ts";
import { connectingTo, readRuntime } from "../runtime-file.ts";
import { learnProgram } from "../verbs/learn.ts";
import { aborted } from "./aborted.ts";
import { gatewayAddress } from "./gateway-address.ts";
import { holdHeap } from "./heap-growth.ts";
import { chooseModels, type ModelOptions, readConfig } from "./model-choice.ts";
import { processLogger } from "./process-logger.ts";
import { withoutSecrets } from "./secret-filter.ts";
import { secretKeys } from "./secret-vault.ts";
import { orderKeys, stateFolder } from "./state-folder.ts";
import { tellEnrolments } from "./told-enrolments.ts";

export interface MasterOptions {
  dir: string;
  name: string;
  logLevel: string;
  leaseMs: number;
  models: ModelOptions;
}

/** Runs until `signal` is aborted; `ready` is called once nets are being served. */
export async function runMaster(petrel: PetrelDoors, options: MasterOptions, signal: AbortSignal, ready: () => void): Promise<void> {
  const folder = stateFolder(options.dir);
  const logger = processLogger(folder.logs, options.name === "master-1" ? "master" : options.name, options.logLevel);
  const { nats } = readRuntime(options.dir, petrel.cwd);
  const { user, password } = nats.master ?? nats;
  const { clock, ids } = petrel;
  const broker = await connectBroker({
    url: nats.url,
    user,
    password,
    name: options.name,
    clock,
    ids,
    lookout: true,
    ...connectingTo(nats),
  });
  const tiers = await chooseModels({
    options: options.models,
    roots: [options.dir, petrel.cwd],
    dir: options.dir,
    cwd: petrel.cwd,
    root: petrel.root,
    env: petrel.env,
    clock,
    random: petrel.random,
    quotas: sharedQuotas(broker.keyValue("limits")),
  });
  const vault = { folder, env: petrel.env, clock };
  let keys = await secretKeys(vault);
  // A key made since then is in the file: what the keyring holds is asked once.
  const book = await secretBook(broker.keyValue("secrets"), () => {
    keys = [...keys, ...[fileKey(folder.secretKey)].flatMap((key) => key ?? [])];
    return keys;
  });
  if (existsSync(join(folder.nats, "credentials.json")))
    await tellEnrolments(broker.keyValue("enrolled"), readCredentials(folder.nats).executors);
  const expressions = expressionEvaluators({ clock });
  const studies = studyProcesses({ clock, program: learnProgram(petrel) });
  const client = httpClient({ clock, allow: readConfig(petrel).http?.allow ?? null });
  const key = createPrivateKey(orderKeys(folder).privateKey);
  const master = await Master.start({
    broker: withoutSecrets(broker, book.filter),
    secretFilter: book.filter,
    clock,
    ids,
    random: petrel.random,
    name: options.name,
    process: { host: hostname(), pid: process.pid },
    logger,
    leaseMs: options.leaseMs,
    netLeaseMs: 5000,
    version: petrel.version,
    durability: nats.durability ?? "unknown",
    sign: (order) => signOrder(order, key),
    gateway: gatewayAddress(petrel, options.dir),
    work: personaWorker(tiers, clock, readConfig(petrel).budget),
    preview: previewer(tiers, clock),
    expressions,
    learn: learnBeside(studies),
    crystalModels: { tiers, budgets: readConfig(petrel).budget ?? {} },
    crystallize: readConfig(petrel).crystallize ?? {},
    http: { client, secrets: secretSource(folder.secrets, petrel.env, book.open) },
  });
  logger.info({ pid: process.pid, version: petrel.version }, "master is up");
  const letHeapGo = holdHeap(clock, () => master.terms.values());
  ready();
  await aborted(signal);
  logger.info({}, "master stops");
  letHeapGo();
  studies.close();
  await master.stop();
  await book.stop();
  expressions.close();
  await client.close();
  await broker.close();
}
