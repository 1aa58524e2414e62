/**
 * Chaos on purpose: SIGKILL to the executor in a developer's task, to the master in a model call, to the nats-server, and
 * to all three at once. Each kill waits for the event that says the moment has come, and happens once.
 */
import type { Clock } from "../../contract/clock.ts";
import { isoTime } from "../../contract/clock.ts";
import type { NetEvent } from "../../contract/event.ts";
import type { Supervisor } from "../supervisor.ts";

export interface Killed {
  what: string;
  pid: number;
  at: string;
  /** The moment, in words. */
  when: string;
}
type Victim = "executor" | "master" | "nats-server";

interface Blow {
  victims: Victim[];
  when: string;
  /** Milliseconds from the event to the blow: into the middle of what it began. */
  afterMs: number;
  moment(event: NetEvent): boolean;
}

const BLOWS: Blow[] = [
  {
    victims: ["executor"],
    when: "in the middle of a developer's task",
    afterMs: 1200,
    moment: ({ type, transition }) => type === "claimed" && transition === "develop",
  },
  {
    victims: ["master"],
    when: "in the middle of a model call",
    afterMs: 150,
    moment: ({ type, transition }) => type === "started" && transition === "judge",
  },
  {
    victims: ["nats-server"],
    when: "while a task is being tested",
    afterMs: 100,
    moment: ({ type, transition }) => type === "claimed" && transition === "test",
  },
  {
    victims: ["executor", "master", "nats-server"],
    when: "all three at one moment, while devops delivers",
    afterMs: 400,
    moment: ({ type, transition }) => type === "claimed" && transition === "deliver",
  },
];

export class Chaos {
  readonly killed: Killed[] = [];
  readonly #supervisor: Supervisor;
  readonly #clock: Clock;
  readonly #remark: (text: string) => void;
  /** In this order; the next waits until the one before is over and everything is back. */
  #left: Blow[] = [...BLOWS];
  #busy = false;
  #seen = 0;

  constructor(supervisor: Supervisor, clock: Clock, remark: (text: string) => void) {
    this.#supervisor = supervisor;
    this.#clock = clock;
    this.#remark = remark;
  }

  get complete(): boolean {
    return this.#left.length === 0 && !this.#busy;
  }
  /** Blows that found no moment. */
  get missed(): string[] {
    return this.#left.map(({ victims, when }) => `${victims.join(", ")} ${when}`);
  }

  event(event: NetEvent): void {
    if (event.seq <= this.#seen) return;
    this.#seen = event.seq;
    if (this.#busy) return;
    const at = this.#left.findIndex((blow) => blow.moment(event));
    const blow = this.#left[at];
    if (!blow) return;
    this.#left.splice(at, 1);
    this.#busy = true;
    this.#clock.after(blow.afterMs, () => this.#strike(blow));
  }

  #strike(blow: Blow): void {
    const pids = this.#supervisor.pids();
    for (const what of blow.victims) {
      const pid = pids[what];
      if (pid === null) continue;
      process.kill(pid, "SIGKILL");
      this.killed.push({ what, pid, at: isoTime(this.#clock.now()), when: blow.when });
    }
    this.#remark(
      `SIGKILL to the ${blow.victims.join(", the ")} ${blow.when}. Now it waits for ${blow.victims.length > 1 ? "them" : "it"} to come back.`,
    );
    this.#awaitReturn(blow, pids);
  }

  #awaitReturn(blow: Blow, before: Record<Victim, number | null>): void {
    const pids = this.#supervisor.pids();
    const back = blow.victims.every((what) => pids[what] !== null && pids[what] !== before[what]);
    if (back) this.#busy = false;
    else this.#clock.after(50, () => this.#awaitReturn(blow, before));
  }
}
