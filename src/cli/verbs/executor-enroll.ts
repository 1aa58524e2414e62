/** `petrel executor enroll` and `revoke`: who may work for this system. */
import { accessSync, constants, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { usage } from "../../client/usage.ts";
import { isoTime } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { isLabel, isName, LABEL_RULE, NAME_RULE } from "../../contract/ids.ts";
import { BUILT_IN_ROOMS, handCards, roomOf } from "../../executors/hand-cards.ts";
import { isEnrolled } from "../../jetstream/server/credentials.ts";
import { formatCreds } from "../../jetstream/server/executor-creds.ts";
import { addExecutorUser, removeExecutorUser } from "../../jetstream/server/executor-user.ts";
import { editDistance } from "../../net/check-nearest.ts";
import { makeFolder } from "../make-folder.ts";
import { orderKeys, stateFolder } from "../processes/state-folder.ts";
import { readRuntime } from "../runtime-file.ts";
import { quoted } from "../team/paste.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const executorEnrollVerb: Verb = {
  command: "executor enroll <name>",
  summary: "make the credentials with which an executor joins, here or on another machine",
  details:
    "The file holds a key of its own and nothing of this system's secrets. It lets the executor pull from its pools, claim, and deliver in its own name. Pools, labels and hands bind it: what it says of itself beyond them does not count. Credentials that the name was given earlier stay good, and an executor that runs with them goes on, bound by what is said now: `executor revoke` before it ends them.",
  examples: [
    "petrel executor enroll builder --pool code --labels git,node20",
    "petrel executor enroll builder --url tls://broker.example.com:4222 --out builder.creds",
  ],
  options: [
    { flags: "--pool <pool...>", about: "pools that it may work for, with commas or spaces between (default: code)" },
    { flags: "--labels <labels>", about: "what it has, as words with commas between (default: git)" },
    { flags: "--hands <hands>", about: "hands that it may be given work for, with commas between (default: any)" },
    { flags: "--out <file>", about: "where the credentials are written (default: NAME.creds)" },
    { flags: "--url <urls>", about: "where the executor reaches the broker (default: as this machine does)" },
    {
      flags: "--ca <file>",
      about: "PEM of who signed the broker's certificate, if the other machine does not know it (default: that of `up --tls-ca`)",
    },
    { flags: "--force", about: "write over a file that is there; credentials that were given earlier stay good" },
  ],
  run: async (call) => {
    const name = named(call.arg("name"));
    const pools = poolsOf(call.list("pool"), ["code"]);
    const labels = labelsOf(call.text("labels"), ["git"]);
    const hands = handsOf(call.text("hands"));
    const url = addressesOf(call.text("url"));
    const signer = authorityOf(call);
    const file = placeOf(call, name);
    // All that may be wrong is known now: nobody is enrolled without a file that says so.
    const { nats } = readRuntime(call.dir, call.petrel.cwd);
    const folder = stateFolder(call.dir);
    const earlier = isEnrolled(folder.nats, name);
    // First what binds it, then what lets it in.
    await call.withBroker(async (broker) => {
      await broker.keyValue("enrolled").put(name, { pools, labels, ...(hands === null ? {} : { hands }) });
    });
    const user = await addExecutorUser(folder.nats, name, {
      clock: call.petrel.clock,
      pools,
      labels,
      anew: true,
      servers: nats.url,
      ca: nats.ca,
    });
    if (user.account === undefined)
      throw new Terminal({
        code: "passwords-only",
        message: "these servers have a list of passwords, so no credentials can be made for them",
        hint: "use a new state folder and its users.conf",
      });
    const ca = signer ?? nats.ca;
    const content = formatCreds({
      ...{ v: 1, name, pools, labels, url: url ?? nats.url, orders: orderKeys(folder).publicKey },
      ...{ user: user.user, password: user.password },
      ...(ca === undefined ? {} : { ca }),
    });
    rmSync(file, { force: true });
    writeFileSync(file, content, { mode: 0o600 });
    const start = `petrel executor start --creds ${quoted(file)}`;
    call.out.result(
      { executor: name, pools, labels, file, start, earlier, url: url ?? nats.url },
      () =>
        `wrote ${file}; keep it secret${hereText(name, url ?? nats.url)}${ownText(hands)}${earlier ? earlierText(name) : ""}\nnext, where it is to run:\n  ${start}`,
    );
    return EXIT.ok;
  },
};

export const executorRevokeVerb: Verb = {
  command: "executor revoke <name>",
  summary: "cut an executor off now and let it in no more",
  details:
    "Its connection is closed by the broker, and what it worked on goes to another after one lease, as `petrel why` says meanwhile. `executor enroll` makes new credentials.",
  examples: ["petrel executor revoke builder"],
  run: async (call) => {
    const name = named(call.arg("name"));
    const { nats } = readRuntime(call.dir, call.petrel.cwd);
    await removeExecutorUser(stateFolder(call.dir).nats, name, { clock: call.petrel.clock, servers: nats.url, ca: nats.ca });
    // For `petrel why`; it is cut off with or without that.
    const revoked = isoTime(call.petrel.clock.now());
    await call.withBroker(async (broker) => broker.keyValue("enrolled").put(name, { pools: [], labels: [], revoked })).catch(() => {});
    call.out.result({ executor: name, revoked: true }, () => `${name} is cut off; petrel executor enroll ${name} makes new credentials`);
    return EXIT.ok;
  },
};

