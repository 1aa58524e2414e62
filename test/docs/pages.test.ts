/** The documentation against the code: commands parse, links lead somewhere, examples are sound, and nothing is left out. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { toolsPage } from "../../src/cli/tools-page.ts";
import type { Verb } from "../../src/cli/verb.ts";
import { verbsOf } from "../../src/cli/verbs/all.ts";
import { checkConfig } from "../../src/models/config.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { inputArcSchema, netSchema, outputArcSchema, placeSchema, transitionSchema } from "../../src/net/definition.ts";
import { compileTemplate } from "../../src/net/template.ts";
import { checkPersonaFile } from "../../src/personas/check-persona.ts";
import { personaSchema } from "../../src/personas/persona-schema.ts";
import { toolCatalogue } from "../../src/tools/catalogue.ts";
import { toolInfo } from "../../src/tools/tool-info.ts";
import { fencesOf, PAGES, pageText, proseOf } from "./pages.ts";

const verbs = await verbsOf();
const COMMON_OPTIONS = ["--dir", "--json", "--log-level", "--help"];

/** Words of a command line as a shell splits them, up to where the next command begins. */
function shellWords(line: string): string[] {
  const words = line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  const end = words.findIndex((word) => /^(\||\|\||&&|;|>|<|#|\\)/.test(word));
  return end < 0 ? words : words.slice(0, end);
}

/** What follows `petrel` or `node dist/petrel.js` in shell blocks and in `code` of one page. */
function commandsOf(page: string): string[] {
  const shell = fencesOf(page).filter(({ kind }) => kind.startsWith("sh"));
  const lines = shell.flatMap(({ text }) => text.replace(/<<'END'\n[\s\S]*?\nEND\n/g, "\n").split("\n"));
  const inline = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? "");
  return [...lines, ...inline].flatMap((text) => {
    const match = /^(?:petrel|node dist\/petrel\.js|npm run demo --|npm run demo$|npm start --)(?: (.*))?$/.exec(text.trim());
    if (!match) return [];
    const words = match[1] ?? "";
    return [text.startsWith("npm run demo") ? `demo ${words}` : text.startsWith("npm start") ? `up ${words}` : words];
  });
}

/** Why a command line is wrong, or null. */
function fault(line: string): string | null {
  const words = shellWords(line);
  const names = words.filter((word) => !word.startsWith("-"));
  if (names.length === 0 || names[0] === "NAME") return null;
  const verb = verbs.find((each) =>
    each.command
      .split(" ")
      .filter(isWord)
      .every((word, at) => names[at] === word),
  );
  if (!verb) {
    const group = verbs.some((each) => each.command.startsWith(`${names[0]} `) && isWord(each.command.split(" ")[1] ?? "<"));
    return group && names.length === 1 ? null : `no such verb: ${line}`;
  }
  const known = [...COMMON_OPTIONS, ...optionsOf(verb)];
  const unknown = words.filter((word) => word.startsWith("-") && word !== "-" && !known.includes(word.split("=")[0] ?? word));
  return unknown.length > 0 ? `${verb.command} has no ${unknown.join(", ")}: ${line}` : null;
}
function isWord(word: string): boolean {
  return word !== "" && !/^[<[]/.test(word);
}
function optionsOf(verb: Verb): string[] {
  return (verb.options ?? []).flatMap(({ flags }) => flags.match(/--?[a-z][a-z-]*/g) ?? []);
}

describe.each(PAGES)("%s", (page) => {
  test("names commands and options that exist", () => {
    expect(commandsOf(page).map(fault).filter(Boolean)).toEqual([]);
  });

  test("links to what is there", () => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
    const broken = links
      .filter((target) => !/^(https?:|mailto:|#)/.test(target))
      .filter((target) => !existsSync(join(dirname(page), target.split("#")[0] ?? "")));
    expect(broken).toEqual([]);
  });

  test("has JSON that is sound", () => {
    for (const { kind, text, line } of fencesOf(page)) {
      if (kind !== "json") continue;
      const value = JSON.parse(text) as Record<string, unknown>;
      const name = `${page}:${line}`;
      if ("net" in value && "places" in value) expect(checkNetFile(text, name).problems, name).toEqual([]);
      if ("persona" in value && "prompt" in value)
        expect(
          checkPersonaFile(text, name, { exists: () => true }).problems.filter(({ severity }) => severity === "error"),
          name,
        ).toEqual([]);
      if ("tiers" in value) expect(checkConfig(text, name).problems, name).toEqual([]);
      if ("place" in value) inputArcSchema.parse(value);
      if (JSON.stringify(value).includes("${")) compileTemplate(value as never);
    }
  });

  test("tells nothing of the machine that it was written on", () => {
    expect(pageText(page).match(/(?:\/home\/|\/root\b|\/Users\/|\/work\/|\/tmp\/|C:\\)\S*/g)).toBeNull();
  });

  test("is closed in every fence and leaves no gap to be filled in", () => {
    expect(fencesOf(page).length).toBeGreaterThanOrEqual(0);
    expect(pageText(page)).not.toMatch(/\b(TODO|TBD|FIXME|MEASURE)\b/);
  });
});

/** The first column of every table of a page, without marks. */
function firstColumn(page: string): string[] {
  return [...pageText(page).matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
    [...(cell ?? "").matchAll(/`([^`]+)`/g)].map((code) => code[1] ?? ""),
  );
}

test("every verb has its options on the page of the command line", () => {
  const lines = pageText("docs/command-line.md").split("\n");
  for (const verb of verbs.filter(({ hidden, options }) => !hidden && options?.length)) {
    const name = verb.command.split(" ").filter(isWord).join(" ");
    const row = lines.find((line) => line.startsWith(`| \`petrel ${name}\` | \`-`)) ?? "";
    expect(
      optionsOf(verb).filter((option) => !row.includes(option)),
      name,
    ).toEqual([]);
  }
});

