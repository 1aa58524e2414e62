/** Knowledge that is bigger than a message of the broker: sent in parts, whole or not at all (N1, N2). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { sentFiles } from "../../src/client/persona-files.ts";
import { sha256 } from "../../src/contract/hash.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";

let kit: MasterKit;
beforeAll(async () => {
  kit = await masterKit();
});
afterAll(() => kit.stop());

const persona = {
  ...{ persona: "reader", title: "Reader", flags: "r----", tools: ["knowledge.search"], tier: "economy", prompt: "Read." },
  knowledge: ["knowledge/big.md", "knowledge/small.md"],
};
const big = Array.from({ length: 40_000 }, (_, part) => `## Teil ${part}\nDie Antwort auf “${part}” lautet ${part * 7}.\n`).join("");

test("a file of two megabytes arrives byte for byte, and is the persona's knowledge", async () => {
  const files = { "knowledge/big.md": big, "knowledge/small.md": "# Small\n" };
  const sent = await sentFiles(kit.broker, files);
  // By reference, since they would not fit into one message.
  expect(JSON.stringify(sent).length).toBeLessThan(1000);
  expect(await kit.ask(null, "apply-persona", { persona, files: sent })).toMatchObject({ persona: "reader" });
  expect(kit.master.personas.bound("reader")?.knowledge).toEqual([
    { file: "knowledge/big.md", text: big },
    { file: "knowledge/small.md", text: "# Small\n" },
  ]);
  // The version is that of the content, however it came.
  const { hash } = (await kit.ask(null, "apply-persona", { persona, files })) as { hash: string };
  expect(hash).toBe(kit.master.personas.version("reader"));
});

test("small ones go with the request", async () => {
  expect(await sentFiles(kit.broker, { "a.md": "A" })).toEqual({ "a.md": "A" });
});

test("what does not come whole, has another hash, or is too much is refused", async () => {
  const part = (over: JsonObject) =>
    kit.ask(null, "knowledge-part", { sha256: sha256(Buffer.from("ab")), part: 0, parts: 2, content: "YQ==", ...over });
  expect(await part({})).toBeNull();
  await expect(part({ part: 1, content: "YQ==" })).rejects.toMatchObject({ code: "knowledge-damaged" });
  expect(await part({})).toBeNull();
  expect(await part({ part: 1, content: "Yg==" })).toMatchObject({ artifact: expect.any(String) });
  await expect(part({ content: Buffer.alloc(17 * 1024 * 1024).toString("base64") })).rejects.toMatchObject({ code: "knowledge-too-large" });
  const gone = { artifact: sha256(Buffer.from("nobody has it")) };
  await expect(
    kit.ask(null, "apply-persona", { persona: { ...persona, knowledge: ["a.md"] }, files: { "a.md": gone } }),
  ).rejects.toMatchObject({ code: "knowledge-lost" });
});
