/**
 * JSONata for `map`: evaluated in processes of their own, which are ended at their limits of time and memory and replaced.
 *
 * V1 An expression can hurt its own process alone: one allocation beyond a worker thread's limit would end the whole master.
 * V2 A process works on one expression at a time, so that what goes wrong is that one's. V3 A result depends on the expression, its
 * inputs and the time that it is given, and on nothing else.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Clock, Timer } from "../../contract/clock.ts";
import { Cancelled, type PetrelError, Retryable, Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { EVALUATOR_SOURCE } from "./evaluator-source.ts";

export interface ExpressionJob {
  /** JSONata. */
  expression: string;
  /** Inputs by name: the expression's context. */
  input: JsonObject;
  /** Envelopes by input name: `$meta`. */
  meta: JsonObject;
  /** What `$now()` and `$millis()` give, in ms since 1970. */
  now: number;
  /** Milliseconds of evaluation; waiting for a free process does not count. */
  timeoutMs: number;
}

export interface Evaluators {
  /** Errors: Terminal `map-too-long`, `map-too-much`, `map-not-json`, `map-no-value`, `map-not-pure`, `jsonata-failed`; Retryable `no-evaluator`. */
  evaluate(job: ExpressionJob): Promise<Json>;
  /** Process ids, for looking at. */
  pids(): number[];
  close(): void;
}

export interface EvaluatorOptions {
  clock: Clock;
  /** At once. */
  processes?: number;
  memoryMb?: number;
}

interface Waiting {
  id: number;
  /** Its process was ended from outside once. */
  again: boolean;
  job: ExpressionJob;
  resolve(value: Json): void;
  reject(error: Error): void;
}
interface Evaluator {
  child: ChildProcess;
  ready: boolean;
  working: Waiting | null;
  timer: Timer | null;
}
type Answer = { ready: true } | { id: number; text: string } | { id: number; error: { code: string; message: string } };

const STARTS_IN_A_ROW = 5;

export function expressionEvaluators({ clock, processes = 2, memoryMb = 128 }: EvaluatorOptions): Evaluators {
  const library = createRequire(import.meta.url).resolve("jsonata");
  const queue: Waiting[] = [];
  const evaluators = new Set<Evaluator>();
  let count = 0;
  let failedStarts = 0;
  let closed = false;

  const end = (evaluator: Evaluator) => {
    evaluators.delete(evaluator);
    evaluator.timer?.cancel();
    evaluator.child.kill("SIGKILL");
  };
  const settle = (evaluator: Evaluator, done: (working: Waiting) => void) => {
    const { working } = evaluator;
    evaluator.timer?.cancel();
    evaluator.working = null;
    if (working) done(working);
    next();
  };
  const heard = (evaluator: Evaluator, answer: Answer) => {
    if ("ready" in answer) {
      evaluator.ready = true;
      failedStarts = 0;
      return next();
    }
    if (evaluator.working?.id !== answer.id) return;
    settle(evaluator, ({ resolve, reject }) => {
      if ("text" in answer) resolve(JSON.parse(answer.text) as Json);
      else reject(new Terminal(answer.error));
    });
  };
  const gone = (evaluator: Evaluator, signal: NodeJS.Signals | null = null) => {
    if (!evaluators.delete(evaluator)) return;
    if (!evaluator.ready) failedStarts += 1;
    settle(evaluator, (working) => {
      // Node aborts when its heap is full. What somebody else ended gets another try.
      if (signal === "SIGABRT" || working.again) working.reject(tooMuch(memoryMb));
      else queue.unshift({ ...working, again: true });
    });
  };
  const start = () => {
    const args = [`--max-old-space-size=${memoryMb}`, "-e", EVALUATOR_SOURCE, library, String(process.pid)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "ignore", "ipc"], env: {} });
    const evaluator: Evaluator = { child, ready: false, working: null, timer: null };
    evaluators.add(evaluator);
    child.on("message", (answer: Answer) => heard(evaluator, answer));
    child.on("error", () => gone(evaluator));
    child.on("exit", (_, signal) => gone(evaluator, signal));
  };
  const work = (evaluator: Evaluator, waiting: Waiting) => {
    const { expression, input, meta, now, timeoutMs } = waiting.job;
    evaluator.working = waiting;
    evaluator.timer = clock.after(timeoutMs, () => {
      end(evaluator);
      settle(evaluator, ({ reject }) => reject(tooLong(timeoutMs)));
    });
    evaluator.child.send({ id: waiting.id, expression, input: JSON.stringify(input), meta: JSON.stringify(meta), now }, (error) => {
      if (error) gone(evaluator);
    });
  };
  const next = () => {
    if (closed) return;
    if (failedStarts >= STARTS_IN_A_ROW) {
      failedStarts = 0;
      for (const { reject } of queue.splice(0)) reject(noEvaluator());
    }
    for (const evaluator of evaluators) {
      if (queue.length === 0) return;
      if (evaluator.ready && !evaluator.working) work(evaluator, queue.shift() as Waiting);
    }
    const coming = [...evaluators].filter(({ ready }) => !ready).length;
    for (let more = Math.min(queue.length - coming, processes - evaluators.size); more > 0; more -= 1) start();
  };

  return {
    evaluate: (job) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Cancelled({ code: "stopped", message: "the evaluators have stopped" }));
        queue.push({ id: ++count, again: false, job, resolve, reject });
        next();
      }),
    pids: () => [...evaluators].flatMap(({ child }) => child.pid ?? []),
    close: () => {
      closed = true;
      const stopped = new Cancelled({ code: "stopped", message: "the evaluators have stopped" });
      for (const evaluator of [...evaluators]) {
        end(evaluator);
        evaluator.working?.reject(stopped);
      }
      for (const { reject } of queue.splice(0)) reject(stopped);
    },
  };
}

function tooLong(ms: number): PetrelError {
  return new Terminal({
    code: "map-too-long",
    message: `the expression did not end within ${ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`}`,
    hint: 'give the transition a longer "timeout", or let it do less',
  });
}
function tooMuch(mb: number): PetrelError {
  return new Terminal({
    code: "map-too-much",
    message: `the expression took more than ${mb} MB of memory`,
    hint: "let it make less at a time; split the work over several transitions",
  });
}
function noEvaluator(): PetrelError {
  return new Retryable({ code: "no-evaluator", message: "no process for expressions could be started", hint: "petrel doctor" });
}
