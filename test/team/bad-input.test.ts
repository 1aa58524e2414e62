/**
 * The table of bad input, each against the built command line: one clear message that says what, where and what to do, the
 * right exit code, and nothing lost. (A dirty repository and a request without text: test/cli/run.test.ts.)
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startAnthropicStub } from "../support/anthropic-stub.ts";
import { builtCli, Desk, isAlive } from "../support/petrel-process.ts";

let desk: Desk;
beforeAll(() => builtCli(), 120_000);
beforeEach(() => {
  desk = new Desk("bad");
});
afterEach(() => desk.clear());

const NET = `{
  "net": "team",
  "places": {
    "inbox": { "open": true },
    "done": { "sink": true }
  },
  "transitions": {
    "answer": {
      "kind": "pass",
      "in": [{ "place": "inbox", "as": "item" }],
      "out": [{ "to": "done" }]
    }
  }
}
`;
const PERSONA = `{
  "persona": "helper",
  "title": "Helper",
  "flags": "r----",
  "tier": "standard",
  "prompt": "You help.",
  "knowledge": []
}
`;

describe("a file that is wrong is refused with file, line and column", () => {
  test.each<[string, string, string, RegExp, RegExp]>([
    [
      "a net with an unknown field",
      "net check",
      NET.replace('"kind": "pass"', '"knd": 1, "kind": "pass"'),
      /file\.json:9:7: .*knd/,
      /kind/,
    ],
    [
      "a net with a wrong type",
      "net check",
      NET.replace('"open": true', '"open": "yes"'),
      /file\.json:4:24: .*open.*(boolean|true)/i,
      /open/,
    ],
    [
      "a place that no one declared",
      "net check",
      NET.replace('"to": "done"', '"to": "dome"'),
      /file\.json:11:23: .*dome/,
      /did you mean "done"/,
    ],
    [
      "a persona with an unknown field",
      "persona apply",
      PERSONA.replace('"tier"', '"tierr": 1, "tier"'),
      /file\.json:5:3: .*tierr/,
      /did you mean "tier"/,
    ],
    ["a persona with a wrong type", "persona apply", PERSONA.replace('"You help."', "7"), /file\.json:6:13: .*prompt.*string/i, /prompt/],
    [
      "a missing knowledge file",
      "persona apply",
      PERSONA.replace("[]", '["knowledge/law.md"]'),
      /file\.json:7:17: .*knowledge\/law\.md/,
      /knowledge/,
    ],
  ])("%s", async (_, command, text, place, hint) => {
    writeFileSync(desk.path("file.json"), text);
    const ran = await desk.run([...command.split(" "), "file.json"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(place);
    expect(ran.stderr).toMatch(hint);
    expect(ran.stderr).not.toMatch(/ at .*\.js:/);
  });
});

test("a running net is not touched by a wrong file, and a token that does not fit is refused and shown", async () => {
  await desk.run(["init", "."]);
  const up = desk.start(["up"]);
  await up.says(/Petrel is up/);
  expect((await desk.run(["net", "apply", "nets/hello.json"])).code).toBe(0);
  writeFileSync(desk.path("wrong.json"), NET.replace('"team"', '"hello"').replace('"to": "done"', '"to": "dome"'));
  expect((await desk.run(["net", "apply", "wrong.json"])).code).toBe(1);
  const none = await desk.run(["put", "hello", "inbox", '{"name":""}']);
  expect(none.code).toBe(1);
  expect(none.stderr).toMatch(/name/);
  expect(await desk.json(["tokens", "hello", "rejected"])).toMatchObject({ total: 1 });
  expect((await desk.run(["put", "hello", "inbox", '{"name":"Ada"}'])).code).toBe(0);
  await expect.poll(() => desk.json(["tokens", "hello", "greetings"]), { timeout: 60_000 }).toMatchObject({ total: 1 });
  const other = await desk.run(["up"]);
  expect(other).toMatchObject({ code: 1 });
  expect(other.stderr).toMatch(new RegExp(`a Petrel is up in .*\\(process ${up.pid}\\)`));
  expect(other.stderr).toMatch(/next: .*--dir/);
  expect(isAlive(up.pid)).toBe(true);
  expect(await desk.json(["tokens", "hello", "greetings"])).toMatchObject({ total: 1 });
  expect((await up.stop()).code).toBe(0);
}, 360_000);

test("a refused API key pauses the net and names the variable; with a good one it goes on where it was", async () => {
  const stub = await startAnthropicStub([{ status: 401, errorType: "authentication_error", text: "invalid x-api-key" }]);
  try {
    const git = "git -c user.name=a -c user.email=a@example.org";
    await desk.paste(
      `mkdir app && cd app && git init -q -b main && echo '{"scripts":{"test":"node --test"}}' > package.json && ${git} add -A && ${git} commit -q -m first`,
    );
    desk.env.ANTHROPIC_BASE_URL = stub.url;
    desk.env.ANTHROPIC_API_KEY = "sk-ant-wrong-and-secret";
    const args = ["run", "safe-teams", "--repo", "app", "--request", "Let it do more"];
    const ran = await desk.run(args);
    expect(ran.code, ran.stderr).toBe(3);
    expect(ran.stderr).toMatch(/stops at 5 USD/);
    expect(ran.stderr).toMatch(/refused the API key \(HTTP 401\)/);
    expect(ran.stderr).toMatch(/next: .*ANTHROPIC_API_KEY/);
    expect(ran.stderr).toMatch(/resume safe-teams/);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain("wrong-and-secret");
    const again = await desk.run(args);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/safe-teams is paused.*not put in/);

    stub.turns = [{ tools: [{ name: "answer", input: { slug: "more", title: "It does more", narrative: "More.", criteria: ["more"] } }] }];
    desk.env.ANTHROPIC_API_KEY = "sk-ant-good";
    const up = desk.start(["up"]);
    await up.says(/Petrel is up/);
    expect(await desk.json(["tokens", "safe-teams", "inbox"])).toMatchObject({ total: 1 });
    expect((await desk.run(["resume", "safe-teams"])).code).toBe(0);
    const fired = async () =>
      (await desk.events("safe-teams", ".petrel")).filter(({ type, transition }) => type === "fired" && transition === "intake").length;
    await expect.poll(fired, { timeout: 60_000 }).toBe(1);
    expect(await desk.json(["tokens", "safe-teams", "inbox"])).toMatchObject({ total: 0 });
    await up.stop();
  } finally {
    await stub.close();
  }
}, 360_000);

test("a full store refuses with a reason and what to do; what was acknowledged is there when there is room again", async () => {
  await desk.run(["init", "."]);
  const small = desk.start(["up", "--max-store", "3"]);
  await small.says(/Petrel is up/);
  expect((await desk.run(["net", "apply", "nets/hello.json"])).code).toBe(0);
  writeFileSync(desk.path("big.json"), JSON.stringify({ name: "Ada", filler: "x".repeat(60_000) }));
  let taken = 0;
  let last = await desk.run(["put", "hello", "inbox", "--file", "big.json"]);
  while (last.code === 0 && taken < 60) {
    taken += 1;
    last = await desk.run(["put", "hello", "inbox", "--file", "big.json"]);
  }
  expect(last.code).toBe(1);
  expect(taken).toBeGreaterThan(3);
  expect(last.stderr).toMatch(/could not be written|no space|insufficient|full/i);
  expect(last.stderr).toMatch(/next: .*(space|limit|room)/i);
  await small.stop();
  const roomy = desk.start(["up"]);
  await roomy.says(/Petrel is up/);
  await expect
    .poll(() => desk.json<{ total: number }>(["tokens", "hello", "greetings", "--limit", "1"]).then(({ total }) => total), {
      timeout: 60_000,
    })
    .toBeGreaterThanOrEqual(taken);
  expect((await desk.run(["put", "hello", "inbox", "--file", "big.json"])).code).toBe(0);
  await roomy.stop();
}, 360_000);

test("a port that another program took is said, and another one is used", async () => {
  const first = desk.start(["up"]);
  await first.says(/Petrel is up/);
  await first.stop();
  const port = Number(readFileSync(desk.path(".petrel", "nats", "port"), "utf8"));
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", () => resolve()));
  try {
    const second = desk.start(["up"]);
    await second.says(/Petrel is up/);
    expect(second.stderr).toMatch(new RegExp(`port ${port} of the nats-server is taken by another program`));
    expect(second.stderr).toMatch(/petrel nats-context/);
    expect((await desk.run(["places", "hello"])).stderr).toMatch(/no net is called hello/);
    expect((await second.stop()).code).toBe(0);
  } finally {
    squatter.close();
  }
}, 360_000);

test("a nats-server that is too old is refused by version, and stands in the way of nothing later", async () => {
  mkdirSync(desk.path("bin"));
  const old = join(desk.path("bin"), "nats-server");
  writeFileSync(old, "#!/bin/sh\necho 'nats-server: v2.9.25'\n");
  chmodSync(old, 0o755);
  const { PETREL_NATS_SERVER: before } = desk.env;
  desk.env.PETREL_NATS_SERVER = old;
  for (const verb of ["up", "demo"]) {
    const ran = await desk.run([verb]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/needs nats-server 2\.12\.0 or newer, but .*nats-server is version 2\.9\.25/);
    expect(ran.stderr).toMatch(/next: .*PETREL_NATS_SERVER/);
  }
  desk.env.PETREL_NATS_SERVER = before;
  const up = desk.start(["up"]);
  await up.says(/Petrel is up/);
  expect((await up.stop()).code).toBe(0);
}, 360_000);
