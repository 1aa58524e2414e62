/** H1 to H3: tabs that share a stream are told what each would be told alone. */
import { expect, test } from "vitest";
import { SharedStreams } from "../../src/monitor/shared-streams.ts";
import { type Frame, framesOf, NoStream } from "../../src/monitor/stream-frames.ts";
import { waitUntil } from "../support/wait-until.ts";

const frame = (id: number): Frame => ({ id: String(id), event: "event", data: String(id) });

/** A gateway with a log of numbered frames; each request gets what lies behind its id, and then what comes. */
function gateway(path = "/line") {
  const log: Frame[] = [];
  const requests: { last: string | null; key: string; end: () => void; signal: AbortSignal }[] = [];
  const wakes: (() => void)[] = [];
  let refusal: number | null = null;
  const wake = () => {
    for (const one of wakes.splice(0)) one();
  };
  const streams = new SharedStreams(async ({ last, key }, signal) => {
    if (refusal !== null) throw new NoStream(refusal);
    let ended = false;
    requests.push({
      ...{ last, key, signal },
      end: () => {
        ended = true;
        wake();
      },
    });
    signal.addEventListener("abort", wake);
    return (async function* () {
      let reached = Number(last ?? 0);
      while (!ended && !signal.aborted) {
        const some = log.filter(({ id }) => Number(id) > reached).slice(0, 2);
        reached = Number(some.at(-1)?.id ?? reached);
        if (some.length > 0) yield some;
        else await new Promise<void>((resolve) => wakes.push(resolve));
      }
    })();
  });
  return {
    streams,
    requests,
    refuse(status: number) {
      refusal = status;
    },
    write(...ids: number[]) {
      log.push(...ids.map(frame));
      wake();
    },
    reader(last: string | null, key = "ada") {
      const heard: string[] = [];
      const ends: (number | null)[] = [];
      let opens = 0;
      const wanted = { key, path, last, token: `of ${key}` };
      const leave = streams.join(wanted, {
        onOpen: () => {
          opens += 1;
        },
        onFrames: (frames) => heard.push(...frames.map(({ data }) => data)),
        onEnd: (status) => ends.push(status),
      });
      return { heard, ends, leave, opened: () => opens > 0 };
    },
  };
}

test("H1 who comes later with what the first has shares its request", async () => {
  const { write, reader, requests } = gateway();
  write(1, 2, 3);
  const first = reader("0");
  await waitUntil("the first has all", () => first.heard.length === 3);
  const second = reader("3");
  await waitUntil("the second is told that it is open", second.opened);
  write(4);
  await waitUntil("both have it", () => second.heard.length === 1 && first.heard.length === 4);
  expect(requests).toHaveLength(1);
});

test("H1 who is behind gets what it lacks, and nobody gets anything twice", async () => {
  const { write, reader, requests } = gateway();
  write(1, 2, 3, 4, 5);
  const first = reader("2");
  await waitUntil("the first has what it lacked", () => first.heard.length === 3);
  const behind = reader("0");
  await waitUntil("who was behind has all", () => behind.heard.length === 5);
  write(6, 7);
  const ahead = reader("6");
  await waitUntil("all have the last", () => [first, behind, ahead].every(({ heard }) => heard.at(-1) === "7"));
  expect(first.heard).toEqual(["3", "4", "5", "6", "7"]);
  expect(behind.heard).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  expect(ahead.heard).toEqual(["7"]);
  expect(requests.filter(({ signal }) => !signal.aborted)).toHaveLength(1);
});

test("H1 a stream without ids begins anew for each who comes", async () => {
  const { write, reader, requests } = gateway();
  write(1);
  const first = reader(null);
  await waitUntil("the first has it", () => first.heard.length === 1);
  const second = reader(null);
  await waitUntil("the second has what is remembered", () => second.heard.length === 1);
  expect(requests.filter(({ signal }) => !signal.aborted)).toHaveLength(1);
});

test("H1 after a reset the smaller numbers of another log count", async () => {
  const sent: Frame[] = [frame(6), frame(4), { ...frame(2), event: "reset" }, frame(3)];
  const streams = new SharedStreams(async () =>
    (async function* () {
      yield sent;
    })(),
  );
  const heard: (string | null)[] = [];
  const onFrames = (frames: Frame[]) => heard.push(...frames.map(({ id }) => id));
  streams.join({ key: "ada", path: "/line", last: "5", token: "t" }, { onOpen: () => {}, onFrames, onEnd: () => heard.push("end") });
  await waitUntil("it has all", () => heard.includes("end"));
  expect(heard).toEqual(["6", "2", "3", "end"]);
});

test("H2 two keys have two requests", async () => {
  const { reader, requests } = gateway();
  const both = [reader("0", "ada"), reader("0", "bob")];
  await waitUntil("both are open", () => both.every(({ opened }) => opened()));
  expect(requests.map(({ key }) => key)).toEqual(["ada", "bob"]);
});

test("H3 an end is told to all, and who comes back goes on; the last who leaves ends the request", async () => {
  const { write, reader, requests, streams } = gateway();
  const both = [reader("0"), reader("0")];
  await waitUntil("both are open", () => both.every(({ opened }) => opened()));
  requests[0]?.end();
  await waitUntil("both are told", () => both.every(({ ends }) => ends.length === 1));
  for (const { leave } of both) leave();
  expect(streams.size).toBe(0);
  write(1);
  const back = [reader("0"), reader("0")];
  await waitUntil("both have it", () => back.every(({ heard }) => heard[0] === "1"));
  back[0]?.leave();
  expect(requests.at(-1)?.signal.aborted).toBe(false);
  back[1]?.leave();
  expect(requests.at(-1)?.signal.aborted).toBe(true);
  expect(streams.size).toBe(0);
});

test("H3 a refusal comes with its status, and the next try asks again", async () => {
  const { reader, refuse, streams } = gateway();
  refuse(401);
  const { ends } = reader("0");
  await waitUntil("it is told", () => ends.length === 1);
  expect(ends).toEqual([401]);
  expect(streams.size).toBe(0);
});

test("frames are read whole, wherever the bytes are cut", async () => {
  const text = ': heartbeat\n\nid: 1\nevent: event\ndata: {"ä":1}\n\nid: 2\nevent: event\ndata: 2\n\nid: 3\nevent: half';
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size < bytes.length; size += 3) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.slice(n * size, (n + 1) * size));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    const frames: Frame[] = [];
    for await (const some of framesOf(body)) frames.push(...some);
    expect(frames.map(({ id, data }) => [id, data])).toEqual([
      ["1", '{"ä":1}'],
      ["2", "2"],
    ]);
  }
});
