import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Clone } from "./clone.ts";

let clone: Clone;
let mirror: Server | undefined;
beforeEach(() => {
  clone = new Clone();
});
afterEach(async () => {
  clone.remove();
  await new Promise<void>((done) => (mirror ? mirror.close(() => done()) : done()));
  mirror = undefined;
});

const chosen = (stderr: string) => /nats-server (\S+) at (\S+)/.exec(stderr)?.[2];

/** Serves these bytes for any path, and gives the address. */
async function serve(bytes: Uint8Array): Promise<string> {
  const server = createServer((_, answer) => answer.end(bytes));
  mirror = server;
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the order", () => {
  test("is the named one, PATH, the clone's folder, the user's cache", async () => {
    const places = [
      clone.server(clone.cached(), "2.12.0"),
      clone.server(join(clone.root, ".petrel/bin/nats-server"), "2.13.0"),
      clone.server(join(clone.programs, "nats-server"), "2.14.0"),
      clone.server(join(clone.folder, "own/nats-server"), "2.15.0"),
    ];
    const took: (string | undefined)[] = [];
    for (const [at, path] of places.entries()) {
      // Each place is looked at with the better ones away.
      const hidden = places.slice(at + 1);
      const contents = hidden.map((other) => readFileSync(other, "utf8"));
      for (const other of hidden) execFileSync("mv", [other, `${other}.away`]);
      if (path === places[3]) clone.env.PETREL_NATS_SERVER = path;
      clone.write("src/main.ts", `process.stdout.write("${at}");\n`);
      took.push(chosen((await clone.setup()).stderr));
      for (const [index, other] of hidden.entries()) clone.executable(other, (contents[index] ?? "").replace("#!/bin/sh\n", ""));
    }
    expect(took).toEqual(places);
  });

  test("passes over what is too old, missing, no program or not executable, and says why", async () => {
    const cached = clone.server(clone.cached(), "2.15.1");
    clone.server(join(clone.programs, "nats-server"), "2.11.9");
    clone.env.PETREL_NATS_SERVER = join(clone.folder, "nowhere");
    const ended = await clone.setup();
    expect(ended.code).toBe(0);
    expect(chosen(ended.stderr)).toBe(cached);
    expect(ended.stderr).toMatch(/PETREL_NATS_SERVER: \S+nowhere does not exist/);
    expect(ended.stderr).toMatch(/PATH: \S+ is 2\.11\.9, and Petrel needs 2\.12 or newer/);

    clone.env.PETREL_NATS_SERVER = clone.write("no-program", "text");
    expect((await clone.setup()).stderr).toContain("is not executable");
    clone.env.PETREL_NATS_SERVER = clone.executable(join(clone.folder, "other"), "echo something else");
    expect((await clone.setup()).stderr).toContain("does not tell its version");
    clone.env.PETREL_NATS_SERVER = clone.executable(join(clone.folder, "broken"), "exit 3");
    expect((await clone.setup()).stderr).toContain("does not run here");
  });
});

