/**
 * `executor.policy.json`: what the owner of a machine lets orders do there, whoever signed them.
 * M1 What is not named is as without a file; an empty list allows nothing.
 * M2 No order widens it: nothing of it can be said in an order.
 * M3 A file that cannot be read or understood is an error at the start, never an open door.
 */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, resolve, sep } from "node:path";
import * as z from "zod";
import type { WorkOrder } from "../contract/envelope.ts";
import { Refused, Terminal } from "../contract/errors.ts";
import { HOST_PATTERN, HOST_RULE } from "../contract/host-pattern.ts";
import { hostOf, isLocalRepository, localPaths } from "./hands/code/repository-host.ts";

const folder = z.string().refine(isAbsolute, "an absolute path");
const host = z.string().regex(HOST_PATTERN, HOST_RULE);

export const machinePolicySchema = z.strictObject({
  $schema: z.string().optional(),
  hands: z.array(z.string()).optional().describe("Hands that may be used, like `code.verify`"),
  commands: z.array(z.string().min(1)).optional().describe("Programs that may be run: a name as found on PATH, or an absolute path"),
  repositories: z.array(z.string().min(1)).optional().describe("Repositories that may be fetched and pushed; * stands for any characters"),
  hosts: z.array(host).optional().describe("Hosts that repositories may lie on and hands may speak to"),
  paths: z.array(folder).optional().describe("Folders in which commands may run and that hands may read, besides their own work directory"),
  protectedBranches: z
    .array(z.string().min(1))
    .optional()
    .describe("Branches of origins that no order pushes to, like `main` or `release/*`; * stands for any characters"),
  sandbox: z
    .enum(["required", "preferred", "code", "off"])
    .default("code")
    .describe(
      "`required` runs nothing without one, `preferred` uses it where it is, `code` only around what hands of code run, `off` never",
    ),
  network: z
    .union([z.enum(["open", "off"]), z.array(host)])
    .default("open")
    .describe("Of commands in a sandbox: `off` leaves them their own loopback, a list lets them reach these hosts through a proxy"),
  limits: z
    .strictObject({
      memoryMb: z.int().min(16).default(4096).describe("Of a command with all that it starts"),
      processes: z.int().min(1).default(512).describe("Of a command with all that it starts"),
      outputMb: z.int().min(0).default(64).describe("Of one output of a command, kept as an artefact; what is more is counted"),
    })
    .prefault({}),
});
export type MachinePolicy = z.output<typeof machinePolicySchema>;

export const OPEN_POLICY: MachinePolicy = machinePolicySchema.parse({});
export const POLICY_FILE = "executor.policy.json";
/** What runs on the machine, and its devices: no files that somebody keeps. */
const RUNNING = ["/proc", "/sys", "/dev"];

/** Names that mean another place to each process. */
const OF_PROCESS = ["/proc", "/dev/fd"];

/** The policy of a file; without a file the open one. Throws Terminal `policy-unreadable`. */
export function readMachinePolicy(file: string, mustExist: boolean): MachinePolicy {
  if (!mustExist && !existsSync(file)) return OPEN_POLICY;
  try {
    return machinePolicySchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    // M3
    throw new Terminal({
      code: "policy-unreadable",
      message: `the policy ${file} cannot be used: ${cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message}`,
      hint: "correct it; docs/executors.md lists its fields",
      where: file,
      cause,
    });
  }
}

/** `dir`: the executor's own folder. Throws Refused `policy-hand`, `policy-repository` or `policy-host`. */
export function checkAgainstPolicy(order: WorkOrder, policy: MachinePolicy, dir: string): void {
  if (policy.hands && !policy.hands.includes(order.hand)) throw refused(order, "hand", order.hand, policy.hands);
  const { repo } = order.input;
  if (typeof repo !== "string") return;
  checkRepository(order, repo, policy);
  checkElsewhere(order, repo, dir);
}

/** In the executor's own folder commands of orders write, also those in a sandbox: git would run a repository's hooks outside it. */
function checkElsewhere(order: WorkOrder, repo: string, dir: string): void {
  // None at all, and what looks like an option, are the hand's to judge.
  if (repo === "" || repo.startsWith("-")) return;
  const paths = localPaths(repo, join(real(dir), "mirrors"));
  if (paths !== null && !paths.some((path) => lies(path, dir) || OF_PROCESS.some((each) => path.startsWith(each + sep)))) return;
  throw new Refused({
    code: "policy-repository",
    message: `the repository ${JSON.stringify(repo)} may lie in the executor's own folder, where commands of orders write: its hooks would run outside their sandbox`,
    hint: "name another one, by its plain path",
    where: `${order.net}/${order.transition}`,
  });
}

/** Throws Refused `policy-host`. Without a list hands may speak to any host. */
export function checkHost(order: WorkOrder, url: string | URL, { hosts }: MachinePolicy): void {
  const { host: where } = new URL(url);
  if (hosts && !hosts.some((pattern) => hostMatches(where, pattern))) throw refused(order, "host", where, hosts);
}

/**
 * Throws Refused `policy-path`, and `path-hidden` for what lies in `unread` (keys and credentials) or shows what runs, where `paths`
 * names nothing in there. Gives the real path: what was looked at is what is opened.
 */