test("every field of a net file has its line", () => {
  const kinds = transitionSchema.options.flatMap((option) => Object.keys(option.shape));
  const fields = [netSchema, placeSchema, inputArcSchema, outputArcSchema].flatMap((schema) => Object.keys(schema.shape));
  const page = pageText("docs/net-file.md");
  const missing = [...new Set([...kinds, ...fields])].filter((field) => field !== "$schema" && !page.includes(`\`${field}\``));
  expect(missing).toEqual([]);
});

test("every field of a persona file has its line", () => {
  const column = firstColumn("docs/personas.md");
  const fields = Object.keys(personaSchema.shape).filter((field) => field !== "$schema");
  expect(fields.filter((name) => !column.includes(name))).toEqual([]);
});

test("the page of the tools is what the tools say", () => {
  expect(readFileSync("docs/tools.md", "utf8"), "run: petrel tools docs").toBe(toolsPage([...toolCatalogue.values()].map(toolInfo)));
});

test("every dependency has its line, with the licence that its package states", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, Record<string, string>>;
  const lines = pageText("docs/dependencies.md").split("\n");
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const { license } = JSON.parse(readFileSync(join("node_modules", name, "package.json"), "utf8")) as { license: string };
    expect(lines.filter((line) => line.startsWith(`| \`${name}\` |`) && line.includes(`| ${license} |`)).length, name).toBe(1);
  }
});

test("every decision is on the list, says why, and is short", () => {
  const list = pageText("docs/decisions/README.md");
  for (const page of PAGES.filter((each) => each.startsWith(join("docs", "decisions")) && !each.endsWith("README.md"))) {
    const text = pageText(page);
    expect(list, page).toContain(`(${page.split(/[\\/]/).at(-1)})`);
    for (const part of ["## Context", "## Decision", "## Consequences"]) expect(text, page).toContain(part);
    expect(text.split("\n").length, page).toBeLessThan(40);
  }
});

test("the picture of safe-teams is current", () => {
  const files = ["nets/safe-teams.json", "docs/safe-teams.layout.json", "docs/safe-teams.svg"];
  expect(() => execFileSync(process.execPath, ["scripts/draw-net.mjs", ...files, "--check"], { stdio: "pipe" })).not.toThrow();
});

test("verify-log is short and knows nothing of Petrel", () => {
  const text = readFileSync("examples/verify-log.mjs", "utf8");
  expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(60);
  const imports = [...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from);
  expect(imports.filter((from) => !from?.startsWith("node:") && !from?.startsWith("@nats-io/"))).toEqual([]);
});
