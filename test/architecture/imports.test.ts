import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { violations } from "./rules.ts";
import { factsOf, readSources } from "./source-map.ts";

test("the source keeps the rules of the house", () => {
  const files = readSources(resolve("src"));
  expect(Object.keys(files).length).toBeGreaterThan(10);
  expect(violations(factsOf(files))).toEqual([]);
});

describe("the checker itself", () => {
  const sound = {
    "contract/json.ts": "export type Json = string;\n",
    "net/fold.ts":
      'import { z } from "zod";\nimport type { Json } from "../contract/json.ts";\nexport const fold = (json: Json) => z.parse(json);\n',
    "jetstream/log.ts": 'import { connect } from "@nats-io/transport-node";\nexport const log = connect;\n',
    "main.ts": 'import { log } from "./jetstream/log.ts";\nprocess.env.HOME;\nlog();\n',
  };
  const caught = (files: Record<string, string>) => violations(factsOf({ ...sound, ...files }));

  test("finds nothing wrong in a sound house", () => {
    expect(caught({})).toEqual([]);
  });

  const planted: [what: string, file: string, text: string, says: RegExp][] = [
    [
      "an import upwards",
      "net/up.ts",
      'import type { log } from "../jetstream/log.ts";',
      /net\/up\.ts imports jetstream\/log\.ts: net may import contract/,
    ],
    ["an import sideways", "personas/side.ts", 'import { log } from "../jetstream/log.ts";', /personas may import/],
    ["an import of the root", "cli/root.ts", 'import "../main.ts";', /cli may import/],
    ["a re-export upwards", "models/again.ts", 'export { fold } from "../net/fold.ts";', /models may import contract/],
    ["a late import upwards", "tools/late.ts", 'export const late = () => import("../net/fold.ts");', /tools may import contract/],
    ["a type import upwards", "tools/type.ts", 'export type Fold = import("../net/fold.ts").Fold;', /tools may import contract/],
    ["a file that is not there", "net/gone.ts", 'import { gone } from "./nowhere.ts";', /not in src/],
    ["NATS outside its room", "actors/nats.ts", 'import type { NatsConnection } from "@nats-io/nats-core";', /only jetstream speaks NATS/],
    ["a model SDK outside its room", "actors/sdk.ts", 'import type { OpenAI } from "openai";', /only models/],
    ["a model SDK that each command reads", "models/sdk.ts", 'import { OpenAI } from "openai";', /read it by import\(\) where it is used/],
    ["a spawned process", "actors/spawn.ts", 'import { spawn } from "node:child_process";', /only executors spawn/],
    ["a spawned process in a verb", "cli/verbs/put.ts", 'import { execa } from "execa";', /only executors spawn/],
    ["a node module in net", "net/disk.ts", 'import { readFileSync } from "node:fs";', /net is pure/],
    ["XState in net", "net/machine.ts", 'import { setup } from "xstate";', /only actors are built on XState/],
    [
      "an open port",
      "actors/port.ts",
      'import { createServer } from "node:http";\ncreateServer().listen(0);',
      /only the gateway opens a port/,
    ],
    ["a default export", "net/default.ts", "export default 1;", /default export/],
    ["a default function", "net/function.ts", "export default function named() {}", /default export/],
    ["a barrel", "net/index.ts", "export const a = 1;", /no barrels/],
    ["a folder for everything", "net/utils/text.ts", "export const a = 1;", /no folder is called utils/],
    ["a name in camel case", "net/netFold.ts", "export const a = 1;", /kebab-case/],
    ["a file too long", "net/long.ts", "// line\n".repeat(501), /501 lines/],
    ["the machine's clock in net", "net/clock.ts", "export const at = Date.now();", /uses Date\.now/],
    ["the machine's date in net", "net/date.ts", "export const at = new Date();", /uses new Date\(\)/],
    ["chance in a persona", "personas/chance.ts", "export const at = Math.random();", /uses Math\.random/],
    ["a timer in a persona", "personas/timer.ts", "setTimeout(() => {}, 1);", /uses setTimeout/],
    ["the environment", "executors/env.ts", "export const home = process.env.HOME;", /reads process\.env/],
    ["the environment by another spelling", "executors/env.ts", 'export const { HOME } = process["env"];', /reads process\.env/],
    ["a room of no one", "extra/thing.ts", "export const a = 1;", /no room is called extra/],
  ];
  test.each(planted)("catches %s", (_, file, text, says) => {
    expect(caught({ [file]: text })).toEqual([expect.stringMatching(says)]);
  });

  test("catches a cycle of three files, and takes none for one that only types make", () => {
    const ring = (word: string) => ({
      "net/a.ts": `${word} { b } from "./b.ts";\nexport const a = 1;\n`,
      "net/b.ts": 'export { c } from "./c.ts";\nexport const b = 1;\n',
      "net/c.ts": 'import { a } from "./a.ts";\nexport const c = a;\n',
    });
    expect(caught(ring("import"))).toEqual(["a cycle of imports: net/a.ts -> net/b.ts -> net/c.ts -> net/a.ts"]);
    expect(caught(ring("import type"))).toEqual([]);
  });

  test("lets those spawn who may", () => {
    const spawn = 'import { spawn } from "node:child_process";\nexport const run = spawn;\n';
    const allowed = ["executors/hands/shell.ts", "jetstream/server/start.ts", "cli/up.ts", "cli/demo-chaos.ts", "cli/supervisor.ts"];
    expect(caught(Object.fromEntries(allowed.map((path) => [path, spawn])))).toEqual([]);
  });
});
