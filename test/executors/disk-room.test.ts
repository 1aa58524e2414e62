/** Whether an executor's disk has room (D1, D2). */
import { expect, it } from "vitest";
import { DiskRoom, type Room } from "../../src/executors/disk-room.ts";
import { until } from "../support/wait-until.ts";
import { goodValue, startBench } from "./bench.ts";

const error = (code: string) => Object.assign(new Error(code), { code });
const MB = 1e6;

function disk(room: Room) {
  const changes: (string | null)[] = [];
  let refuses: string | null = null;
  const probe = {
    room: async () => room,
    write: async () => {
      if (refuses !== null) throw error(refuses);
    },
  };
  const watched: DiskRoom = new DiskRoom("/srv/petrel", () => void changes.push(watched.full), probe);
  return { watched, changes, refuse: (code: string | null) => (refuses = code) };
}

it("is full when little is left, and has room again when twice as much is", async () => {
  const room = { free: 500 * MB, total: 10_000 * MB };
  const { watched, changes } = disk(room);
  await watched.look();
  expect(watched.full).toBeNull();
  room.free = 3 * MB;
  await watched.look();
  await watched.look();
  expect(changes).toEqual(["no room on the disk of /srv/petrel (3 MB are free)"]);
  room.free = 40 * MB;
  await watched.look();
  expect(watched.full, "not yet: it would be full again at once").not.toBeNull();
  room.free = 100 * MB;
  await watched.look();
  expect(watched.full).toBeNull();
  expect(changes).toHaveLength(2);
});

it("believes a write that failed, a quota's too, until one goes through", async () => {
  const { watched, changes, refuse } = disk({ free: 0, total: 0 });
  watched.failed(error("EACCES"));
  await watched.look();
  expect(watched.full, "a file system that tells no size is not full").toBeNull();
  refuse("EDQUOT");
  watched.failed(error("EDQUOT"));
  await watched.look();
  expect(watched.full).toBe("no room on the disk of /srv/petrel");
  refuse(null);
  await watched.look();
  expect(changes).toEqual(["no room on the disk of /srv/petrel", null]);
});

it("an executor with room says nothing of its disk", async () => {
  const bench = await startBench();
  try {
    goodValue(await bench.run("shell.run", { argv: ["true"] }));
    await until("it has been heard", () => bench.owner.beats.length > 0);
    expect(bench.owner.beats.every(({ full }) => full === undefined)).toBe(true);
  } finally {
    await bench.end();
  }
});
