/** Secrets of commands and http steps in the engine: granted by name, sealed for one claim, in no event. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Terminal } from "../../src/contract/errors.ts";
import { receiver } from "../../src/contract/sealed.ts";
import { secretFilter } from "../../src/contract/secret-forms.ts";
import type { Secret } from "../../src/http/secrets.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { eventsOf } from "../support/log-check.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { waitUntil } from "../support/wait-until.ts";

const VALUE = "npm-0123456789-abc";
let kit: MasterKit;
let one: HandExecutor;
let secrets: Map<string, Secret>;
const net = (transition: object = {}) => ({
  net: "w",
  places: { a: { open: true }, b: { sink: true }, errors: { sink: true } },
  transitions: {
    publish: {
      ...{ kind: "command", pool: "p", argv: ["npm", "publish"], secrets: { NPM_TOKEN: "npm_token" }, onError: "errors" },
      in: [{ place: "a", as: "job" }],
      out: [{ to: "b" }],
      retry: { max: 0 },
      ...transition,
    },
  },
});
const persona = (granted: string[]) => ({
  ...{ persona: "publisher", title: "Publisher", flags: "--x--", tier: "economy", prompt: "Publish.", secrets: granted },
});
const events = (type: string) => eventsOf(kit.broker, "w").then((all) => all.filter((event) => event.type === type));
const at = (place: string) => kit.stateOf("w").places.get(place)?.size ?? 0;

beforeEach(async () => {
  secrets = new Map([["npm_token", { value: VALUE, hosts: null }]]);
  const source = (name: string): Secret => {
    const found = secrets.get(name);
    if (found) return found;
    throw new Terminal({ code: "secret-missing", message: `no ${name}` });
  };
  const client = { send: () => Promise.reject(new Error("nobody asks")), close: async () => {} };
  kit = await masterKit({ http: { client, secrets: source }, secretFilter: () => secretFilter(new Map([["npm_token", VALUE]])) });
  one = kit.executor("one");
});
afterEach(async () => {
  await one.stop();
  await kit.stop();
});

async function begin(transition: object = {}): Promise<void> {
  await kit.ask(null, "apply-net", { definition: net(transition) });
  await kit.put("w", "a", { n: 1 });
}
async function offered() {
  await waitUntil("an offer is there", () => one.orders.length > 0);
  const order = one.orders[0];
  if (!order) throw new Error("no offer");
  return order;
}

describe("a command that names a secret", () => {
  it("gets it in the answer to its claim, sealed for the one who has it, and nowhere else", async () => {
    await begin();
    const order = await offered();
    expect(JSON.stringify(order)).not.toContain(VALUE);
    const seal = receiver();
    const about = { verb: "claim" as const, executor: "one", key: seal.publicKey };
    const answer = await one.line.claim(order.net, order.firing, order.attempt, about);
    if (!answer.ok) throw new Error(answer.message);
    expect(JSON.stringify(answer)).not.toContain(VALUE);
    expect(seal.open("NPM_TOKEN", answer.secrets.NPM_TOKEN ?? "")).toBe(VALUE);
    expect(await one.ask(order, "renew")).toMatchObject({ ok: true, secrets: {} });
    await one.deliver(order, { said: `published with ${VALUE}` });
    await waitUntil("it is done", () => at("b") === 1);
    expect(JSON.stringify(await eventsOf(kit.broker, "w"))).not.toContain(VALUE);
    expect(JSON.stringify((await events("fired"))[0]?.produced)).toContain("published with <secret npm_token>");
  });
  it("gets nothing without a key to seal it for", async () => {
    await begin();
    expect(await one.ask(await offered(), "claim")).toMatchObject({ ok: false, message: expect.stringContaining("too old") });
  });
  it("of a persona that is not granted it is refused before anybody is asked", async () => {
    await kit.ask(null, "apply-persona", { persona: persona(["other_token"]) });
    await begin({ persona: "publisher" });
    await waitUntil("it has failed", () => at("errors") === 1);
    expect((await events("failed"))[0]?.attributes).toMatchObject({ error: { code: "secret-not-granted", outlook: "refused" } });
    expect(one.orders).toEqual([]);
  });
  it("of a persona that is granted it is offered", async () => {
    await kit.ask(null, "apply-persona", { persona: persona(["npm_token"]) });
    await begin({ persona: "publisher" });
    expect((await offered()).persona?.name).toBe("publisher");
  });
  it.each([
    ["that is for other nets", { value: VALUE, hosts: null, nets: ["other"] }, "secret-net-refused"],
    ["that is for requests to a host", { value: VALUE, hosts: ["api.example.com"] }, "secret-host-refused"],
  ])("%s is refused", async (_, secret, code) => {
    secrets.set("npm_token", secret);
    await begin();
    await waitUntil("it has failed", () => at("errors") === 1);
    expect((await events("failed"))[0]?.attributes).toMatchObject({ error: { code } });
  });
  it("that is missing pauses the net, and it goes on when it is there", async () => {
    secrets.clear();
    await begin();
    await waitUntil("the net is paused", () => kit.stateOf("w").pausedFor?.code === "secret-missing");
    secrets.set("npm_token", { value: VALUE, hosts: null });
    await kit.ask("w", "resume");
    await offered();
  });
});

describe("the log (C6)", () => {
  it("does not take in a secret that somebody puts into a token, in whatever form", async () => {
    await kit.ask(null, "apply-net", { definition: net({ guard: "job.n > 1" }) });
    for (const text of [VALUE, Buffer.from(VALUE).toString("base64"), Buffer.from(VALUE).toString("hex"), `u:${VALUE}`])
      await kit.put("w", "a", { n: 1, text, [text]: text });
    const all = JSON.stringify([await eventsOf(kit.broker, "w"), [...(kit.stateOf("w").places.get("a")?.values() ?? [])]]);
    for (const form of [VALUE, Buffer.from(VALUE).toString("base64"), Buffer.from(VALUE).toString("hex")]) expect(all).not.toContain(form);
    expect(all).toContain("<secret npm_token>");
  });
});
