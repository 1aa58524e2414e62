/** What a hand is given and what it gives back. Hands hold no state between orders but what lies in the workshop. */
import type { z } from "zod";
import type { Flag } from "../contract/capability.ts";
import type { Clock } from "../contract/clock.ts";
import type { Room, RoomAnswer, WorkOrder } from "../contract/envelope.ts";
import type { ModelUse } from "../contract/event.ts";
import type { IdSource } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { Logger } from "../contract/logger.ts";
import type { ArtifactRef } from "../contract/token.ts";
import type { ArtifactSource } from "./artifact-content.ts";
import type { Environment } from "./clean-environment.ts";
import type { KeyedLock } from "./keyed-lock.ts";
import type { OpenProcess } from "./open-process.ts";
import type { BirthBook } from "./outliving-watch.ts";
import type { OwnGit } from "./own-git.ts";
import type { Command, CommandResult } from "./process-tree.ts";

/** What all hands of one executor share. */
export interface Workshop {
  /** The executor's folder; `mirrors`, `cache`, `work`, `results` and `claims` lie in it. */
  dir: string;
  clock: Clock;
  ids: IdSource;
  /** The executor's own environment. */
  environment: Environment;
  locks: KeyedLock;
  /** Results that depend on nothing but content, like the test run of a commit; by key. */
  memo: Map<string, Promise<Json>>;
  /** Of each worktree, by its real path, git's own folder: noted as it is laid out, before a command of an order can change what the tree says. */
  trees: Map<string, string>;
  /** Told of each process group that is started. */
  births?: BirthBook;
}

/** Answers one tool call of a session. Throws coded errors. */
export type ToolHandler = (tool: string, input: Json) => Promise<Json>;

/**
 * `untold`: what it prints is for the hand alone, and not told live to people who look. `shownAs`: a line of its stdout as people are
 * to see it, where the line is for programs.
 */
export type RunCommand = (
  command: Omit<Command, "signal" | "mark" | "env" | "hear"> & {
    env?: Record<string, string>;
    untold?: boolean;
    shownAs?: (line: string) => string;
  },
) => Promise<CommandResult>;

export interface HandContext {
  order: WorkOrder;
  /** An empty folder of this attempt; removed afterwards. */
  workDir: string;
  signal: AbortSignal;
  secrets: Readonly<Record<string, string>>;
  logger: Logger;
  workshop: Workshop;
  /**
   * Runs a command in a clean environment, ended with the attempt; `env` is laid over it. Throws Refused `policy-command`, `policy-path`,
   * `cwd-outside`, `cwd-hidden`, Terminal `command-not-found`.
   */
  run: RunCommand;
  /** Puts a call of the executor's own git into its sandbox, where the tree that it works in has one around its commands. */
  ownGit(command: OwnGit): OwnGit & Pick<Command, "enclosed">;
  /** Starts a process that stays open for a conversation by lines, in the same environment; ended with the attempt. */
  open(command: { argv: string[]; cwd: string }): OpenProcess;
  /**
   * For a library that starts a program itself: what it is to be started in. Its memory and processes are watched like a command's, and
   * the attempt's end takes whoever is left. Throws Refused `policy-command` and `sandbox-outside`.
   */
  environment(program: string): Record<string, string>;
  /** Asks the owner just before an irreversible step. Throws Cancelled `not-confirmed` when the attempt is no longer ours. */
  confirm(): Promise<void>;
  /** What an earlier attempt of this firing remembered under this word, on whatever executor; null for nothing. Throws as `confirm` does. */
  recall(name: string): Promise<Json>;
  /** Keeps a value of at most 4 KiB for the attempts after this one; it is stored when this settles. Throws as `confirm` does. */
  remember(name: string, value: Json): Promise<void>;
  /**
   * Takes room for this firing where the net's firings together, on whatever executor, may do at most `most` of something in a span; the
   * word says of what. Throws as `confirm` does.
   */
  takeRoom(name: string, room: Room): Promise<RoomAnswer>;
  /** Books what the hand asked a model for: it stands in the event of the attempt, and in the costs of its persona. */
  spent(use: ModelUse): void;
  /** A session opens for tool calls with this. */
  serve(handler: ToolHandler): void;
  /**
   * Puts bytes, a text, a stream or a file into the artefact store, by way of the masters, and gives what stands for them in the result.
   * Secrets of the attempt are taken out. Errors: Terminal `artifact-too-large`, and the attempt's end.
   */
  artifact(content: ArtifactSource | { file: string }, about: { name: string; mediaType: string }): Promise<ArtifactRef & { name: string }>;
  /**
   * An artefact that an input of this work names, as a file in the work directory. Errors: Terminal `artifact-missing` and
   * `artifact-damaged`, Refused `artifact-not-yours`, and the attempt's end.
   */
  fetchArtifact(ref: ArtifactRef): Promise<string>;
  /** Throws Refused `policy-host` unless the machine's policy lets hands speak to the host of this URL. */
  checkHost(url: string | URL): void;
  /** Throws Refused `policy-path` or `path-hidden` unless the machine's policy lets hands use this folder or file. Gives its real path. */
  checkPath(path: string): string;
  /** Throws Refused `policy-branch` when the machine's policy protects this branch of origins from pushes, `policy-repository` where commands can write its hooks. */
  checkPush(to: { repo: string; branch: string }): void;
  /** The effect key `<net>/<transition>/<firing>`: the same for every attempt. */
  key: string;
  /** W3C Trace Context of this attempt, for what it asks of others. */
  traceparent: string;
  /** Bytes of one output of a command that are kept as an artefact, by the machine's policy. */
  keepBytes: number;
}

/** Returns the value of the work result. */
export type Hand = (context: HandContext) => Promise<Json>;

/** What is known of a hand wherever orders for it are written: its name, its schemas and its rights. */
export interface HandCard {
  /** `room.action`. */
  name: string;
  /** What it does, in one sentence. */
  about: string;
  input: HandSchema;
  output: HandSchema;
  /** The flag that the persona of an order must have; null for none. Of a function, the order decides. */
  flag: Flag | null | ((input: JsonObject) => Flag | null);
  /** `session`: an agent's workspace. */
  mode: "run" | "session";
  /** Its commands may have been written by a model: the sandbox is around them unless the policy says otherwise. */
  enclosed: boolean;
}

/** A schema of zod, or a JSON Schema (2020-12). */
export type HandSchema = z.ZodType | JsonObject;

export interface HandDefinition extends HandCard {
  run: Hand;
  /** Why it cannot be done on this machine, in a clause, or null. Asked once, at the executor's start. */
  lack?: (machine: { environment: Environment }) => Promise<string | null>;
  /** What it can do less well here, in a clause, or null: it is offered all the same, and `petrel doctor` says it. */
  shortOf?: (machine: { environment: Environment }) => Promise<string | null>;
}
