/** Who uses the net: people and programs that put tokens in, write letters, decide on gates, pause and kill. */
import type { CommandAnswer, PutAnswer } from "../../src/contract/broker.ts";
import type { Json } from "../../src/contract/json.ts";
import type { MemoryHub } from "../../src/jetstream/memory/hub.ts";
import { NET, type Workload } from "./nets.ts";
import type { Network } from "./network.ts";
import { SimProcess } from "./process.ts";

export interface PutRecord {
  place: string;
  data: Json;
  key: string | null;
  answers: Extract<PutAnswer, { ok: true }>[];
  done: boolean;
}
export interface LetterRecord {
  data: Json;
  created: string;
  seq: number;
  /** Its letter box was thrown away before the letter was taken in. */
  lost: boolean;
}

const MAINTAINERS = ["ada", "grace"];

export class Callers {
  readonly puts: PutRecord[];
  readonly letters: LetterRecord[] = [];
  /** Ids of decisions that were answered as counted or known. */
  readonly decisions: string[] = [];
  readonly #hub: MemoryHub;
  readonly #network: Network;
  readonly #process: SimProcess;
  readonly #letterCount: number;
  readonly #nets: string[];
  #calm = false;
  #tried = 0;

  constructor(hub: MemoryHub, network: Network, work: Workload) {
    const { world } = network;
    const { chance } = world;
    this.#hub = hub;
    this.#network = network;
    this.#process = new SimProcess(world, "caller");
    this.#letterCount = work.letters.length;
    this.#nets = work.nets.map(({ net }) => net);
    this.puts = work.puts.map(({ place, data }, at) => ({
      ...{ place, data: data as Json, key: chance.of(0.85) ? `put-${at}` : null, answers: [], done: false },
    }));
  }

  begin(work: Workload, stormMs: number): void {
    const { world } = this.#network;
    const { chance } = world;
    for (const put of this.puts) {
      world.after(chance.between(0, stormMs), () => void this.#put(put));
      // The same once more, long after, or beside it.
      if (put.key !== null && chance.of(0.3)) world.after(chance.between(0, stormMs * 1.5), () => void this.#put(put));
    }
    for (const letter of work.letters) world.after(chance.between(0, stormMs), () => this.#letter(letter.place, letter.data as Json));
    if (["release", "sort"].some((gated) => gated in work.definition.transitions)) void this.#decide();
  }

  /** The trouble is over: what is called off is brought to an end. */
  calmDown(): void {
    this.#calm = true;
  }
  get done(): boolean {
    return this.puts.every(({ done }) => done) && this.#tried === this.#letterCount;
  }

  async ask(net: string | null, verb: string, body: object = {}): Promise<CommandAnswer> {
    const asked = { by: { user: "ada", roles: ["maintainer"] }, ...body } as unknown as Json;
    return this.#network.ask<CommandAnswer>(this.#process, net === null ? "runtime" : `command.${net}`, { verb, body: asked });
  }
  /** Asks until it is answered. */
  async insist(net: string | null, verb: string, body: object = {}): Promise<CommandAnswer> {
    for (;;) {
      const answer = await this.ask(net, verb, body).catch(() => null);
      // Refused is what comes too early: a pause ends after the kill above it.
      if (answer && (answer.ok || answer.error?.outlook === "terminal")) return answer;
      await this.#process.sleep(300);
    }
  }

  /** Takes back kills and pauses, also a kill that comes into force meanwhile. */
  async resumeAll(): Promise<void> {
    await this.insist(null, "resume");
    for (;;) {
      if (this.#hub.control.state === "killed") await this.insist(null, "resume");
      const answers = await Promise.all(this.#nets.map((net) => this.ask(net, "resume").catch(() => null)));
      if (answers.every((answer) => answer?.ok)) return;
      await this.#process.sleep(300);
    }
  }

  async #put(put: PutRecord): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify(put.data));
    const delivery = { place: put.place, payload, by: "caller", ...(put.key === null ? {} : { put: put.key }) };
    for (;;) {
      const answer = await this.#network.ask<PutAnswer>(this.#process, `put.${NET}`, delivery).catch(() => null);
      if (answer?.ok) put.answers.push(answer);
      // Without a key nobody can know whether it was done: it is not asked for twice.
      if (answer?.ok || put.key === null) break;
      await this.#process.sleep(200);
    }
    put.done = true;
  }

  #letter(place: string, data: Json): void {
    const box = this.#hub.letterBoxes.get(NET);
    if (!box?.open.has(place)) {
      this.#network.world.after(500, () => this.#letter(place, data));
      return;
    }
    this.#tried += 1;
    this.#hub.letter(NET, place, new TextEncoder().encode(JSON.stringify(data)));
    this.letters.push({ data, created: box.stream.created, seq: box.stream.last, lost: false });
  }

  /** Two maintainers look in now and then; what they decide they say more than once. */
  async #decide(): Promise<void> {
    const { chance } = this.#network.world;
    for (;;) {
      await this.#process.sleep(this.#calm ? 400 : chance.between(300, 2500));
      const answer = await this.ask(NET, "gates").catch(() => null);
      const gates = answer?.ok ? (answer.value as { firing: string; gate: string }[]) : [];
      for (const { firing, gate } of gates) {
        // A question about a rule takes one word; what comes after it counts no more.
        for (const user of gate.startsWith("crystal-") ? MAINTAINERS.slice(0, 1) : MAINTAINERS) {
          const id = `${firing}-${user}`;
          const decision = firing.charCodeAt(firing.length - 1) % 5 === 0 ? "reject" : "approve";
          const body = { firing, decision, id, by: { user, roles: ["maintainer"] } };
          for (let times = chance.of(0.3) ? 2 : 1; times > 0; times--) {
            const told = await this.ask(NET, "decide", body).catch(() => null);
            if (told?.ok) this.decisions.push(id);
          }
        }
      }
    }
  }
}
