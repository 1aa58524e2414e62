/** What running commands print, over HTTP: at once for who comes late, live after that, and only of the nets that a token reaches. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WorkOrder } from "../../src/contract/envelope.ts";
import type { PrintedPiece } from "../../src/contract/printed.ts";
import { secretFilter } from "../../src/contract/secret-forms.ts";
import type { HandExecutor } from "../support/hand-executor.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type GatewayHouse, gatewayHouse } from "./house.ts";

const WORKS = (net: string) => ({
  net,
  places: { asked: { open: true }, answers: { sink: true } },
  transitions: { build: { kind: "command", pool: "p", in: [{ place: "asked" }], argv: ["make"], out: [{ to: "answers" }] } },
});

let house: GatewayHouse;
let hand: HandExecutor;
let reader: string;
beforeAll(async () => {
  const filter = secretFilter(new Map([["KEY", "hunter2hunter2"]]));
  house = await gatewayHouse({ master: { secretFilter: () => filter } });
  for (const net of ["works", "other"]) await house.kit.ask(null, "apply-net", { definition: WORKS(net) });
  hand = house.kit.executor("hands");
  hand.beat();
  reader = (await house.client("reader", ["petrel:read"])).token;
});
afterAll(async () => {
  await hand.stop();
  await house.stop();
});

async function claimed(net: string) {
  await house.kit.put(net, "asked", {});
  const of = () => hand.orders.find((each) => each.net === net);
  await waitUntil("the order is there", () => of() !== undefined);
  const order = of() as WorkOrder;
  expect(await hand.ask(order, "claim")).toMatchObject({ ok: true });
  let at = 0;
  const print = (text: string) => {
    hand.line.print("hands", order, { command: 1, from: "stdout", at, end: at + text.length, text });
    at += text.length;
  };
  return { order, print };
}

interface Listening {
  pieces: PrintedPiece[];
  text(): string;
  stop(): void;
}
async function listen(query: string, token: string): Promise<Listening> {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${house.a.url}/api/executors/output/stream${query}`, { headers, signal: abort.signal });
  expect(response.status).toBe(200);
  const pieces: PrintedPiece[] = [];
  void (async () => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames)
        for (const line of frame.split("\n")) if (line.startsWith("data: ")) pieces.push(JSON.parse(line.slice(6)) as PrintedPiece);
    }
  })().catch(() => undefined);
  return { pieces, text: () => pieces.map(({ text }) => text).join(""), stop: () => abort.abort() };
}

test("a command is read while it runs, by who was there and by who comes late, without secrets, and by no token for other nets", async () => {
  const works = await claimed("works");
  const other = await claimed("other");
  const early = await listen("", reader);
  works.print("begun with hunter2");
  other.print("elsewhere\n");
  works.print("hunter2\n");
  await waitUntil("it is heard", () => early.text().includes("elsewhere") && early.text().includes("<secret KEY>"));
  const late = await listen("?net=works", reader);
  await waitUntil("what was before is told", () => late.text() === "begun with <secret KEY>\n");
  works.print("more\n");
  await waitUntil("what comes is told", () => late.text() === "begun with <secret KEY>\nmore\n");
  const narrow = (await house.client("narrow", ["petrel:read"], { nets: ["works"] })).token;
  const mine = await listen("", narrow);
  other.print("again\n");
  works.print("end\n");
  await waitUntil("its net is heard", () => mine.text().endsWith("end\n"));
  expect(mine.pieces.map(({ net }) => net)).not.toContain("other");
  const soFar = async () => {
    const { json } = await house.call(house.b, "GET", `/api/executors/output?firing=${works.order.firing}`, { token: reader });
    return (json.pieces as unknown as PrintedPiece[]).map(({ text }) => text).join("");
  };
  await waitUntil("the other gateway has it", async () => late.text().endsWith("end\n") && (await soFar()) === late.text());
  expect((await house.call(house.a, "GET", "/api/executors/output?net=other", { token: narrow })).status).toBe(403);
  expect((await house.call(house.a, "GET", "/api/executors/output?net=nothing", { token: reader })).status).toBe(404);
  // It is in no log: only its result will be.
  expect((await house.call(house.a, "GET", "/api/event-line/works?limit=1000", { token: reader })).text).not.toContain("begun");
  for (const each of [early, late, mine]) each.stop();
  await hand.deliver(works.order, { stdout: "begun" });
  await waitUntil("nothing is remembered of what is over", async () => {
    const { json } = await house.call(house.a, "GET", "/api/executors/output?net=works", { token: reader });
    return (json.pieces as unknown as PrintedPiece[]).length === 0;
  });
});