export function checkPath(
  order: WorkOrder,
  path: string,
  { paths }: MachinePolicy,
  workDir: string,
  unread: readonly string[] = [],
): string {
  const plain = real(path);
  if (lies(plain, workDir)) return plain;
  const naming = paths?.filter((allowed) => lies(plain, allowed));
  if (naming?.length === 0) throw refused(order, "path", path, paths ?? []);
  const mask = [...unread, ...RUNNING].find((each) => lies(plain, each));
  if (mask !== undefined && !naming?.some((allowed) => lies(allowed, mask)))
    throw new Refused({
      code: "path-hidden",
      message: RUNNING.includes(mask)
        ? `${path} lies in ${mask}, which shows the executor itself, its variables too, and what else runs on its machine`
        : `${path} lies in ${mask}, where this executor keeps what no order is to read`,
      hint: `read another file, or let whoever runs the executor name a folder inside it in \`paths\` of ${POLICY_FILE}`,
      where: `${order.net}/${order.transition}`,
    });
  return plain;
}

/**
 * Throws Refused `policy-branch`, and `policy-repository` for a repository in a folder that `paths` opens to commands in a sandbox: a push
 * would run outside what they made of its hooks. `dir`: the executor's own folder; `enclosed`: whether fixed commands have a sandbox here.
 */
export function checkPush(
  order: WorkOrder,
  { repo, branch }: { repo: string; branch: string },
  policy: MachinePolicy,
  { dir, enclosed }: { dir: string; enclosed: boolean },
): void {
  checkBranch(order, branch, policy);
  const { paths = [] } = policy;
  const places = enclosed && paths.length > 0 ? (localPaths(repo, join(real(dir), "mirrors")) ?? []) : [];
  const open = paths.find((allowed) => places.some((place) => lies(place, allowed) || lies(allowed, place)));
  if (open === undefined) return;
  throw new Refused({
    code: "policy-repository",
    message: `the repository ${JSON.stringify(repo)} lies where \`paths\` of this executor's policy names ${open}: commands in a sandbox can write its hooks, which a push would run outside`,
    hint: `push to a server, or let whoever runs the executor name in \`paths\` of ${POLICY_FILE} only folders without repositories that are pushed to`,
    where: `${order.net}/${order.transition}`,
  });
}

function checkBranch(order: WorkOrder, name: string, { protectedBranches = [] }: MachinePolicy): void {
  if (!protectedBranches.some((pattern) => matches(name, pattern))) return;
  throw new Refused({
    code: "policy-branch",
    message: `the policy of this executor protects the branch ${JSON.stringify(name)} from pushes`,
    hint: `it protects ${protectedBranches.join(", ")}; push to another branch, or let whoever runs the executor change ${POLICY_FILE}`,
    where: `${order.net}/${order.transition}`,
  });
}

/** Throws Refused `policy-command`. */
export function checkCommand(order: WorkOrder, argv: readonly string[], policy: MachinePolicy): void {
  const [program = ""] = argv;
  // A path is no name: `/tmp/git` is not the git of PATH.
  if (policy.commands && !policy.commands.includes(program)) throw refused(order, "command", program, policy.commands);
}

/**
 * The program that a name on the list stands for: the first of that name on the executor's own PATH, whatever PATH the command is given.
 * Null where there is none. Without a list, and for a path, it is what was asked for.
 */
export function programFor([program = ""]: readonly string[], { commands }: MachinePolicy, path: string): string | null {
  if (!commands || program.includes(sep)) return program;
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, program)).find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function checkRepository(order: WorkOrder, repo: string, { repositories, hosts }: MachinePolicy): void {
  const plain = isLocalRepository(repo) ? real(resolve(repo)) : repo;
  if (repositories && (plain.split("/").includes("..") || !repositories.some((pattern) => matches(plain, pattern))))
    throw refused(order, "repository", repo, repositories);
  const where = hostOf(repo);
  if (hosts && where !== null && !hosts.some((pattern) => hostMatches(where, pattern))) throw refused(order, "host", where, hosts);
}

function matches(text: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

/** By name: which address a name leads to is the network's to say. */
export function hostMatches(where: string, pattern: string): boolean {
  const [wanted, port] = splitPort(pattern.toLowerCase());
  const [name, at] = splitPort(where.toLowerCase());
  if (port !== null && at !== port) return false;
  return wanted === "*" || wanted === name || (wanted.startsWith("*.") && name.endsWith(wanted.slice(1)));
}

function splitPort(text: string): [string, string | null] {
  const parts = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text);
  return [parts?.[1] ?? text, parts?.[2] ?? null];
}

/** Links are followed. */
export function lies(path: string, allowed: string): boolean {
  const [inner, outer] = [real(path), real(allowed)];
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

/** Of what is not there, the real path of what is, and the rest. */
export function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? resolve(path) : join(real(above), basename(path));
  }
}

export function refused(order: WorkOrder, what: string, wanted: string, allowed: readonly string[]): Refused {
  return new Refused({
    code: `policy-${what}`,
    message: `the policy of this executor does not allow the ${what} ${JSON.stringify(wanted)}`,
    hint: `it allows ${allowed.join(", ") || "none"}; whoever runs the executor can change ${POLICY_FILE}`,
    where: `${order.net}/${order.transition}`,
  });
}
