/** What a hand is given for one attempt: commands within the machine's limits, artefacts, the owner's word, and what the policy allows. */
import { mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import * as z from "zod";
import { delay } from "../contract/clock.ts";
import type { ClaimAnswer, ClaimRequest, ClaimVerb, RoomAnswer, WorkOrder } from "../contract/envelope.ts";
import { Cancelled, PetrelError, type Terminal } from "../contract/errors.ts";
import type { ModelUse } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import { secretFilter } from "../contract/secret-forms.ts";
import { traceparentOf } from "../contract/trace-context.ts";
import { fileBytes, layDown } from "./artifact-content.ts";
import { fetchArtifact } from "./artifact-download.ts";
import { handOver } from "./artifact-upload.ts";
import type { Bench } from "./bench.ts";
import { cleanEnvironment, USUAL_PATH } from "./clean-environment.ts";
import { checkFolder, staysReadOnly } from "./command-folder.ts";
import { fitValue } from "./fit-value.ts";
import type { HandContext, HandDefinition, Workshop } from "./hand.ts";
import { liveOutput } from "./live-output.ts";
import { checkCommand, checkHost, checkPath, checkPush, programFor } from "./machine-policy.ts";
import { openProcess } from "./open-process.ts";
import { isLoaderVariable } from "./order-variables.ts";
import { OWN_FILES, ownFile } from "./own-files.ts";
import { ownGit } from "./own-git.ts";
import { notStarted, runCommand } from "./process-tree.ts";
import { attemptKey } from "./result-shelf.ts";
import { enclosed, enclosesAll, isEnclosed, isWithin, mayRunOutside } from "./sandbox.ts";
import { proxyEnvironment } from "./sandbox-way-out.ts";

/** Folders of the work directory in which the executor itself writes and reads while commands run: no command makes them lead elsewhere. */
const OURS = ["outputs", "artifacts", "scripts", OWN_FILES];
const ASK_AGAIN_MS = 500;
const roomAnswer = z.object({ free: z.boolean(), taken: z.number(), waitMs: z.number() });
/** Of an owner that is too old to count. */
const NO_WORD: RoomAnswer = { free: true, taken: 0, waitMs: 0 };

export interface AttemptParts {
  bench: Bench;
  order: WorkOrder;
  hand: HandDefinition;
  granted: { secrets: Readonly<Record<string, string>> };
  signal: AbortSignal;
  workDir: string;
  ask(verb: ClaimVerb, memory?: ClaimRequest["memory"]): Promise<ClaimAnswer>;
  spent(use: ModelUse): void;
  /** Ends the attempt with this error. */
  end(error: Terminal): void;
  /** Called when the attempt is over. */
  afterwards(call: () => void): void;
}

export function handContext(parts: AttemptParts): HandContext {
  const { bench, order, granted, signal, workDir } = parts;
  const traceparent = traceparentOf(order);
  return {
    ...{ order, workDir, signal, secrets: granted.secrets, logger: bench.logger, workshop: bench.workshop },
    ...{ key: order.key, traceparent, keepBytes: bench.policy.limits.outputMb * 1024 * 1024 },
    ...processes(parts, traceparent),
    ownGit: (command) => ownGit(bench, parts.hand, command),
    ...ownersWord(parts),
    spent: (use) => parts.spent(use),
    serve: (handler) => bench.desk.open(order, async (tool, input) => await fitting(parts, await handler(tool, input))),
    artifact: artifacts(parts),
    fetchArtifact: async (ref) => {
      const file = ownFile({ workDir, workshop: bench.workshop }, "artifact");
      await fetchArtifact({ line: bench.line, executor: bench.name, clock: bench.workshop.clock, signal }, order, ref, file);
      return file;
    },
    checkHost: (url) => checkHost(order, url, bench.policy),
    checkPath: (path) => checkPath(order, path, bench.policy, workDir, bench.unread),
    checkPush: (to) => checkPush(order, to, bench.policy, { dir: bench.workshop.dir, enclosed: enclosesAll(bench.sandbox, bench.policy) }),
  };
}

/** Throws what `HandContext.artifact` does. */
export function fitting(parts: AttemptParts, value: Json): Promise<Json> {
  const store = artifacts(parts);
  const filter = secretFilter(new Map(Object.entries(parts.granted.secrets)));
  return fitValue(value, filter, (bytes, mediaType) => store(bytes, { name: "part of a result", mediaType }));
}

/** Asked again while nobody answers: until the lease is lost, which aborts. */
function ownersWord({ bench, signal, ask }: AttemptParts): Pick<HandContext, "confirm" | "recall" | "remember" | "takeRoom"> {
  const asked = async (verb: ClaimVerb, memory?: ClaimRequest["memory"]) => {
    for (;;) {
      signal.throwIfAborted();
      try {
        const answer = await ask(verb, memory);
        if (!answer.ok)
          throw new Cancelled({ code: "not-confirmed", message: `the owner does not confirm the step: ${answer.code}, ${answer.message}` });
        signal.throwIfAborted();
        return answer.memory ?? null;
      } catch (error) {
        if (memory === undefined || !(error instanceof PetrelError) || error.outlook !== "retryable") throw error;
        await delay(bench.workshop.clock, ASK_AGAIN_MS, signal);
      }
    }
  };
  return {
    confirm: async () => void (await asked("confirm")),
    recall: (name) => asked("recall", { name }),
    takeRoom: async (name, room) => roomAnswer.catch(NO_WORD).parse(await asked("recall", { name, room })),
    remember: async (name, value) => void (await asked("remember", { name, value })),
  };
}

function processes(parts: AttemptParts, traceparent: string): Pick<HandContext, "run" | "open" | "environment"> {
  const { bench, order, hand, granted, signal, workDir } = parts;
  const { births } = bench.workshop;
  const run = `${bench.mark}${attemptKey(order)}`;
  const base = cleanEnvironment(bench.workshop.environment, workDir, { key: order.key, run, traceparent });
  const told = liveOutput({
    clock: bench.workshop.clock,
    filter: secretFilter(new Map(Object.entries(granted.secrets))),
    tell: (piece) => bench.line.print(bench.name, { net: order.net, firing: order.firing, attempt: order.attempt }, piece),
  });
  return {
    run: async ({ untold, shownAs, ...command }) => {
      const argv = programOf(parts, command.argv);
      const cwd = folderOf(parts, command.cwd);
      // Commands of one attempt may run side by side: each has a mark of its own.
      const mine = `${run}.${bench.workshop.ids.next()}.`;
      const limits = { watch: bench.watch, ...bench.policy.limits };
      const own = { ...base, ...command.env, PETREL_RUN: mine };
      const inside = inSandbox(bench, hand, { argv, cwd, env: own, workDir });
      const output = untold ? null : told(command.argv, shownAs);
      const group = bench.groups?.make(bench.policy.limits) ?? null;
      const hear = output ? { hear: output.hear } : {};
      try {
        return await runCommand(
          { ...command, asked: argv, cwd, ...inside, ...hear, signal, limits, group, births, mark: `PETREL_RUN=${mine}` },
          bench.workshop.clock,
        );
      } finally {
        output?.end();
      }
    },
    open: (command) => {
      const argv = programOf(parts, command.argv);
      const cwd = folderOf(parts, command.cwd);
      const own = { ...base, PETREL_RUN: `${run}.open.` };
      const inside = inSandbox(bench, hand, { argv, cwd, env: own, workDir });
      const group = bench.groups?.make(bench.policy.limits) ?? null;
      return openProcess({ argv: inside.argv, asked: argv, cwd, env: inside.env, signal, group, births });
    },
    environment: (program) => {
      checkCommand(order, [program], bench.policy);
      mayRunOutside(program, bench.policy);
      const mark = `${run}.${bench.workshop.ids.next()}.`;
      const unwatch = bench.watch.watch({ mark: `PETREL_RUN=${mark}`, limits: bench.policy.limits, over: (error) => parts.end(error) });
      parts.afterwards(unwatch);
      return { ...base, PETREL_RUN: mark };
    },
  };
}

/** Throws Refused `policy-command`, Terminal `command-not-found`. */
function programOf({ bench, order }: AttemptParts, argv: readonly string[]): string[] {
  checkCommand(order, argv, bench.policy);
  const program = programFor(argv, bench.policy, bench.workshop.environment.PATH ?? USUAL_PATH);
  if (program === null) throw notStarted(argv[0] ?? "", "ENOENT");
  return [program, ...argv.slice(1)];
}

/** Throws what `checkFolder` does. */
function folderOf({ bench, hand, order, workDir }: AttemptParts, cwd: string): string {
  const enclosed = isEnclosed(hand, bench.sandbox, bench.policy);
  const { hidden, policy } = bench;
  return checkFolder(order, cwd, { workDir, policy, hidden, enclosed });
}

/** The same command in a sandbox, where the policy wants one: what it sees is for the executor and its hands to say, and for no `env`. */
function inSandbox(
  { policy, sandbox, workshop, proxy, hidden }: Bench,
  hand: HandDefinition,
  what: { argv: readonly string[]; cwd: string; env: Record<string, string>; workDir: string },
): { argv: string[]; enclosed: boolean; env: Record<string, string> } {
  const { argv, cwd, env, workDir } = what;
  if (!isEnclosed(hand, sandbox, policy) || sandbox.kind === "none") return { argv: [...argv], enclosed: false, env };
  const cache = join(workshop.dir, "cache", "npm");
  const wantsCache = env.npm_config_cache === cache;
  if (wantsCache) mkdirSync(cache, { recursive: true });
  const { trees, own, mirrors } = ofGit(workshop, workDir);
  const kept = [...own, ...OURS.map((name) => join(workDir, name))];
  for (const folder of kept) mkdirSync(folder, { recursive: true });
  const writable = [
    workDir,
    ...trees,
    ...(isWithin(cwd, workDir) || staysReadOnly(cwd, policy) ? [] : [cwd]),
    ...(wantsCache ? [cache] : []),
  ];
  const readable = [...mirrors, join(workshop.dir, "cache")];
  const path = workshop.environment.PATH ?? USUAL_PATH;
  const wayOut = proxy ? { proxy: { socket: proxy.socket, node: process.execPath } } : {};
  const network = policy.network === "open";
  const room = sandbox.sizes ? { roomMb: policy.limits.memoryMb } : {};
  const enclosure = { ...room, cwd, writable, kept, readable, hidden, network, path, home: workshop.environment.HOME, ...wayOut };
  const { outside, inside } = withoutLoader(env);
  const argvInside = enclosed(sandbox.path, argv, { ...enclosure, variables: inside });
  return { argv: argvInside, enclosed: true, env: proxy ? { ...proxyEnvironment(), ...outside } : outside };
}

/** Worktrees stay where they are, since git goes on in them outside, and git's own data there as it is. Of the mirrors theirs are seen, and no other. */
function ofGit({ trees }: Workshop, workDir: string): { trees: string[]; own: string[]; mirrors: string[] } {
  const work = realpathSync(workDir);
  const ours = [...trees].filter(([tree]) => isWithin(tree, work));
  const folders = ours.map(([, folder]) => folder);
  const own = folders.filter((folder) => isWithin(folder, work)).map((folder) => join(work, relative(work, folder).split(sep)[0] ?? ""));
  // MIRROR/worktrees/NAME
  const mirrors = folders.filter((folder) => !isWithin(folder, work)).map((folder) => dirname(dirname(folder)));
  return { trees: ours.map(([tree]) => tree), own: [...new Set(own)], mirrors: [...new Set(mirrors)] };
}

/** What the loader of bubblewrap itself would read is set inside only: by it, code would run before there is a sandbox. */
function withoutLoader(env: Record<string, string>): Record<"outside" | "inside", Record<string, string>> {
  const [outside, inside]: Record<string, string>[] = [{}, {}];
  for (const [name, value] of Object.entries(env)) Object.assign((isLoaderVariable(name) ? inside : outside) ?? {}, { [name]: value });
  return { outside: outside ?? {}, inside: inside ?? {} };
}

function artifacts({ bench, order, granted, signal, workDir }: AttemptParts): HandContext["artifact"] {
  const filter = secretFilter(new Map(Object.entries(granted.secrets)));
  const { net, firing, attempt } = order;
  const { clock, ids } = bench.workshop;
  return async (content, { name, mediaType }) => {
    const folder = join(workDir, "artifacts");
    mkdirSync(folder, { recursive: true });
    const source = typeof content === "object" && "file" in content ? fileBytes(content.file) : content;
    const laid = await layDown(source, join(folder, ids.next()), granted.secrets, filter);
    try {
      const parts = { line: bench.line, executor: bench.name, clock, ids, signal };
      return { ...(await handOver(parts, { net, firing, attempt, type: mediaType }, laid)), name };
    } finally {
      await rm(laid.file, { force: true });
    }
  };
}
