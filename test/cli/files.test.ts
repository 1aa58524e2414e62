/** Verbs about files: net, persona, schemas, init, nats-context. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { helloNet, newNet, pretty } from "../../src/cli/scaffolds.ts";
import { jsonDiff } from "../../src/client/json-diff.ts";
import { Terminal } from "../../src/contract/errors.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { checkNetFile } from "../../src/net/check.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.running();
});
afterEach(() => stage.remove());

const read = (path: string) => readFileSync(join(stage.folder, path), "utf8");
const running = (): Json => checkNetFile(pretty(helloNet()), "hello.json").definition as unknown as Json;

describe("net", () => {
  beforeEach(() => stage.file("nets/hello.json", pretty(helloNet())));

  test("check says what it found, without a running system", async () => {
    const ended = await stage.run("net", "check", "nets/hello.json", "--dir", "nowhere");
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/nets\/hello\.json is valid: net hello, 3 places, 2 transitions, version [0-9a-f]{12}/);
  });

  test("check names file, line and column of each problem", async () => {
    stage.file("nets/bad.json", '{\n  "net": "bad",\n  "places": {"inbox": {"capcity": 3}},\n  "transitions": {}\n}\n');
    const ended = await stage.run("net", "check", "nets/bad.json");
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/nets\/bad\.json:3:\d+: .*capcity/);
    expect(ended.err).toMatch(/where: nets\/bad\.json:3:/);
    expect((await stage.run("net", "check", "nets/bad.json", "--json")).json).toMatchObject({ ok: false, error: { code: "file-invalid" } });
    expect((await stage.run("net", "check", "nets/none.json")).err).toContain("nets/none.json does not exist");
  });

  test("apply remembers its version as the base of the next", async () => {
    let round = 0;
    await stage.serves(null, { "apply-net": () => ({ hash: `hash-${++round}`, changed: true }) });
    expect((await stage.run("net", "apply", "nets/hello.json")).out).toBe("hello runs version hash-1 now\n");
    await stage.run("net", "apply", "nets/hello.json");
    await stage.run("net", "apply", "nets/hello.json", "--base", "other");
    await stage.run("net", "apply", "nets/hello.json", "--force");
    const bodies = stage.requests.map((request) => request.body as JsonObject);
    expect(bodies.map((body) => body.base)).toEqual([undefined, "hash-1", "other", undefined]);
    expect(bodies[0]).toMatchObject({
      definition: { net: "hello", transitions: { greet: { kind: "map" } } },
      by: { user: "ada", roles: ["maintainer"] },
    });
  });

  test("apply sends nothing that is not sound, and passes a refusal on", async () => {
    await stage.serves(null, {
      "apply-net": new Terminal({ code: "outdated-base", message: "hello has changed since", hint: "petrel net diff nets/hello.json" }),
    });
    stage.file("nets/bad.json", "{}");
    expect((await stage.run("net", "apply", "nets/bad.json")).code).toBe(1);
    expect(stage.requests).toEqual([]);
    const refused = await stage.run("net", "apply", "nets/hello.json");
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("next:  petrel net diff nets/hello.json");
  });

  test("diff shows what the file adds, takes away and changes", async () => {
    await stage.serves("hello", { definition: { definition: running(), hash: "a".repeat(64) } });
    expect((await stage.run("net", "diff", "nets/hello.json", "--exit-code")).out).toBe("nets/hello.json is what runs (aaaaaaaaaaaa)\n");
    const changed = helloNet() as { places: JsonObject; transitions: Record<string, JsonObject> };
    changed.places.extra = { title: "More", sink: true };
    (changed.places.inbox as JsonObject).capacity = 5;
    (changed.transitions.greet as JsonObject).title = "Say hello";
    delete (changed.transitions.welcome as JsonObject).title;
    (changed.transitions.greet as JsonObject).out = [
      { to: "greetings", when: "true" },
      { to: "extra", otherwise: true },
    ];
    stage.file("nets/hello.json", pretty(changed as unknown as JsonObject));
    const shown = await stage.run("net", "diff", "nets/hello.json", "--exit-code");
    expect(shown.code).toBe(1);
    expect(shown.out).toContain('+ places.extra = {"title":"More","sink":true}\n');
    expect(shown.out).toContain("+ places.inbox.capacity = 5\n");
    expect(shown.out).toContain("~ transitions.greet.title: Greet -> Say hello\n");
    expect(shown.out).toContain("- transitions.welcome.title = Let in\n");
    expect((await stage.run("net", "diff", "nets/hello.json")).code).toBe(0);
  });

  test("pull writes the running definition, and makes it the base", async () => {
    await stage.serves("hello", { definition: { definition: { net: "hello" }, hash: "pulled", text: '{"net":"hello"}\n' } });
    await stage.serves(null, { "apply-net": { hash: "next" } });
    expect((await stage.run("net", "pull", "hello")).out).toBe('{"net":"hello"}\n');
    expect((await stage.run("net", "pull", "hello", "--json")).json).toEqual({ net: "hello" });
    await stage.run("net", "pull", "hello", "-o", "nets/pulled.json");
    expect(read("nets/pulled.json")).toBe('{"net":"hello"}\n');
    stage.file("nets/pulled.json", pretty(helloNet()));
    await stage.run("net", "apply", "nets/pulled.json");
    expect(stage.requests.at(-1)?.body).toMatchObject({ base: "pulled" });
  });

  test("ls lists the nets", async () => {
    await stage.serves(null, {
      nets: [{ net: "hello", title: "Greets", state: "paused", version: "0123456789abcdef", tokens: 4, open: 1, waiting: 0 }],
    });
    expect((await stage.run("net", "ls")).out).toMatch(/hello +paused +4 +1 +0 +0123456789ab +Greets/);
  });

  test("new writes a sound file, and never over one that is there", async () => {
    expect(await stage.run("net", "new", "invoices")).toMatchObject({ code: 0, out: "wrote nets/invoices.json\n" });
    expect((await stage.run("net", "check", "nets/invoices.json")).code).toBe(0);
    const again = await stage.run("net", "new", "invoices");
    expect(again.code).toBe(1);
    expect(again.err).toContain("nets/invoices.json exists already");
  });
});

describe("persona", () => {
  test("new writes a sound file, and apply sends it with its knowledge", async () => {
    await stage.serves(null, { "apply-persona": { hash: "f".repeat(64), changed: true } });
    expect((await stage.run("persona", "new", "tax-adviser")).out).toBe(
      "wrote personas/tax-adviser.json\nwrote personas/knowledge/tax-adviser.md\n",
    );
    const applied = await stage.run("persona", "apply", "personas/tax-adviser.json");
    expect(applied.err).toBe("");
    expect(applied.out).toBe("tax-adviser has version ffffffffffff now\n");
    expect(stage.requests[0]?.body).toMatchObject({
      persona: { persona: "tax-adviser", flags: "r----" },
      files: { "knowledge/tax-adviser.md": expect.stringContaining("# What tax-adviser knows") },
    });
  });

  test("apply names a knowledge file that is missing, a field that is unknown, and sends nothing", async () => {
    await stage.serves(null, { "apply-persona": { hash: "f" } });
    await stage.run("persona", "new", "tax-adviser");
    const persona = JSON.parse(read("personas/tax-adviser.json")) as JsonObject;
    stage.file("personas/tax-adviser.json", pretty({ ...persona, knowledge: ["knowledge/none.md"] }));
    const missing = await stage.run("persona", "apply", "personas/tax-adviser.json");
    expect(missing.code).toBe(1);
    expect(missing.err).toMatch(/personas\/tax-adviser\.json:\d+:\d+: .*knowledge\/none\.md/);
    stage.file("personas/tax-adviser.json", pretty({ ...persona, skill: 3 }));
    expect((await stage.run("persona", "apply", "personas/tax-adviser.json")).err).toMatch(/:\d+:\d+: .*"skill"/);
    expect(stage.requests).toEqual([]);
  });

  test("check says all problems of a folder with their places, and two of one name", async () => {
    await stage.run("persona", "new", "tax-adviser");
    expect(await stage.run("persona", "check")).toMatchObject({ code: 0, out: "1 persona file checked, 1 sound\n" });
    const persona = JSON.parse(read("personas/tax-adviser.json")) as JsonObject;
    stage.file("personas/wages-adviser.json", pretty(persona));
    stage.file(
      "personas/wrong.json",
      pretty({ ...persona, persona: "wrong", flags: "wr---", knowledge: ["../secret.md"], tools: ["git.push"] }),
    );
    const { code, out } = await stage.run("persona", "check", "personas");
    expect(code).toBe(1);
    expect(out).toMatch(/personas\/wages-adviser\.json:\d+:\d+: the persona tax-adviser stands in personas\/tax-adviser\.json already/);
    expect(out).toMatch(/personas\/wrong\.json:\d+:\d+: flags: flags are five positions/);
    expect(out).toMatch(/personas\/wrong\.json:\d+:\d+: knowledge\.0: a knowledge file is a relative path below/);
    expect(out).toMatch(/3 persona files checked, 1 sound\n$/);
    expect((await stage.run("persona", "check", "nets")).code).not.toBe(0);
  });

  test("ls lists the personas", async () => {
    await stage.serves(null, { personas: [{ persona: "qa", title: "QA", flags: "r----", tier: "standard", version: "0123456789abcdef" }] });
    expect((await stage.run("persona", "ls")).out).toMatch(/qa +r---- +standard +0123456789ab +QA/);
  });
});

describe("schemas", () => {
  test("are written, and checked to be current", async () => {
    expect((await stage.run("schemas", "--check")).code).toBe(1);
    expect((await stage.run("schemas")).out).toBe("wrote 2 schemas to schemas (2 changed)\n");
    expect(await stage.run("schemas", "--check")).toMatchObject({ code: 0, out: "2 schemas are current\n" });
    stage.file("schemas/net.schema.json", "{}");
    stage.file("schemas/gone.schema.json", "{}");
    const stale = await stage.run("schemas", "--check");
    expect(stale.code).toBe(1);
    expect(stale.err).toMatch(/net\.schema\.json, gone\.schema\.json/);
  });
});

describe("init", () => {
  test("writes a config, schemas and a hello net that is sound", async () => {
    const ended = await stage.run("init", "mine");
    expect(ended.code).toBe(0);
    expect(readdirSync(join(stage.folder, "mine")).sort()).toEqual([".gitignore", "nets", "personas", "petrel.config.json", "schemas"]);
    expect((await stage.run("net", "check", "mine/nets/hello.json")).code).toBe(0);
    expect(ended.err).toContain("cd mine && petrel up");
  });

  test("keeps what is there", async () => {
    stage.file("mine/petrel.config.json", "{}\n");
    const ended = await stage.run("init", "mine", "--json");
    expect(ended.json).toMatchObject({ kept: ["petrel.config.json"] });
    expect(read("mine/petrel.config.json")).toBe("{}\n");
  });

  test("the scaffolds have no problem and no warning", () => {
    for (const net of [helloNet(), newNet("other")]) expect(checkNetFile(pretty(net), `${String(net.net)}.json`).problems).toEqual([]);
  });
});

describe("nats-context", () => {
  const folder = "config/nats/context";
  const context = (name: string) => JSON.parse(read(`${folder}/${name}.json`)) as JsonObject;
  beforeEach(() => {
    stage.env.XDG_CONFIG_HOME = join(stage.folder, "config");
    stage.running({ admin: { user: "admin", password: "a" }, readonly: { user: "readonly", password: "r" } });
  });

  test("writes contexts that only the user can read, for the system and its demo", async () => {
    stage.running(
      { url: "nats://127.0.0.1:5000", admin: { user: "admin", password: "d" }, readonly: { user: "readonly", password: "r" } },
      ".petrel/demo",
    );
    const ended = await stage.run("nats-context");
    expect(ended.out).toContain("nats --context petrel stream ls");
    expect(readdirSync(join(stage.folder, folder)).sort()).toEqual(["petrel-demo.json", "petrel-readonly.json", "petrel.json"]);
    expect(context("petrel")).toEqual({ description: "Petrel: everything", url: "nats://127.0.0.1:4222", user: "admin", password: "a" });
    expect(context("petrel-readonly")).toMatchObject({ user: "readonly" });
    expect(context("petrel-demo")).toMatchObject({ url: "nats://127.0.0.1:5000", password: "d" });
    expect(statSync(join(stage.folder, folder, "petrel.json")).mode & 0o077).toBe(0);
    expect((await stage.run("nats-context")).code).toBe(0);
  });

  test("with the demo alone writes the demo's", async () => {
    stage.running({ readonly: { user: "readonly", password: "r" } }, "other/demo");
    expect((await stage.run("nats-context", "--dir", "other", "--json")).json).toMatchObject({
      contexts: ["petrel-demo", "petrel-readonly"],
    });
    expect((await stage.run("nats-context", "--dir", "other/demo")).out).toContain("nats --context petrel-demo stream ls");
  });

  test("keeps a context that somebody else wrote, unless forced", async () => {
    stage.file(`${folder}/petrel.json`, '{"description":"mine","url":"nats://elsewhere"}');
    const ended = await stage.run("nats-context");
    expect(ended.code).toBe(1);
    expect(ended.err).toContain("--force");
    expect(context("petrel")).toMatchObject({ description: "mine" });
    expect(readdirSync(join(stage.folder, folder))).toEqual(["petrel.json"]);
    expect((await stage.run("nats-context", "--force")).code).toBe(0);
    expect(context("petrel")).toMatchObject({ user: "admin" });
  });
});

test("a difference names the path, also where an object meets a list", () => {
  expect(jsonDiff({ a: { b: 1, c: [1] } }, { a: { b: 1, c: { d: 2 } }, e: null })).toEqual([
    { kind: "changed", path: "a.c", from: [1], to: { d: 2 } },
    { kind: "added", path: "e", to: null },
  ]);
  expect(jsonDiff({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
});
