/** What 2,000 places cost one nats-server: each a stream of its own, or all in one. Memory, disk handles, start and stop. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlaceLayout } from "../src/contract/broker.ts";
import { connectBroker } from "../src/jetstream/connect.ts";
import { findServerBinary } from "../src/jetstream/server/binary.ts";
import { type ManagedServer, startManagedServer } from "../src/jetstream/server/managed.ts";
import { clock, ids } from "./bed.ts";
import { type Row, report } from "./report.ts";

const PLACES = Number(process.env.BENCH_PLACES ?? 2000);
const TOKENS_EACH = 5;
const NET = "many";
const places = Array.from({ length: PLACES }, (_, at) => `place-${at}`);

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}

async function memoryMb(server: ManagedServer): Promise<number> {
  const varz = (await (await fetch(`${server.monitoringUrl}/varz`)).json()) as { mem: number };
  return varz.mem / 2 ** 20;
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return Number.NaN;
  }
}

async function measure(layout: PlaceLayout): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), "petrel-bench-"));
  const { path: binary } = await findServerBinary({ environment: process.env, cwd: process.cwd() });
  const start = () => startManagedServer({ binary, dir, durability: "fsync", clock, readyMs: 120_000 });
  const server = await start();
  const empty = await memoryMb(server);
  const broker = await connectBroker({ url: server.url, ...server.credentials.master, name: "bench", clock, ids });
  const specs = places.map((place) => ({ net: NET, place, title: "", capacity: null, open: false }));
  const declare = () => broker.places(NET).declare(specs, layout);
  const made = await timed(declare);
  const again = await timed(declare);
  const token = (id: string) => ({
    id,
    data: { text: "x".repeat(200) },
    from: { outside: "bench" },
    by: "bench",
    at: "",
    correlation: id,
    v: 1 as const,
  });
  const add = places.flatMap((place) => Array.from({ length: TOKENS_EACH }, (_, n) => ({ place, token: token(`${place}-${n}`) })));
  const filled = await timed(() => broker.places(NET).update({ add, remove: [] }));
  const full = await memoryMb(server);
  const files = openFiles(server.pid);
  await broker.close();
  const stopped = await timed(() => server.stop(120_000));
  const restarted = await timed(start);
  await restarted.value.stop(120_000);
  rmSync(dir, { recursive: true, force: true });
  const name = (what: string) => `${PLACES} places, layout ${layout}: ${what}`;
  const row = (what: string, value: number, unit: string): Row => ({ case: name(what), value, unit, target: null });
  return [
    row("made from nothing", made.ms / 1000, "s"),
    row("declared again", again.ms / 1000, "s"),
    row(`${add.length} tokens published`, filled.ms / 1000, "s"),
    row("memory beyond the empty server's", full - empty, "MB"),
    row("open files of the server", files, ""),
    row("server stops in", stopped.ms / 1000, "s"),
    row("server starts in", restarted.ms / 1000, "s"),
  ];
}

report([...(await measure("own")), ...(await measure("shared"))]);
process.exit();
