import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NetEvent } from "../../src/contract/event.ts";
import { builtCli, Desk } from "../support/petrel-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { cliUser, connectAs, INSTALL_MS, type NatsUser, natsCli, rawUser } from "./nats-user.ts";
import { applyTeam, NET, putSettings, REQUEST, up } from "./team.ts";

const PLACES = [
  "accepted",
  "backlog",
  "changes",
  "delivered",
  "escalations",
  "inbox",
  "opinions",
  "rejected",
  "review",
  "settings",
  "stories",
];
interface Shown {
  id: string;
  data: Record<string, unknown>;
  correlation: string;
}

const desk = new Desk("nats");
const users: NatsUser[] = [];
beforeAll(async () => {
  await builtCli();
  await up(desk);
  await applyTeam(desk);
  await desk.json(["nats-context"]);
}, 180_000);
afterAll(async () => {
  for (const user of users) await user.close();
  await desk.clear();
});

describe("over the protocol alone", () => {
  let user: NatsUser;
  beforeAll(async () => {
    user = await rawUser(desk, "petrel");
    users.push(user);
  });

  test("a letter to an open place starts a story, and everything can be watched", { timeout: 180_000 }, async () => {
    // By type: on a machine that stood still there is a new term between them.
    const heard = await Promise.all([user.sub(`event.${NET}.arrived.>`, 2), user.sub(`event.${NET}.started.>`, 1)]);
    await user.pub(`place.${NET}.inbox`, JSON.stringify(REQUEST));
    await putSettings(desk);
    const texts = (await Promise.all(heard.map(({ next }) => next))).flat();
    const events = texts.map((text) => JSON.parse(text) as NetEvent).sort((a, b) => a.seq - b.seq);
    expect(events.map(({ type }) => type)).toEqual(["arrived", "arrived", "started"]);
    expect(events.map(({ net, summary }) => net === NET && summary.length > 10)).toEqual([true, true, true]);
    // The letter and the settings come by two ways: which of them is there first is not said.
    const token = events
      .flatMap(({ produced = [] }) => produced.map((each) => each.token))
      .find(({ from }) => "outside" in from && from.outside === "letter");
    expect(token).toMatchObject({ data: REQUEST });
    await waitUntil("the product manager has written the story", async () => {
      const told = await desk.json<NetEvent[]>(["events", NET, "--correlation", token?.correlation ?? "", "--limit", "0"]);
      return told.some(({ type, transition }) => type === "fired" && transition === "intake");
    });
    await desk.json(["pause", NET]);
    await waitUntil("the letter box is empty again", async () => (await user.streams()).get(`IN_${NET}`)?.messages === 0);
  });

  test("whatever cannot be taken in lies in rejected, with a reason and a hint", { timeout: 180_000 }, async () => {
    // Not of the CLI's making: bytes that are no text at all.
    await refusalOf(user, () => user.pub(`place.${NET}.inbox`, "\u0000{"), { place: "inbox", code: "not-json" });
    await refusals(user);
    const empty = await user.req(`put.${NET}.inbox`, "");
    expect(JSON.parse(empty)).toMatchObject({ ok: false, error: { code: "not-json", hint: expect.stringContaining("JSON") } });
  });

  test("requests, streams and tokens", { timeout: 180_000 }, () => promises(user));

  test("the read-only user sees all and changes nothing", { timeout: 180_000 }, async () => {
    const reader = await rawUser(desk, "petrel-readonly");
    users.push(reader);
    const before = await reader.streams();
    expect(await reader.view(`PLACE_${NET}_inbox`)).toEqual(await user.view(`PLACE_${NET}_inbox`));
    expect((await reader.view(`LOG_${NET}`)).length).toBeGreaterThan(0);
    const heard = await reader.sub(`event.${NET}.arrived.>`, 1);
    await user.req(`put.${NET}.inbox`, `{"title":"Seen by the reader"}`);
    expect(JSON.parse((await heard.next)[0] ?? "{}")).toMatchObject({ type: "arrived" });

    const connection = await connectAs(desk, "petrel-readonly");
    const denied = denials(connection);
    const forbidden = [
      `put.${NET}.inbox`,
      `place.${NET}.inbox`,
      `place.${NET}.inbox.t-forged`,
      `log.${NET}`,
      `event.${NET}.fired.intake`,
      `command.${NET}.pause`,
      "runtime.kill",
      ...["$JS.API", "PETREL.API"].flatMap((api) => [
        `${api}.STREAM.PURGE.PLACE_${NET}_inbox`,
        `${api}.STREAM.DELETE.LOG_${NET}`,
        `${api}.STREAM.MSG.DELETE.LOG_${NET}`,
        `${api}.STREAM.UPDATE.LOG_${NET}`,
        `${api}.CONSUMER.MSG.NEXT.WORK_code.workers`,
      ]),
      `$JS.API.CONSUMER.CREATE.LOG_${NET}.mine`,
      "$KV.petrel-control.runtime",
    ];
    for (const subject of forbidden) {
      connection.publish(subject, `{"title":"Forged"}`);
      await connection.flush();
      await waitUntil(`${subject} is refused`, () => denied.some((text) => text.includes(`"${subject}"`)));
    }
    await connection.close();
    const after = await reader.streams();
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect(after.get(`PLACE_${NET}_inbox`)?.messages).toBe((before.get(`PLACE_${NET}_inbox`)?.messages ?? 0) + 1);
    expect(await desk.json(["net", "ls"])).toMatchObject([{ net: NET, state: "paused" }]);
  });
});

