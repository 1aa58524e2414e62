/** A specialist is asked for, drafted, checked, approved and at work in the running net, on real processes; and still there after kill -9 of all. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { builtCli, Desk, descendants, isAlive } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const NET = "desk";
const desk = new Desk("propose");
beforeAll(builtCli);
afterAll(() => desk.clear());

const opinion = { type: "object", required: ["notes"], additionalProperties: false, properties: { notes: { type: "string" } } };
const reads = (persona: string) => ({
  kind: "llm",
  persona,
  in: [{ place: "review", as: "change", mode: "read" }],
  ask: "Read the change.",
  data: { change: "${change}" },
  out: [{ to: "opinions", value: { by: persona, notes: "${$result.notes}" } }],
});
const net = {
  net: NET,
  places: { review: { open: true, sink: true }, opinions: { sink: true } },
  transitions: { tone: reads("tone-reader") },
};
const persona = (name: string, title: string) => ({
  ...{ persona: name, title, flags: "r----", tools: ["place.read"], tier: "economy", output: opinion, budget: { turns: 2 } },
  prompt: `You are the ${title.toLowerCase()}. You read one change and say in a sentence what you think of it.`,
});
const privacy = persona("privacy-reader", "Privacy reader");
const draft = (over: JsonObject = {}) => ({
  persona: { ...privacy, ...over },
  knowledge: "# Personal data\n\n- What identifies a person, alone or together.\n",
  transition: { id: "privacy", definition: reads("privacy-reader") },
  why: "Nobody looks at personal data.",
});
const says = (name: string, input: JsonObject, when: string[] = []) => ({
  persona: name,
  when,
  turns: [{ tools: [{ name: "answer", input }] }],
});

interface Row {
  id: string;
  state: string;
  persona?: string;
  findings?: string;
}
const rows = () => desk.json<Row[]>(["propose", "ls"]);
const one = async (state: string): Promise<Row> => {
  let found: Row | undefined;
  const look = async () => {
    found = (await rows()).find((row) => row.state === state);
    return found !== undefined;
  };
  await waitUntil(`a proposal is ${state}`, look, 90_000);
  return found as Row;
};
const firings = (events: NetEvent[], name: string) => events.filter((event) => event.type === "fired" && event.persona === name);

async function up() {
  const running = desk.start(["up", "--json", "--models", "authored", "--answers", "answers.json"]);
  await running.says(/\{"ready":true.*\n/);
  return running;
}

test("a need becomes a specialist in the running net, with no restart, and it stays after kill -9 of everything", {
  timeout: 420_000,
}, async () => {
  writeFileSync(desk.path("net.json"), JSON.stringify(net));
  writeFileSync(desk.path("tone-reader.json"), JSON.stringify(persona("tone-reader", "Tone reader")));
  writeFileSync(
    desk.path("answers.json"),
    JSON.stringify({
      answers: [
        // The first draft asks for too much; told so, it asks for less.
        says("recruiter", draft(), ["needs the flag w"]),
        says("recruiter", draft({ tools: ["place.read", "fs.write"] }) as unknown as JsonObject, ["personal data"]),
        says(
          "recruiter",
          {
            ...draft({ persona: "joker", title: "Joker" }),
            transition: { id: "jokes", definition: reads("joker") },
          } as unknown as JsonObject,
          ["jokes"],
        ),
        says("tone-reader", { notes: "Friendly." }),
        says("privacy-reader", { notes: "It keeps a name." }),
      ],
    }),
  );
  let system = await up();
  await desk.json(["persona", "apply", "tone-reader.json"]);
  await desk.json(["net", "apply", "net.json"]);
  const pids = descendants(system.pid).map(({ pid }) => pid);
  await desk.json(["put", NET, "review", `{"title":"first"}`]);

  expect(await desk.json(["propose", "--need", "somebody who sees personal data in a change"])).toMatchObject({ net: NET });
  const waiting = await one("waits");
  expect(waiting).toMatchObject({ persona: "privacy-reader" });
  // The check sent the first draft back: nothing that lists a tool without its flag comes before people.
  const recruiting = await desk.events("recruiting", ".petrel");
  expect(firings(recruiting, "recruiter")).toHaveLength(2);
  expect((await desk.run(["propose", "show", waiting.id])).stdout).toMatch(
    /Nobody looks at personal data[\s\S]*"flags": "r----"[\s\S]*"mode": "read"/,
  );
  expect(firings(await desk.events(NET, ".petrel"), "privacy-reader")).toEqual([]);

  await desk.json(["propose", "--need", "somebody who makes jokes"]);
  await waitUntil("two wait", async () => (await rows()).filter(({ state }) => state === "waits").length === 2, 90_000);
  await desk.json(["propose", "reject", "joker", "--comment", "no need"]);
  await desk.json(["propose", "approve", waiting.id]);
  await one("hired");
  expect(await one("refused")).toMatchObject({ persona: "joker", findings: expect.stringContaining("no need") });

  // It reads what lies there already, in the same processes.
  await waitUntil(
    "its first firing is on the event line",
    async () => firings(await desk.events(NET, ".petrel"), "privacy-reader").length === 1,
    90_000,
  );
  expect(descendants(system.pid).map(({ pid }) => pid)).toEqual(expect.arrayContaining(pids));
  expect(JSON.stringify(await desk.json(["actors"]))).toContain("desk/privacy-reader/1");
  expect(JSON.stringify(await desk.json(["net", "pull", NET]))).not.toContain("joker");

  // Everything at once, the broker too.
  const runtime = descendants(system.pid).map(({ pid }) => pid);
  for (const pid of [system.pid, ...runtime]) process.kill(pid, "SIGKILL");
  await waitUntil("all are dead", () => [system.pid, ...runtime].every((pid) => !isAlive(pid)));
  await system.ended;
  system = await up();
  await waitUntil(
    "its actor stands again",
    async () => JSON.stringify(await desk.run(["actors", "--json"])).includes("desk/privacy-reader/1"),
    90_000,
  );
  await desk.json(["put", NET, "review", `{"title":"second"}`]);
  await waitUntil("it reads what comes now", async () => firings(await desk.events(NET, ".petrel"), "privacy-reader").length === 2, 90_000);
  expect((await rows()).map(({ state }) => state).sort()).toEqual(["hired", "refused"]);
  expect((await system.stop()).code).toBe(0);
});
