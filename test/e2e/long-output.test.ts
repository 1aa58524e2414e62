/** What a command prints is whole, however slowly it is read. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli, CLI, Desk } from "../support/petrel-process.ts";

const desk = new Desk("long-output");
beforeAll(builtCli);
afterAll(() => desk.clear());

const COMMAND = `"${process.execPath}" "${CLI}" tools ls --json`;

test("a document of more than a pipe takes at once arrives whole", async () => {
  const { stdout } = await desk.paste(`${COMMAND} | (sleep 1; cat)`);
  expect(Buffer.byteLength(stdout)).toBeGreaterThan(65_536);
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: "fs.read" }));
});

test("a reader that stops reading ends the command", async () => {
  expect((await desk.paste(`${COMMAND} | head -c 10`)).stdout).toHaveLength(10);
});
