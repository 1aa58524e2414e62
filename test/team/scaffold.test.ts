/** What `init`, `net new` and `persona new` write is sound, and the hello net runs without any key. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { builtCli, Desk } from "../support/petrel-process.ts";

let desk: Desk;
beforeAll(() => builtCli(), 120_000);
beforeEach(() => {
  desk = new Desk("new");
});
afterEach(() => desk.clear());

test("init, up, apply, put, tokens: greeted without any key, from the folder and from outside it", async () => {
  expect((await desk.run(["init", "house"])).code).toBe(0);
  const up = desk.start(["up", "--dir", "house/.petrel"]);
  await up.says(/Petrel is up/);
  const at = ["--dir", "house/.petrel"];
  expect((await desk.run(["net", "apply", "house/nets/hello.json", ...at])).code).toBe(0);
  expect((await desk.run(["put", "hello", "inbox", '{"name":"Ada"}', ...at])).code).toBe(0);
  await expect
    .poll(() => desk.json(["tokens", "hello", "greetings", ...at]), { timeout: 60_000 })
    .toMatchObject({ total: 1, tokens: [{ data: { greeting: "Hello, Ada!", to: "Ada" } }] });
  expect((await up.stop()).code).toBe(0);
}, 360_000);

test("init twice changes nothing that is there", async () => {
  await desk.run(["init", "."]);
  writeFileSync(desk.path("nets", "hello.json"), "mine");
  const again = await desk.json<{ written: string[]; kept: string[] }>(["init", "."]);
  expect(again.written).toEqual([]);
  expect(again.kept).toContain("nets/hello.json");
  expect(readFileSync(desk.path("nets", "hello.json"), "utf8")).toBe("mine");
});

test("net new and persona new pass the checks, and name the schemas that init wrote", async () => {
  await desk.run(["init", "."]);
  expect((await desk.run(["net", "new", "invoices"])).code).toBe(0);
  expect((await desk.run(["net", "check", "nets/invoices.json"])).code).toBe(0);
  expect((await desk.run(["net", "check", "nets/hello.json"])).code).toBe(0);
  expect((await desk.run(["persona", "new", "tax-adviser"])).code).toBe(0);
  for (const file of ["nets/invoices.json", "nets/hello.json", "personas/tax-adviser.json"]) {
    const { $schema } = JSON.parse(readFileSync(desk.path(file), "utf8")) as { $schema: string };
    expect(readFileSync(desk.path("nets", $schema), "utf8")).toMatch(/json-schema.org\/draft\/2020-12/);
  }
  const up = desk.start(["up"]);
  await up.says(/Petrel is up/);
  expect((await desk.run(["persona", "apply", "personas/tax-adviser.json"])).code).toBe(0);
  expect((await desk.run(["net", "apply", "nets/invoices.json"])).code).toBe(0);
  expect((await desk.run(["net", "new", "invoices"])).stderr).toMatch(/exists already/);
  expect((await up.stop()).code).toBe(0);
}, 360_000);