test("the same promises with the NATS CLI, or over the protocol where it cannot be had", { timeout: INSTALL_MS + 240_000 }, async () => {
  const cli = await natsCli(desk);
  const user = "path" in cli ? cliUser(desk, cli.path, "petrel") : await rawUser(desk, "petrel");
  process.stderr.write(`NATS CLI: ${"path" in cli ? cli.path : `${cli.none}; its promises are checked over the protocol`}\n`);
  users.push(user);
  await promises(user);
  await refusals(user);
  const readonly = "path" in cli ? cliUser(desk, cli.path, "petrel-readonly") : await rawUser(desk, "petrel-readonly");
  users.push(readonly);
  expect((await readonly.streams()).get(`PLACE_${NET}_inbox`)?.messages).toBeGreaterThan(0);
  expect((await readonly.view(`PLACE_${NET}_inbox`)).length).toBeGreaterThan(0);
  const heard = await readonly.sub("event.*.arrived.>", 1);
  await user.req(`put.${NET}.inbox`, `{"title":"Heard by the reader"}`);
  expect(JSON.parse((await heard.next)[0] ?? "{}")).toMatchObject({ type: "arrived" });
});

/** What a person does first: list, put, look, listen. */
async function promises(user: NatsUser): Promise<void> {
  const streams = await user.streams();
  for (const place of PLACES) expect(streams.get(`PLACE_${NET}_${place}`)?.description, place).toMatch(/\w+/);
  const heard = await user.sub(`event.${NET}.arrived.>`, 1);
  const answer = JSON.parse(await user.req(`put.${NET}.inbox`, `{"title":"A list of orders"}`)) as { ok: boolean; id: string; seq: number };
  expect(answer).toMatchObject({ ok: true, id: expect.stringMatching(/^t-/), seq: expect.any(Number) });
  // Answered after the commit: the log has it under the number that was told.
  const [event] = await desk.json<NetEvent[]>(["events", NET, "--since", String(answer.seq - 1), "--limit", "0"]);
  expect(event).toMatchObject({ seq: answer.seq, type: "arrived", produced: [{ place: "inbox", token: { id: answer.id } }] });
  expect(JSON.parse((await heard.next)[0] ?? "{}")).toMatchObject({ type: "arrived", net: NET });
  const places = await desk.json<{ place: string; waiting: number; reserved: number }[]>(["places", NET]);
  await waitUntil("each stream counts its place's tokens", async () => {
    const now = await user.streams();
    return places.every(({ place, waiting, reserved }) => now.get(`PLACE_${NET}_${place}`)?.messages === waiting + reserved);
  });
  const tokens = (await user.view(`PLACE_${NET}_inbox`)).map((text) => JSON.parse(text) as Shown);
  expect(tokens.find(({ id }) => id === answer.id)).toMatchObject({ data: { title: "A list of orders" }, v: 1, from: { outside: "put" } });
}

async function refusals(user: NatsUser): Promise<void> {
  await refusalOf(user, () => user.pub(`place.${NET}.inbox`, "no json"), { place: "inbox", code: "not-json" });
  await refusalOf(user, () => user.pub(`place.${NET}.inbox`, `{"text":"no title"}`), { place: "inbox", code: "schema" });
  await refusalOf(user, () => user.pub(`place.${NET}.accepted`, `{"task":"forged"}`), { place: "accepted", code: "place-not-open" });
  await refusalOf(user, () => user.pub(`place.${NET}.no-such`, `{"title":"x"}`), { place: "no-such", code: "unknown-place" });
  await refusalOf(user, () => user.req(`put.${NET}.inbox`, "[1,2"), { place: "inbox", code: "not-json" });
  await refusalOf(user, () => user.req(`put.${NET}.inbox`, `{"title":7}`), { place: "inbox", code: "schema" });
  await refusalOf(user, () => user.req(`put.${NET}.tasks`, `{"task":"forged"}`), { place: "tasks", code: "place-not-open" });
  await refusalOf(user, () => user.req(`put.${NET}.nirvana`, `{}`), { place: "nirvana", code: "unknown-place" });
}

async function refusalOf(user: NatsUser, send: () => Promise<unknown>, wanted: { place: string; code: string }): Promise<void> {
  const known = new Set((await user.view(`PLACE_${NET}_rejected`)).map((text) => (JSON.parse(text) as Shown).id));
  await send();
  let fresh: Shown[] = [];
  await waitUntil(`${wanted.code} shows in rejected`, async () => {
    fresh = (await user.view(`PLACE_${NET}_rejected`)).map((text) => JSON.parse(text) as Shown).filter(({ id }) => !known.has(id));
    return fresh.length > 0;
  });
  expect(fresh).toHaveLength(1);
  expect(fresh[0]?.data).toMatchObject({ ...wanted, reason: expect.stringMatching(/\w/), hint: expect.stringMatching(/\w/) });
}

/** What the server refuses, as its own sentences. */
function denials(connection: NatsConnection): string[] {
  const texts: string[] = [];
  void (async () => {
    for await (const status of connection.status()) if (status.type === "error") texts.push(status.error.message);
  })();
  return texts;
}
