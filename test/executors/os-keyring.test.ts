/** The keyring of the system, played by a `secret-tool` and a `security` of our own: what they are told, and that no value is an argument. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { osKeyring } from "../../src/executors/os-keyring.ts";
import { realClock } from "../support/model-clock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "petrel-keyring-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tool(name: string, script: string) {
  writeFileSync(join(folder, name), `#!/bin/sh\necho "$@" >> ${folder}/args\n${script}\n`, { mode: 0o755 });
}
const env = () => ({ PATH: `${folder}:/usr/bin:/bin`, HOME: folder, ANTHROPIC_API_KEY: "not for it" });

test("on Linux: stored by standard input, looked up by account", async () => {
  tool(
    "secret-tool",
    `env > ${folder}/env\ncase "$1" in store) cat > ${folder}/kept;; lookup) cat ${folder}/kept 2>/dev/null || exit 1;; esac`,
  );
  const keyring = osKeyring(env(), realClock, "linux");
  expect(await keyring.read("/state")).toBeNull();
  await keyring.write("/state", "key-material");
  expect(await keyring.read("/state")).toBe("key-material");
  const args = readFileSync(join(folder, "args"), "utf8");
  expect(args).toContain("account /state");
  expect(args).not.toContain("key-material");
  expect(readFileSync(join(folder, "env"), "utf8")).not.toContain("not for it");
});
test("on macOS: the command comes by standard input", async () => {
  tool("security", `case "$1" in -i) cat > ${folder}/told;; find-generic-password) echo key-material;; esac`);
  const keyring = osKeyring(env(), realClock, "darwin");
  await keyring.write("/state", "key-material");
  expect(readFileSync(join(folder, "told"), "utf8")).toBe('add-generic-password -U -s petrel -a "/state" -w key-material\n');
  expect(readFileSync(join(folder, "args"), "utf8")).not.toContain("key-material");
  expect(await keyring.read("/state")).toBe("key-material");
});
test("without a keyring there is nothing to read, and writing says what to do", async () => {
  const keyring = osKeyring({ PATH: folder }, realClock, "linux");
  expect(await keyring.read("/state")).toBeNull();
  await expect(keyring.write("/state", "x")).rejects.toMatchObject({
    code: "no-keyring",
    message: expect.stringContaining("secret-tool, and there is none here"),
    hint: expect.stringMatching(/libsecret-tools.*--key file/),
  });
});
