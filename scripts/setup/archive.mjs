// The official release archive, at a pinned version with pinned SHA-256 (FIPS 180-4) of each platform's file.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { megabytes } from "./progress.mjs";

export const RELEASE = "2.15.0";
/** As the release's SHA256SUMS lists them. A platform without a line here has no pinned sum, and this way is passed over. */
export const SUMS = {
  "darwin-amd64": "5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95",
  "darwin-arm64": "e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8",
  "linux-amd64": "5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92",
  "linux-arm64": "cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112",
};
const SITE = "https://github.com/nats-io/nats-server/releases/download";
/** A connection that brings nothing for so long is given up, since the next way may work. */
const STALL_MS = 20_000;

export function platformName(platform = process.platform, arch = process.arch) {
  return `${platform}-${{ x64: "amd64", ia32: "386", arm: "arm7" }[arch] ?? arch}`;
}

/**
 * Downloads, checks and unpacks, and hands the program's path to `use`; the folder goes afterwards. Throws with the reason.
 * `PETREL_NATS_RELEASES` names a mirror; the pinned sum holds there too.
 */
export async function fetchArchive({ env, progress, sums = SUMS, platform = platformName() }, use) {
  const sum = sums[platform];
  if (!sum) throw new Error(`there is no pinned SHA-256 for ${platform}, so nothing is downloaded`);
  const name = `nats-server-v${RELEASE}-${platform}`;
  const url = `${env.PETREL_NATS_RELEASES ?? SITE}/v${RELEASE}/${name}.tar.gz`;
  progress.say(`fetching ${url}`);
  const bytes = await download(url, progress);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sum) throw new Error(`${url} has SHA-256 ${found} and not the pinned ${sum}: refused`);
  const program = fileInTar(gunzipSync(bytes), `${name}/nats-server`);
  if (!program) throw new Error(`${url} holds no ${name}/nats-server`);
  const folder = mkdtempSync(join(tmpdir(), "petrel-nats-"));
  try {
    const path = join(folder, "nats-server");
    writeFileSync(path, program, { mode: 0o755 });
    return use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function download(url, progress) {
  const abort = new AbortController();
  let timer;
  const moved = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Error(`nothing came from ${url} for ${STALL_MS / 1000} s`)), STALL_MS);
  };
  try {
    moved();
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
    const whole = Number(response.headers.get("content-length")) || undefined;
    const chunks = [];
    let size = 0;
    let told = 0;
    for await (const chunk of response.body) {
      moved();
      chunks.push(chunk);
      size += chunk.length;
      if (size - told > 2_000_000) {
        told = size;
        progress.say(`nats-server: ${megabytes(size)}${whole ? ` of ${megabytes(whole)}` : ""}`);
      }
    }
    progress.add(size);
    return Buffer.concat(chunks);
  } catch (error) {
    const cause = error.cause?.message ?? error.cause?.code;
    throw new Error(cause ? `${url}: ${cause}` : error.message);
  } finally {
    clearTimeout(timer);
  }
}

const BLOCK = 512;

/** The content of one plain file in a tar archive (POSIX.1-1988 ustar: 512-byte headers, size in octal at 124). */
export function fileInTar(tar, wanted) {
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const text = (from, length) => tar.toString("utf8", at + from, at + from + length).split("\0")[0];
    const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
    const size = Number.parseInt(text(124, 12).trim() || "0", 8);
    if (Number.isNaN(size)) return undefined;
    const name = prefix ? `${prefix}/${text(0, 100)}` : text(0, 100);
    if (name.replace(/^\.\//, "") === wanted) return tar.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