describe("fetching", () => {
  test("refuses an archive whose sum is not the pinned one, and goes on to the next way", async () => {
    clone.env.PETREL_NATS_RELEASES = await serve(new TextEncoder().encode("not the release"));
    clone.env.PETREL_DEBIAN_KEYRING = clone.write("keyring.gpg", "a keyring");
    clone.program(
      "apt-get",
      `echo "$*" >> "${clone.folder}/apt-get.log"
      for word in "$@"; do case "$word" in
        Dir::Etc::sourceparts=*) cp "\${word#Dir::Etc::sourceparts=}/petrel.sources" "${clone.folder}/petrel.sources" ;;
        download) touch nats-server_2.15.1-1_amd64.deb ;;
      esac; done`,
    );
    clone.program(
      "dpkg-deb",
      `[ "$1" = -x ] || exit 0; mkdir -p "$3/usr/sbin"; cp "${clone.server(join(clone.folder, "packed"), "2.15.1")}" "$3/usr/sbin/nats-server"`,
    );
    const ended = await clone.setup();
    if (["linux-x64", "linux-arm64"].includes(`${process.platform}-${process.arch}`))
      expect(ended.stderr).toMatch(/SHA-256 [0-9a-f]{64} and not the pinned/);
    expect(ended.code).toBe(0);
    expect(chosen(ended.stderr)).toBe(clone.cached());
    expect(existsSync(clone.cached())).toBe(true);
    // apt is turned away from everything of the system's, and told whose signature to ask for.
    const sources = readFileSync(join(clone.folder, "petrel.sources"), "utf8");
    expect(sources).toContain(`Signed-By: ${clone.env.PETREL_DEBIAN_KEYRING}`);
    const [version, update, download] = clone.calls("apt-get");
    expect(version).toBe("--version");
    expect(update).toMatch(/Dir::Etc::sourcelist=\/dev\/null .*Dir::State=\S+petrel-apt.*DEP-11::DefaultEnabled=false.* update$/);
    expect(download).toMatch(/ download nats-server$/);
    expect(`${update}`.includes("APT::Sandbox::User=root")).toBe(process.getuid?.() === 0);
    // A second start finds it and asks nobody.
    expect(await clone.setup()).toMatchObject({ code: 0, stderr: "" });
    expect(clone.calls("apt-get")).toHaveLength(3);
  });

  test("keeps nothing that does not run", async () => {
    clone.env.PETREL_DEBIAN_KEYRING = clone.write("keyring.gpg", "a keyring");
    clone.program("apt-get", 'for word in "$@"; do [ "$word" = download ] && touch nats-server_1_amd64.deb; done; true');
    clone.program("dpkg-deb", '[ "$1" = -x ] || exit 0; mkdir -p "$3/usr/bin"; echo broken > "$3/usr/bin/nats-server"');
    const ended = await clone.setup();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/Debian archive: what came does not run here/);
    expect(existsSync(clone.cached())).toBe(false);
  });

  test("without any way left names each reason, and the commands that help", async () => {
    clone.env.PETREL_DEBIAN_KEYRING = join(clone.folder, "no-keyring");
    clone.program("dpkg-deb", "true");
    const ended = await clone.setup();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("no nats-server 2.12 or newer could be found or fetched");
    expect(ended.stderr).toMatch(/tried official release: http:\/\/127\.0\.0\.1:1\//);
    expect(ended.stderr).toContain("keyring");
    for (const command of [
      "brew install nats-server",
      "apt-get install nats-server",
      "go install github.com/nats-io/nats-server/v2@latest",
      "docker cp",
    ]) {
      expect(ended.stderr).toContain(command);
    }
  });

  test("is not done with --offline", async () => {
    clone.env.PETREL_NATS_SERVER = clone.server(join(clone.folder, "own"), "2.15.1");
    await clone.setup();
    delete clone.env.PETREL_NATS_SERVER;
    const ended = await clone.setup("--offline");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("--offline forbids it");
    expect(clone.calls("apt-get")).toEqual([]);
  });

  test("unpacks an archive that has the sum", async () => {
    const name = "nats-server-v2.15.0-linux-amd64";
    const folder = join(clone.folder, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "README.md"), "x".repeat(700));
    writeFileSync(join(folder, "nats-server"), "the program");
    const archive = join(clone.folder, "release.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", clone.folder, name]);
    const bytes = readFileSync(archive);
    const address = await serve(bytes);
    const sum = createHash("sha256").update(bytes).digest("hex");
    const fetched = (platform: string, wanted: string) =>
      promisify(execFile)(process.execPath, [resolve("test/setup/fetch-archive.mjs"), platform, wanted], {
        env: { ...process.env, PETREL_NATS_RELEASES: address },
      });
    expect((await fetched("linux-amd64", sum)).stdout).toBe("the program");
    await expect(fetched("linux-amd64", "0".repeat(64))).rejects.toThrow(/refused/);
    await expect(fetched("linux-riscv64", "")).rejects.toThrow(/no pinned SHA-256 for linux-riscv64/);
  });
});
