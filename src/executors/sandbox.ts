/**
 * The sandbox around a command: bubblewrap, with mounts, process ids and network of its own.
 * S1 What is not mounted is not there: the system and the programs on PATH can be read, the work directory written, and of homes, the
 *    state folder and other work nothing is seen. What is hidden stays so where it lies below something that can be read.
 * S2 Everything inside ends with the sandbox, and the sandbox with the executor.
 * S3 `required` without one runs nothing.
 * S4 Nothing inside undoes it, also where the executor is root: it has no capability, so it mounts nothing and takes no mount away, and
 *    what steers the kernel can be read only. Files of the kernel ask who the user is outside, not for a capability. Nor is the program seen
 *    that made it: it is the first process inside, and by it its file outside could be changed, where that belongs to the executor's user.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join, sep } from "node:path";
import { Refused } from "../contract/errors.ts";
import type { Environment } from "./clean-environment.ts";
import type { HandCard } from "./hand.ts";
import type { MachinePolicy } from "./machine-policy.ts";
import { throughProxy } from "./sandbox-way-out.ts";

export type Sandbox = { kind: "bubblewrap"; path: string; version: string; sizes?: boolean } | { kind: "none"; why: string };

export interface Enclosure {
  cwd: string;
  /** Folders that may be written. */
  writable: string[];
  /** What in these stays as it is. */
  kept?: string[];
  /** Folders that may be read besides the system. */
  readable: string[];
  /** Folders and files with keys: the state folder, and the credentials. */
  hidden: string[];
  network: boolean;
  /** With the network off: the socket by which a proxy is reached, and the node that hands on to it. */
  proxy?: { socket: string; node: string };
  /** How much /tmp, /var/tmp and /dev/shm hold together, in MB; absent: no bound, for a bubblewrap older than 0.7. */
  roomMb?: number;
  /** The executor's own PATH, and the home of its user. */
  path: string;
  home: string | undefined;
  /** Set inside only. */
  variables?: Readonly<Record<string, string>>;
}

