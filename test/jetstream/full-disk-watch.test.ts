/** A server that was out of disk and does not go on is noticed, by what it logs. */
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FullDiskWatch, roomOf } from "../../src/jetstream/server/full-disk-watch.ts";

const MB = 1024 * 1024;
/** As nats-server 2.15 writes it, again at each message that it is asked to store. */
const REFUSED =
  "[25067] 2026/11/29 05:19:24.791630 [ERR] JetStream failed to store a msg on stream 'A > LOG_n': write 1.blk: no space left on device\n";

let dir: string;
let log: string;
let free: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "petrel-full-"));
  log = join(dir, "nats-server.log");
  free = 0;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const watch = () => new FullDiskWatch(log, dir, async () => free);

test("not while the disk is full, not when room has only just come, but when it is refused though there is room", async () => {
  const disk = watch();
  appendFileSync(log, REFUSED);
  expect(await disk.look()).toBe(false);
  free = 100 * MB;
  appendFileSync(log, REFUSED);
  expect(await disk.look()).toBe(false);
  // Nobody has written since: the server may be well.
  expect(await disk.look()).toBe(false);
  appendFileSync(log, REFUSED);
  expect(await disk.look()).toBe(true);
  expect(await disk.look()).toBe(false);
});

test("what was logged before, or is no error, or stands in a log that was begun anew says nothing", async () => {
  writeFileSync(log, REFUSED.repeat(100));
  free = 100 * MB;
  const disk = watch();
  for (let n = 0; n < 2; n++) expect(await disk.look()).toBe(false);
  appendFileSync(log, "[1] 2026/11/29 05:19:24.791630 [INF] no space left on device is what a client called itself\n");
  expect(await disk.look()).toBe(false);
  // The free space says nothing of it: nobody knows when it is over.
  appendFileSync(log, REFUSED.replace("no space left on device", "disk quota exceeded"));
  expect(await disk.look()).toBe(false);
  truncateSync(log, 0);
  expect(await disk.look()).toBe(false);
  appendFileSync(log, REFUSED);
  expect(await disk.look()).toBe(true);
});

test("asks the file system by default, and a server that has no log yet is no reason", async () => {
  const disk = new FullDiskWatch(log, dir);
  for (let n = 0; n < 2; n++) expect(await disk.look()).toBe(false);
});

test("there is no room where no file can be made, and some where the file system does not count them", () => {
  const blocks = { bavail: 1000, bsize: 4096 };
  expect(roomOf({ ...blocks, files: 5000, ffree: 0 })).toBe(0);
  expect(roomOf({ ...blocks, files: 5000, ffree: 1 })).toBe(4_096_000);
  expect(roomOf({ ...blocks, files: 0, ffree: 0 })).toBe(4_096_000);
});
