import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verbsOf } from "../../src/cli/verbs/all.ts";
import { checkNetFile } from "../../src/net/check.ts";

test("docs/command-line.md lists each verb as it is called", async () => {
  const verbs = await verbsOf();
  const page = readFileSync("docs/command-line.md", "utf8");
  expect(verbs.filter((verb) => !verb.hidden && !page.includes(`\`petrel ${verb.command}\``)).map((verb) => verb.command)).toEqual([]);
});

test("the net in docs/net-file.md is sound", () => {
  const text = /```json\n([\s\S]*?)```/.exec(readFileSync("docs/net-file.md", "utf8"))?.[1] ?? "";
  expect(checkNetFile(text, "hello.json").problems).toEqual([]);
});

test("AGENTS.md fits a page", () => {
  expect(readFileSync("AGENTS.md", "utf8").split("\n").length).toBeLessThan(60);
});