const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix/store", "/run/systemd/resolve"];
/** Of /etc, what even its reader among the users should not hand on. */
const SECRET_FILES = ["shadow", "shadow-", "gshadow", "gshadow-", "security/opasswd", "krb5.keytab", "ipsec.secrets", "sudoers"].map(
  (name) => `/etc/${name}`,
);
const SECRET_FOLDERS = [
  "ssl/private",
  "ssh",
  "sudoers.d",
  "NetworkManager",
  "wireguard",
  "letsencrypt",
  "kubernetes",
  "rancher",
  "docker",
].map((name) => `/etc/${name}`);
/** Of /proc, what steers the kernel and the machine (S4). */
const KERNEL = ["sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "asound", "dynamic_debug", "mtrr"].map(
  (name) => `/proc/${name}`,
);
const BROWSER = "browser.flow";
/** In this order: what lies below /proc is mounted upon it. The first process is bubblewrap itself (S4). */
const OWN_PROC = ["--cap-drop", "ALL", "--proc", "/proc", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1", "--dev", "/dev"];
const readOnly = (folder: string) => ["--ro-bind", folder, folder];
const kernelFiles = () => KERNEL.filter((file) => existsSync(file)).flatMap(readOnly);
const probe = () => ["--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", ...OWN_PROC, ...kernelFiles(), "--", "true"];

/** What this machine offers; asked once at the start. */
export async function findSandbox(environment: Environment): Promise<Sandbox> {
  if (process.platform !== "linux") return { kind: "none", why: `bubblewrap is for Linux, and this is ${process.platform}` };
  const folders = (environment.PATH ?? "/usr/bin:/bin").split(delimiter).filter((folder) => folder !== "");
  const path = folders.map((folder) => join(folder, "bwrap")).find((file) => existsSync(file));
  if (path === undefined) return { kind: "none", why: "bubblewrap (bwrap) is not installed" };
  const version = (await said(path, ["--version"])) ?? "";
  if ((await said(path, probe())) === null)
    return {
      kind: "none",
      why: "bubblewrap is installed and may not make namespaces here (kernel.unprivileged_userns_clone, AppArmor, or a container)",
    };
  const sizes = ((await said(path, ["--help"])) ?? "").includes("--size ");
  return { kind: "bubblewrap", path, sizes, version: version.replace(/^bubblewrap\s+/, "").trim() };
}

function said(file: string, args: string[]): Promise<string | null> {
  return new Promise((resolve) => execFile(file, args, { timeout: 10_000 }, (error, stdout) => resolve(error ? null : stdout)));
}

/** In a few words, for `doctor` and `executor ls`. */
export function isolationText(sandbox: Sandbox, { sandbox: wanted, network }: MachinePolicy, hands: readonly string[] = []): string {
  if (wanted === "off") return "none: the policy turns it off";
  if (sandbox.kind === "none") return wanted === "required" ? `none, and commands are refused: ${sandbox.why}` : `none: ${sandbox.why}`;
  const around = wanted === "code" ? "the commands of code hands; shell.run has none" : "every command";
  const outside = hands.includes(BROWSER)
    ? `; the browser ${wanted === "required" ? "is refused: it would run outside" : "runs outside"}`
    : "";
  return `bubblewrap ${sandbox.version} around ${around}; network ${networkText(network)}${outside}`;
}

function networkText(network: MachinePolicy["network"]): string {
  if (typeof network === "string") return network;
  return network.length === 0 ? "off" : `by a proxy to ${network.join(", ")} only`;
}

/**
 * A library starts Chromium itself, which no sandbox of ours is around; its own is, unless the executor runs as root.
 * Throws Refused `sandbox-outside` (S3).
 */
export function mayRunOutside(program: string, { sandbox }: MachinePolicy): void {
  if (sandbox !== "required") return;
  throw new Refused({
    code: "sandbox-outside",
    message: `the policy of this executor requires a sandbox, and ${program} would run outside it`,
    hint: 'let another executor do it, or say "sandbox": "preferred" in executor.policy.json',
  });
}

/** Whether fixed commands have a sandbox too, in folders that the policy's `paths` name besides the work directory. */
export function enclosesAll({ kind }: Sandbox, policy: MachinePolicy): boolean {
  return kind === "bubblewrap" && (policy.sandbox === "preferred" || policy.sandbox === "required");
}

/** Whether a hand's commands are to be enclosed. Throws Refused `sandbox-missing` (S3). */
export function isEnclosed(hand: Pick<HandCard, "enclosed">, sandbox: Sandbox, policy: MachinePolicy): boolean {
  if (policy.sandbox === "off" || (policy.sandbox === "code" && !hand.enclosed)) return false;
  if (sandbox.kind === "bubblewrap") return true;
  if (policy.sandbox !== "required") return false;
  throw new Refused({
    code: "sandbox-missing",
    message: `the policy of this executor requires a sandbox, and there is none: ${sandbox.why}`,
    hint: "apt-get install bubblewrap, or let another executor do it",
  });
}

/** The argument vector that runs `argv` inside. */
export function enclosed(program: string, argv: readonly string[], enclosure: Enclosure): string[] {
  const { cwd, writable, kept = [], readable, hidden, network, path, home, proxy, roomMb, variables = {} } = enclosure;
  const forProxy = proxy ? [dirname(proxy.node), dirname(proxy.socket)] : [];
  const inside = proxy ? throughProxy(proxy.node, proxy.socket, argv) : argv;
  const masks = hidden.filter((each) => existsSync(each)).map((each) => realpathSync(each));
  const isMasked = (folder: string) => masks.some((mask) => isWithin(folder, mask));
  const tools = [...SYSTEM, ...toolFolders(path, home)].filter((folder) => existsSync(folder));
  const covered = masks.filter((mask) => tools.some((folder) => isWithin(mask, realpathSync(folder)) && !isWithin(folder, mask)));
  const inner = [...tools.filter(isMasked), ...forProxy, ...readable].filter((folder) => existsSync(folder));
  const outer = covered.filter(
    (mask, at) => covered.indexOf(mask) === at && !covered.some((other) => other !== mask && isWithin(mask, other)),
  );
  const emptied = [...outer.filter(isFolder), ...SECRET_FOLDERS.filter((folder) => existsSync(folder))];
  return [
    program,
    ...["--die-with-parent", "--unshare-all", ...(network ? ["--share-net"] : [])],
    ...[...OWN_PROC, ...kernelFiles(), ...rooms(roomMb)],
    ...tools.filter((folder) => !isMasked(folder)).flatMap(readOnly),
    ...outer.flatMap((mask) => (isFolder(mask) ? ["--tmpfs", mask] : ["--ro-bind", "/dev/null", mask])),
    ...inner.flatMap(readOnly),
    ...SECRET_FILES.filter((file) => existsSync(file)).flatMap((file) => ["--ro-bind", "/dev/null", file]),
    ...SECRET_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) => ["--tmpfs", folder]),
    ...writable.filter((folder) => existsSync(folder)).flatMap((folder) => ["--bind", folder, folder]),
    ...kept.filter((folder) => existsSync(folder)).flatMap(readOnly),
    // These lie in memory without a bound of their own; what may be written is mounted upon them.
    ...[...emptied, "/dev", "/"].flatMap((folder) => ["--remount-ro", folder]),
    ...Object.entries(variables).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--chdir", cwd, "--", ...inside],
  ];
}

/** They lie in memory, which no look at processes counts: half of the bound for /tmp, a quarter for each of the others. */
function rooms(roomMb: number | undefined): string[] {
  const shares = { "/tmp": 0.5, "/var/tmp": 0.25, "/dev/shm": 0.25 };
  return Object.entries(shares).flatMap(([folder, share]) => {
    const size = roomMb === undefined ? [] : ["--size", String(Math.max(1, Math.floor(roomMb * share)) * 1024 * 1024)];
    return [...size, "--tmpfs", folder];
  });
}

/** Where the programs of PATH lie that is not part of the system: their own folders, with the libraries beside them. */
function toolFolders(path: string, home: string | undefined): string[] {
  const found = new Set<string>();
  for (const folder of path.split(delimiter)) {
    if (!folder.startsWith(sep) || isSystem(folder) || !isFolder(folder)) continue;
    const beside = dirname(folder);
    // A home has a `bin` too, and nobody's home is to be seen.
    const isPrefix = basename(folder) === "bin" && beside !== home && basename(beside) !== ".local" && hasLibraries(beside);
    found.add(isPrefix ? beside : folder);
    found.add(realpathSync(folder));
  }
  return [...found].filter((folder) => !isSystem(folder));
}

/** Mounted to be read, whatever else is. */
export function isSystem(folder: string): boolean {
  return SYSTEM.some((root) => isWithin(folder, root));
}

/** Whether it shows something of the secrets of /etc once it is mounted anew. */
export function showsSecrets(folder: string): boolean {
  return [...SECRET_FILES, ...SECRET_FOLDERS].some((secret) => isWithin(secret, folder) || isWithin(folder, secret));
}

/** Of real paths. */
export const isWithin = (path: string, root: string): boolean => path === root || path.startsWith(root + sep);

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function hasLibraries(prefix: string): boolean {
  return readdirSync(prefix).some((name) => name === "lib" || name === "libexec");
}
