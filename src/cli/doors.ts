/** What the command line needs of the rest: `main.ts` implements it with real things, tests with fakes. */
import type { Broker } from "../contract/broker.ts";
import type { Clock } from "../contract/clock.ts";
import type { IdSource } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { KnowledgeFile } from "../contract/knowledge-file.ts";

/** The part of a writable stream that is used here. */
export interface Sink {
  write(text: string | Uint8Array): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** A user by name and password, or by its JWT and the seed of its key. */
export interface RuntimeLogin {
  user: string;
  password: string;
  /** Where it finds JetStream's API; default `$JS.API`. */
  apiPrefix?: string | undefined;
}

/** `<dir>/runtime.json`: written by a master when it is up, removed when it stops. */
export interface RuntimeFile {
  pid: number;
  /** Base address of the gateway that `up` started. */
  gateway?: string | null;
  nats: {
    url: string;
    user: string;
    password: string;
    /** Base address of the server's monitor, like `http://127.0.0.1:8222`; several with commas between. */
    monitor?: string;
    /** Users for the NATS CLI; without them the master's own is written. */
    admin?: RuntimeLogin;
    readonly?: RuntimeLogin;
    people?: RuntimeLogin;
    master?: RuntimeLogin;
    gateway?: RuntimeLogin;
    /** What the system was started with: fsync, os, memory or replicated. */
    durability?: string;
    /** PEM of who signed the servers' certificate, where the machine does not know it. */
    ca?: string;
    /** The same as a file, for tools that want one. */
    caFile?: string;
  };
}

export interface Connection {
  broker: Broker;
  close(): Promise<void>;
}

/** A finding of a checker, as far as it is shown here. */
export interface FileProblem {
  severity: "error" | "warning";
  code: string;
  message: string;
  hint?: string | undefined;
  file?: string | undefined;
  /** From 1. */
  line?: number | undefined;
  column?: number | undefined;
}

/** A checked file: its definition with defaults filled in, and its hash; or what is wrong with it. */
export type Checked = { ok: true; definition: JsonObject; hash: string; warnings: FileProblem[] } | { ok: false; problems: FileProblem[] };
export type CheckedPersona =
  | { ok: true; persona: JsonObject; name: string; knowledge: string[]; warnings: FileProblem[] }
  | { ok: false; problems: FileProblem[] };

export interface ModelCheck {
  tier: string;
  model: string;
  ok: boolean;
  /** One sentence: the time of the answer, or why there was none. */
  says: string;
  hint?: string;
}

export interface PetrelDoors {
  version: string;
  /** The script that starts this program again, for the processes that `up` and `demo` start. */
  entry: string;
  /** Petrel's own folder: its nets, personas, schemas and examples. */
  root: string;
  /** In [0, 1). */
  random(): number;
  /** Aborted when standard input ends: whoever started us is gone. */
  stdinEnds(): AbortSignal;
  /** The folder where the user stands, absolute. */
  cwd: string;
  env: Record<string, string | undefined>;
  clock: Clock;
  ids: IdSource;
  /** The user of the operating system. */
  user: string;
  stdout: Sink;
  stderr: Sink;
  /** All of standard input. */
  readStdin(): Promise<string>;
  /** Asks a yes-or-no question on the terminal; null when there is none to ask. */
  confirm(question: string): Promise<boolean | null>;
  /** Asks for a line on the terminal; null when there is none to ask. */
  ask(question: string): Promise<string | null>;
  /** The same without showing what is typed. */
  askHidden(question: string): Promise<string | null>;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  /** Errors: Terminal `not-running`, Retryable `broker-unreachable`. */
  /** `repair`: with the rights to clear streams, for the few commands that do. */
  connect(dir: string, options: { logLevel: string; repair?: boolean }): Promise<Connection>;
  checkNet(text: string, file: string): Promise<Checked>;
  /** `exists` looks for a knowledge file by its path from the persona file's folder. */
  checkPersona(
    text: string,
    file: string,
    exists: (path: string) => KnowledgeFile,
    /** A model that the configuration here does not know is a warning: the masters may have another. */
    options?: { modelsElsewhere?: boolean },
  ): Promise<CheckedPersona>;
  /** What is wrong with the petrel.config.json that holds where the user stands. */
  checkConfig(): Promise<FileProblem[]>;
  /** File name in `schemas/` to JSON Schema 2020-12. */
  schemas(): Promise<Record<string, JsonObject>>;
  /** GET a JSON document of the server's monitor. Errors: Retryable. */
  fetchJson(url: string): Promise<Json>;
  /** One tiny call to each tier's model. */
  checkModels(options: { dir: string }): Promise<ModelCheck[]>;
}
