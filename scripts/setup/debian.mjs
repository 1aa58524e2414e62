// nats-server from a newer Debian suite by `apt-get download`: apt checks the archive's signature, and no root is needed, since
// the sources, the state and the cache are all in a folder of our own. Nothing of the system is read or written but the keyring.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { megabytes } from "./progress.mjs";
import { lastWords, run } from "./run.mjs";

const SUITE = "forky";
const MIRROR = "http://deb.debian.org/debian";
const KEYRINGS = ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];
const PROGRESS_SECONDS = 5;

/** Fetches and unpacks, and hands the program's path to `use`; the folder goes afterwards. Throws with the reason. */
export async function fetchFromDebian({ env, progress }, use) {
  const keyrings = env.PETREL_DEBIAN_KEYRING ? [env.PETREL_DEBIAN_KEYRING] : KEYRINGS;
  const keyring = keyrings.find((path) => existsSync(path));
  const programs = ["apt-get", "dpkg-deb"];
  const answers = await Promise.all(programs.map((name) => run(name, ["--version"], { env })));
  const missing = programs.filter((_, at) => answers[at].code === 127);
  if (missing.length > 0) throw new Error(`this machine has no ${missing.join(" and no ")}`);
  if (!keyring) {
    throw new Error(
      `the Debian archive keyring (${keyrings[0]}) is not on this machine, so its signature cannot be checked; sudo apt-get install debian-archive-keyring brings it`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "petrel-apt-"));
  try {
    const apt = prepare(folder, { keyring, mirror: env.PETREL_DEBIAN_MIRROR ?? MIRROR });
    progress.say(`fetching nats-server from Debian ${SUITE} by apt-get, which checks the archive's signature`);
    await step(apt, ["update"], { env, folder, progress });
    await step(apt, ["download", "nats-server"], { env, folder, progress });
    const packed = readdirSync(folder).find((name) => name.startsWith("nats-server_") && name.endsWith(".deb"));
    if (!packed) throw new Error("apt-get download brought no package");
    progress.add(statSync(join(folder, packed)).size);
    const unpacked = join(folder, "unpacked");
    const { code, output } = await run("dpkg-deb", ["-x", join(folder, packed), unpacked], { env });
    if (code !== 0) throw new Error(`dpkg-deb -x ended with ${code}: ${lastWords(output)}`);
    const program = ["usr/sbin", "usr/bin", "sbin", "bin"]
      .map((bin) => join(unpacked, bin, "nats-server"))
      .find((path) => existsSync(path));
    if (!program) throw new Error(`${packed} holds no nats-server program`);
    return use(program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the folder's sources and gives the options that turn apt away from the system's. */
function prepare(folder, { keyring, mirror }) {
  const parts = join(folder, "sources.d");
  const state = join(folder, "state");
  const cache = join(folder, "cache");
  for (const path of [parts, join(state, "lists", "partial"), join(cache, "archives", "partial")]) mkdirSync(path, { recursive: true });
  writeFileSync(join(state, "status"), "");
  const source = ["Types: deb", `URIs: ${mirror}`, `Suites: ${SUITE}`, "Components: main", `Signed-By: ${keyring}`];
  writeFileSync(join(parts, "petrel.sources"), `${source.join("\n")}\n`);
  const options = [
    "Dir::Etc::sourcelist=/dev/null",
    `Dir::Etc::sourceparts=${parts}`,
    "Dir::Etc::preferences=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    `Dir::State=${state}`,
    `Dir::State::lists=${join(state, "lists")}`,
    `Dir::State::status=${join(state, "status")}`,
    `Dir::Cache=${cache}`,
    `Dir::Cache::archives=${join(cache, "archives")}`,
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::DEP-11-icons-hidpi::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::CNF::DefaultEnabled=false",
    "Acquire::Retries=2",
    "Acquire::http::Timeout=20",
    "Acquire::https::Timeout=20",
    "APT::Update::Error-Mode=any",
    // Hooks of the system (docker-clean, appstream) would act on the system's caches.
    "APT::Update::Post-Invoke=",
    "APT::Update::Post-Invoke-Success=",
  ];
  // As root apt would drop to the user _apt, which cannot write here; a plain user has nobody to drop to.
  if (process.getuid?.() === 0) options.push("APT::Sandbox::User=root");
  return options.flatMap((option) => ["-o", option]);
}

async function step(apt, words, { env, folder, progress }) {
  let seconds = 0;
  const tick = () => {
    seconds += 1;
    if (seconds % PROGRESS_SECONDS === 0) progress.say(`apt-get ${words[0]} is at work: ${megabytes(sizeOf(folder))}`);
  };
  const { code, output } = await run("apt-get", [...apt, "-q", ...words], {
    cwd: folder,
    env: { ...env, LC_ALL: "C" },
    tick,
    timeoutMs: 300_000,
  });
  if (code !== 0)
    throw new Error(`apt-get ${words[0]} ended with ${code}: ${lastWords(output.replace(/^[^EWN].*$/gm, ""), 2) || lastWords(output)}`);
  progress.add(words[0] === "update" ? sizeOf(join(folder, "state")) : 0);
}

function sizeOf(folder) {
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += sizeOf(path);
    else total += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}