/** Names given one by one, or with commas between. */
export function poolsOf(given: readonly string[], otherwise: string[]): string[] {
  const pools = given.flatMap((words) => words.split(",")).map((word) => word.trim());
  const bad = pools.find((pool) => !isName(pool));
  if (bad !== undefined) throw usage(`"${bad}" is no name of a pool: ${NAME_RULE}`, "--pool code,build");
  return pools.length > 0 ? [...new Set(pools)] : otherwise;
}

/** Words with commas between. */
export function labelsOf(text: string | undefined, otherwise: string[]): string[] {
  const labels = text?.split(",").map((label) => label.trim()) ?? otherwise;
  const bad = labels.find((label) => !isLabel(label));
  if (bad !== undefined) throw usage(`"${bad}" is no label: ${LABEL_RULE}`, "--labels git,node20");
  return [...new Set(labels)];
}

/** Errors: usage. */
export function handsOf(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const hands = text.split(",").map((hand) => hand.trim());
  const known = [...handCards.keys()];
  const isWrong = (hand: string) =>
    !/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/.test(hand) ||
    (!handCards.has(hand) && (BUILT_IN_ROOMS.has(roomOf(hand)) || known.some((one) => editDistance(one, hand) === 1)));
  const bad = hands.find(isWrong);
  if (bad !== undefined)
    throw usage(`there is no hand "${bad}"`, `the hands are ${known.join(", ")}; one of your own is named as its folder says`);
  return [...new Set(hands)];
}

/** An executor that runs with them would be cut off: that is for `revoke`, and for nobody who only wants a file again. */
function earlierText(name: string): string {
  return `\n${name} was enrolled before: credentials that were given then stay good, bound by what is said now\nif others may have them: petrel executor revoke ${name}, then petrel executor enroll ${name} --force`;
}

/** Of an address that leads nowhere from another machine. */
export function hereText(name: string, url: string): string {
  const isHere = url.split(",").every((one) => /^((nats|tls):\/\/)?(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?\/?$/.test(one.trim()));
  if (!isHere) return "";
  return `\nit holds the broker's address ${url}, which leads to it on this machine alone; for another one: petrel up --listen with a certificate, then petrel executor enroll ${name} --url tls://HOST:PORT --force`;
}

/** What only the executor can know, and a misspelt name would be. */
function ownText(hands: readonly string[] | null): string {
  const own = hands?.filter((hand) => !handCards.has(hand)) ?? [];
  if (own.length === 0) return "";
  return `\n${own.join(", ")} ${own.length === 1 ? "does" : "do"} not come with Petrel: the executor must load ${own.length === 1 ? "it" : "them"} with --hand`;
}

/** As NATS takes them: `nats://` or `tls://`, several with commas between. */
function addressesOf(text: string | undefined): string | undefined {
  const bad = text?.split(",").find((one) => !/^((nats|tls):\/\/)?[^\s/@]+\/?$/.test(one.trim()));
  if (bad !== undefined) throw usage(`"${bad}" is no address of a broker`, "--url tls://broker.example.com:4222");
  return text;
}

/** Errors: Terminal `ca-unreadable`. */
function authorityOf(call: VerbCall): string | undefined {
  const name = call.text("ca");
  if (name === undefined) return undefined;
  const file = resolve(call.petrel.cwd, name);
  const content = existsSync(file) && statSync(file).isFile() ? readFileSync(file, "utf8") : null;
  if (content?.includes("BEGIN CERTIFICATE")) return content;
  throw new Terminal({
    code: "ca-unreadable",
    message: content === null ? `there is no file ${file}` : `${file} holds no certificate`,
    hint: "--ca takes the PEM of who signed the broker's certificate",
    where: file,
  });
}

/** Where the credentials go. Errors: usage; Terminal `file-exists`, `folder-not-made`, `folder-not-writable`. */
function placeOf(call: VerbCall, name: string): string {
  const file = resolve(call.petrel.cwd, call.text("out") ?? `${name}.creds`);
  if (existsSync(file) && statSync(file).isDirectory()) throw usage(`${file} is a folder`, `--out ${join(file, `${name}.creds`)}`);
  if (existsSync(file) && !call.on("force"))
    throw new Terminal({ code: "file-exists", message: `${file} is there already`, hint: "name another with --out, or add --force" });
  const folder = dirname(file);
  makeFolder(folder);
  const refused = (message: string, cause?: unknown) =>
    new Terminal({ code: "folder-not-writable", message, hint: "name another file with --out", where: file, cause });
  if (!statSync(folder).isDirectory()) throw refused(`${folder} is no folder`);
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw refused(`you may not write to ${folder}`, cause);
  }
  return file;
}

function named(word: string): string {
  if (!isName(word)) throw usage(`"${word}" is no name: ${NAME_RULE}`, "builder");
  return word;
}

export function credsFile(call: VerbCall): string | null {
  const file = call.text("creds");
  return file === undefined ? null : resolve(call.petrel.cwd, file);
}
