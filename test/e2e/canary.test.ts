/**
 * A canary: a secret with a value that nothing else has goes through a running system, in an http step and in a command that do their
 * worst with it, and in the words of a token that a persona is asked about. Then its value is looked for in every message of every stream
 * that the server has (logs, places, letters, work, results, key-value and object stores), in what went over the wire to whoever listens,
 * in every file of the user's folder, a cassette among them, and in all that was printed: as it is and in every form in which it may be
 * written down. In CI the value is that of the whole run, and is looked for in its output too (.ci/run).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { secretForms } from "../../src/contract/secret-forms.ts";
import { httpServer, type TestHttpServer } from "../support/http-server.ts";
import { builtCli, CLI, Desk, type Ran, ROOT, runtimeOf } from "../support/petrel-process.ts";
import { connectAsMaster, eachStoredMessage } from "../support/stored-messages.ts";
import { waitUntil } from "../support/wait-until.ts";

const CANARY = `canary/Zq7+${process.env.PETREL_TEST_CANARY ?? Date.now().toString(36)}-"x"=&%`;
/** Meant for the master alone: it stands in the environment of the whole system. */
const SURROUNDINGS = `magpie-${Date.now().toString(36)}-Zq7`;
const desk = new Desk("canary");
let server: TestHttpServer;
const printed: string[] = [];

beforeAll(async () => {
  await builtCli();
  server = await httpServer();
});
afterAll(async () => {
  await desk.clear();
  await server?.stop();
});

const net = (url: string) => ({
  net: "canary",
  places: {
    calls: { open: true },
    jobs: { open: true },
    greed: { open: true },
    looks: { open: true },
    results: { sink: true },
    wrong: { sink: true },
  },
  transitions: {
    call: {
      kind: "http",
      method: "POST",
      url,
      headers: { Authorization: "Bearer ${secret.canary}" },
      body: { password: "${secret.canary}", n: "${job.n}" },
      in: [{ place: "calls", as: "job" }],
      out: [{ to: "results" }],
      onError: "wrong",
      retry: { max: 0 },
    },
    run: {
      kind: "command",
      persona: "keeper",
      pool: "code",
      argv: [
        "sh",
        "-c",
        'env; echo "$TOKEN"; printf %s "$TOKEN" | base64; printf "user:%s" "$TOKEN" | base64; printf %s "$TOKEN" | od -An -tx1 | tr -d " \\n"; echo "$TOKEN" >&2; echo "${job.say}"; exit ${job.n}',
      ],
      secrets: { TOKEN: "canary" },
      in: [{ place: "jobs", as: "job" }],
      out: [{ to: "results" }],
      onError: "wrong",
      retry: { max: 0 },
    },
    look: {
      kind: "llm",
      persona: "looker-reviewer",
      ask: "Read it.",
      data: { change: { diff: "diff --git a/x b/x\n@@ -1 +1 @@\n+looker ${job.say}" } },
      in: [{ place: "looks", as: "job" }],
      out: [{ to: "results" }],
      onError: "wrong",
      retry: { max: 0 },
    },
    greedy: {
      kind: "command",
      persona: "stranger",
      pool: "code",
      argv: ["sh", "-c", "env"],
      secrets: { TOKEN: "canary" },
      in: [{ place: "greed", as: "job" }],
      out: [{ to: "results" }],
      onError: "wrong",
      retry: { max: 0 },
    },
  },
});

const OPINION = {
  type: "object",
  required: ["severity", "notes"],
  properties: { severity: { enum: ["none"] }, notes: { type: "string" } },
};
const persona = (name: string, secrets: string[]) => ({
  ...{ persona: name, title: name, flags: "-----", tools: [], tier: "economy", prompt: "Keep.", secrets },
  ...(name.endsWith("reviewer") ? { output: OPINION } : {}),
});

async function petrel(...args: string[]): Promise<Ran> {
  const ran = await desk.run(args);
  printed.push(ran.stdout, ran.stderr);
  if (ran.code !== 0) throw new Error(`petrel ${args.join(" ")} ended with ${ran.code}:\n${ran.stdout}\n${ran.stderr}`);
  return ran;
}

