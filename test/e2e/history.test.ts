/** The past of a real run: the demo's log on a real broker, asked by the command line as a user does it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../src/contract/hash.ts";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { produced } from "./story-log.ts";

const NET = "safe-teams";
const DIR = ["--dir", ".petrel/demo"];

interface Step {
  transition: string | null;
  outcome: string;
  persona: string | null;
  personaVersion: string | null;
  attempts: { executor: string | null; how: string }[];
  model: { calls: number; inputTokens: number } | null;
  tools: { name: string }[];
  prompt: { sha256: string; text: string; intact: boolean } | null;
}

describe("the history of a run", () => {
  const desk = new Desk("history", "a user's folder");
  beforeAll(builtCli);
  afterAll(() => desk.clear());

  test("replays, queries, traces to every prompt, and verifies", { timeout: 240_000 }, async () => {
    const demo = desk.start(["demo", "--keep", "--speed", "full"]);
    await demo.says(/Ctrl-C ends it\.\n/, 180_000);
    const events = await desk.events(NET, ".petrel/demo");
    const [delivered] = produced(events, "delivered");
    const [request] = produced(events, "inbox");
    if (!delivered || !request) throw new Error("the story has no end");

    // At the hand-over to the developers, by number and by time, and by a query.
    const plan = events.find(({ type, transition }) => type === "fired" && transition === "plan");
    if (!plan) throw new Error("nothing was planned");
    const query = ["query", NET, "SELECT $.task FROM $ ORDER BY $.task ASC", "--place", "tasks", ...DIR];
    const [verified, then, queried, now, timed, difference] = await Promise.all([
      desk.json(["replay", NET, "--verify", ...DIR]),
      desk.json<{ places: { place: string; tokens: string[] }[] }>(["replay", NET, "--at", String(plan.seq), ...DIR]),
      desk.json([...query, "--as-of", String(plan.seq)]),
      desk.json(query),
      desk.json<{ seq: number }>(["replay", NET, "--at", request.event.ts, ...DIR]),
      desk.json(["replay", NET, "--between", String(request.event.seq), "now", ...DIR]),
    ]);
    expect(verified).toMatchObject({ equal: true, differences: [] });
    const [sound, hash, dry] = await Promise.all([
      desk.json<{ seq: number; hash: string }>(["verify", NET, ...DIR]),
      desk.json<{ seq: number; hash: string }>(["places", NET, "--hash", ...DIR]),
      desk.json(["gc", "--keep-events", "10", "--dry-run", ...DIR]),
    ]);
    expect(sound).toMatchObject({ ok: true, from: 1, firstBad: null, faults: [], places: [], owner: true });
    expect(hash).toMatchObject({ seq: sound.seq, hash: sound.hash });
    expect(dry).toMatchObject({ dryRun: true, nets: [{ net: NET }] });
    const tasks = then.places.find(({ place }) => place === "tasks")?.tokens;
    expect(tasks).toEqual(plan.produced?.filter(({ place }) => place === "tasks").map(({ token }) => token.id));
    expect(queried).toMatchObject([{ value: { task: "limit" } }, { value: { task: "search" } }]);
    expect(now).toEqual([]);
    expect(events[timed.seq - 1]?.ts).toBe(request.event.ts);
    const end = { place: "delivered", id: delivered.token.id };
    expect(difference).toMatchObject({ moved: [{ place: "inbox", id: request.token.id, to: [end] }] });

    // From the pushed commit's token back to the request, by its id alone.
    const [told, ahead, wrong] = await Promise.all([
      desk.json<{ net: string; before: Step[]; cut: object }>(["trace", delivered.token.id, "--prompts", ...DIR]),
      desk.run(["trace", request.token.id, ...DIR]),
      desk.json<{ error: { code: string; hint: string } }>(["trace", `${request.token.id}x`, ...DIR], 1),
    ]);
    expect(told).toMatchObject({ net: NET, cut: { before: 0, after: 0 } });
    const fired = events.filter(({ type }) => type === "fired").length;
    // Every firing of the story led to the delivery: also the work that went back.
    expect(told.before.filter(({ outcome }) => outcome === "fired")).toHaveLength(fired);
    expect(told.before.filter(({ outcome }) => outcome === "arrived")).toHaveLength(2);
    const asked = told.before.filter(({ prompt }) => prompt !== null);
    expect(asked).toHaveLength(events.filter(({ prompt }) => prompt !== undefined).length);
    for (const { prompt, model, personaVersion } of asked) {
      expect(prompt?.intact).toBe(true);
      expect(sha256(prompt?.text ?? "")).toBe(prompt?.sha256);
      expect(model?.inputTokens).toBeGreaterThan(0);
      expect(personaVersion).toMatch(/^[0-9a-f]{64}$/);
    }
    const developers = told.before.filter(({ transition }) => transition === "develop");
    expect(developers).toHaveLength(3);
    for (const { attempts, tools } of developers) {
      expect(attempts).toMatchObject([{ executor: "local", how: "fired" }]);
      expect(tools.map(({ name }) => name)).toContain("git.commit");
    }

    expect(ahead.stdout).toContain(`delivered ${delivered.token.id}, at rest`);
    expect(wrong.error).toMatchObject({ code: "no-such-token", hint: expect.stringContaining(request.token.id) });
    expect((await demo.stop()).code).toBe(0);
  });
});