test("a secret that is used is nowhere to be found", { timeout: 480_000 }, async () => {
  // What the server makes of it comes back: whole, coded, in an error.
  server.answer((asked, response) => {
    const body = {
      ...asked,
      coded: [encodeURIComponent(CANARY), Buffer.from(CANARY).toString("base64"), Buffer.from(CANARY).toString("hex")],
    };
    response.writeHead(server.asked.length === 1 ? 200 : 500, {
      "content-type": "application/json",
      "x-echo": Buffer.from(CANARY).toString("hex"),
    });
    response.end(JSON.stringify(body));
  });
  const config = JSON.parse(readFileSync(join(ROOT, "petrel.config.json"), "utf8")) as object;
  writeFileSync(desk.path("petrel.config.json"), JSON.stringify({ ...config, http: { allow: ["127.0.0.1"] } }));
  // A variable of the surroundings that no child of an order may get.
  desk.env.PETREL_SECRET_SURROUNDINGS = SURROUNDINGS;
  const system = desk.start(["up", "--json", "--models", "rules", "--record", "run.jsonl", "--log-level", "trace"]);
  await system.says(/\{"ready":true.*\n/);
  const { nats } = runtimeOf(desk.path(".petrel"));
  const wire = await connectAsMaster(nats.url, nats.admin);
  const heard = listenTo(wire);
  writeFileSync(desk.path("..", "value"), `${CANARY}\n`);
  writeFileSync(desk.path("..", "quoted"), JSON.stringify(CANARY));
  const set = await desk.paste(`"${process.execPath}" "${CLI}" secret set canary < ../value`);
  printed.push(set.stdout, set.stderr);
  expect(set.code, set.stderr).toBe(0);
  for (const [name, secrets] of [
    ["keeper", ["canary"]],
    ["stranger", []],
    ["looker-reviewer", []],
  ] as const) {
    writeFileSync(desk.path(`${name}.json`), JSON.stringify(persona(name, [...secrets])));
    await petrel("persona", "apply", `${name}.json`);
  }
  writeFileSync(desk.path("canary.json"), JSON.stringify(net(`${server.url}/in`)));
  await petrel("net", "apply", "canary.json");
  for (const n of [0, 1]) {
    await petrel("put", "canary", "calls", JSON.stringify({ n }));
    await petrel("put", "canary", "jobs", JSON.stringify({ n, say: "plain" }));
  }
  await petrel("put", "canary", "greed", JSON.stringify({ n: 0 }));
  // Somebody puts the value itself into a token, and into one that a model is asked about.
  for (const [place, fields] of [
    ["jobs", '"say": "pasted", "oops"'],
    ["looks", '"say"'],
  ]) {
    const pasted = await desk.paste(
      `"${process.execPath}" "${CLI}" put canary ${place} "$(printf '{"n": 0, ${fields}: %s}' "$(cat ../quoted)")"`,
    );
    printed.push(pasted.stdout, pasted.stderr);
    expect(pasted.code, pasted.stderr).toBe(0);
  }
  await waitUntil("all of it is through", async () => (await over()).length === 7, 120_000);
  const events = await desk.events("canary", desk.path(".petrel"));
  const told = JSON.stringify(events);

  // It was used, and put in place of the value there is the name.
  expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${CANARY}`, `Bearer ${CANARY}`]);
  expect(told).toContain("<secret canary>");
  expect(told).toContain("TOKEN=<secret TOKEN>");
  expect(told).not.toContain("PETREL_SECRET");
  expect(told).toContain("secret-not-granted");
  const looked = events.find(({ type, transition }) => type === "fired" && transition === "look");
  expect(JSON.stringify(looked)).toContain("looker <secret canary>");
  expect(readFileSync(desk.path("run.jsonl"), "utf8")).toContain("<secret canary>");

  const looks = [
    ["events", "canary", "--limit", "0"],
    ["tokens", "canary", "results"],
    ["places", "canary"],
    ["secret", "ls"],
    ["persona", "ls"],
    ["actors"],
    ["why", "canary", "run"],
    ["doctor", "--json"],
    ["trace", "canary", String(looked?.produced?.[0]?.token.id)],
    ["persona", "preview", "looker-reviewer", "--net", "canary", "--token", String(looked?.consumed?.[0]?.id)],
    ["net", "pull", "canary"],
    ["costs"],
  ];
  printed.push(...(await Promise.all(looks.map((args) => desk.run(args)))).flatMap((ran) => [ran.stdout, ran.stderr]));
  const stored: string[] = [];
  const streams = await eachStoredMessage(wire, ({ stream, subject, headers, bytes }) => {
    for (const text of [subject, headers, bytes.toString("latin1"), unpacked(bytes)])
      if (found(text).length > 0) stored.push(`${stream} ${subject}`);
  });
  expect(stored).toEqual([]);
  // They were there to be searched, of each sort.
  for (const name of [
    "LOG_canary",
    "PLACE_canary_results",
    "PLACE_canary_wrong",
    "KV_petrel-secrets",
    "KV_petrel-personas",
    "OBJ_petrel-artifacts",
  ])
    expect(streams.get(name), `${name} of ${[...streams.keys()].join(" ")}`).toBeGreaterThan(0);
  await wire.close();
  expect(heard.messages).toBeGreaterThan(20);
  expect(heard.hits).toEqual([]);
  await system.stop();
  printed.push(system.stdout, system.stderr);
  expect(found(printed.join("\n"))).toEqual([]);
  expect(searchFiles(desk.path("."))).toEqual([]);
  expect(searchFiles(desk.config, 0)).toEqual([]);

  async function over() {
    const all = await desk.events("canary", desk.path(".petrel"));
    return all.filter(({ type, attributes }) => type === "fired" || (type === "failed" && attributes?.final !== false));
  }
});

const FORMS = [CANARY, SURROUNDINGS].flatMap(secretForms);
function found(text: string): string[] {
  return FORMS.filter((form) => text.includes(form));
}

/** What passes through and is kept by nobody, or not for long: events, words of models, orders and their results. */
const PASSING = ["event.>", "saying.>", "work.>", "done.>", "log.>", "place.>"];

function listenTo(nc: NatsConnection): { messages: number; hits: string[] } {
  const heard = { messages: 0, hits: [] as string[] };
  for (const subject of PASSING)
    nc.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        heard.messages += 1;
        const bytes = Buffer.from(message.data);
        for (const text of [message.subject, bytes.toString("latin1"), unpacked(bytes)])
          if (found(text).length > 0) heard.hits.push(message.subject);
      },
    });
  return heard;
}

/** Every byte under a folder: streams as they lie on disk, logs of processes, what executors keep. */
function searchFiles(folder: string, least = 10): string[] {
  const hits: string[] = [];
  let files = 0;
  const walk = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const full = join(path, entry.name);
      if (entry.isDirectory()) walk(full);
      else if (entry.isFile()) {
        files += 1;
        const bytes = readFileSync(full);
        for (const text of [bytes.toString("latin1"), unpacked(bytes)]) if (found(text).length > 0) hits.push(full);
      }
    }
  };
  if (existsSync(folder)) walk(folder);
  expect(files).toBeGreaterThanOrEqual(least);
  return hits;
}
function unpacked(bytes: Buffer): string {
  try {
    return gunzipSync(bytes).toString("latin1");
  } catch {
    return "";
  }
}
