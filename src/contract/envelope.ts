/** Envelopes between masters and executors: msgpackr on the wire, no secrets at rest (E8). */
import type { ErrorData } from "./errors.ts";
import type { ModelUse } from "./event.ts";
import type { Json, JsonObject } from "./json.ts";
import type { ArtifactRef } from "./token.ts";

/** An offer of work. It grants nothing: only a claim does. */
export interface WorkOrder {
  v: 1;
  net: string;
  transition: string;
  firing: string;
  attempt: number;
  pool: string;
  /** What the executor must have; absent for nothing. */
  labels?: string[];
  /** Effect key `<net>/<transition>/<firing>`: the same for every attempt. */
  key: string;
  /** `run`: do it and deliver a result. `session`: hold a workspace and serve tool calls until it is closed. */
  mode: "run" | "session";
  /** Which hand, as `room.action`, like `shell.run`. */
  hand: string;
  input: JsonObject;
  persona: { name: string; flags: string; tools: string[] } | null;
  correlation: string;
  /** Time limit of the work itself, from the claim on. */
  timeoutMs: number;
  /** ISO time of the order, by its master's clock. */
  at: string;
  /** ISO time by the same clock: it is worth nothing afterwards, and its master makes another. */
  expires?: string;
  netVersion: string;
  /** Where people find the gateway, for links. */
  gateway?: string;
  /** The net file names the transition as one that releases: its persona may push by a tool, if it has x. */
  release?: boolean;
}

export interface SignedOrder {
  /** msgpackr bytes of the WorkOrder: the signature covers exactly these. */
  order: Uint8Array;
  /** Ed25519 (RFC 8032) by the masters' key. */
  signature: Uint8Array;
}

/** claim: take the attempt. renew: still at it. confirm: before an irreversible step. settled: is my result in the log? release: give it back. */
/** recall: what did an earlier attempt of this firing remember? remember: keep this for later attempts. */
export type ClaimVerb = "claim" | "renew" | "confirm" | "settled" | "release" | "recall" | "remember";
/** What an executor was enrolled for: it counts for no more, whatever it says. `hands` absent: any. */
export interface EnrolledFor {
  pools: string[];
  labels: string[];
  hands?: string[];
}
export interface ClaimRequest {
  verb: ClaimVerb;
  executor: string;
  /** Of a release: why, for eyes, at most a line. */
  note?: string;
  /** Of a release: the executor is being stopped, or has no room on its disk, and does not give it back for anything in the work. */
  leaving?: boolean;
  /** Of a release: the process that had the claim ended without a word; a later one of its folder gives it back. */
  died?: boolean;
  /** Of a claim: the public key for which secrets are sealed. */
  key?: string;
  /** Said by the masters' side, never by the executor. Null or absent: it was not enrolled, and works beside its masters. */
  enrolled?: EnrolledFor | null;
  /**
   * Of recall and remember: a word, and what is remembered, 4 KiB at most. With `room` the word stands for something of which the net's
   * firings together do at most so much in a span: the answer is a `RoomAnswer`, and a firing that had room keeps it.
   */
  memory?: { name: string; value?: Json; room?: Room };
}
export interface Room {
  most: number;
  spanMs: number;
}
/** `waitMs`: until there is room again; 0 where there is. A type, not an interface: it travels as JSON. */
export type RoomAnswer = { free: boolean; taken: number; waitMs: number };
export type ClaimAnswer =
  /** `secrets`: by environment variable, sealed for the key of the request. */
  /** `now`: ms since the epoch by the owner's clock. */
  | { ok: true; leaseMs: number; timeLeftMs: number; secrets: Record<string, string>; now?: number; memory?: Json }
  /** `stopped`: the executor itself is, by a kill of its name; it is to leave offers to others. */
  | { ok: false; code: "taken" | "not-open" | "paused" | "killed" | "unknown" | "not-in-log"; message: string; stopped?: boolean };

export interface WorkResult {
  v: 1;
  net: string;
  transition: string;
  firing: string;
  attempt: number;
  executor: string;
  outcome: { ok: true; value: Json } | { ok: false; error: ErrorData };
  startedAt: string;
  durationMs: number;
  /** What the hand itself asked models for, also where nothing came of it. */
  model?: ModelUse;
}

/** One tool call inside a session. The executor answers a repeated `call` id with the first call's answer. */
export interface ToolCallRequest {
  net: string;
  firing: string;
  attempt: number;
  call: string;
  tool: string;
  input: Json;
}
export type ToolCallAnswer =
  | { state: "running" }
  | { state: "done"; output: Json }
  | { state: "failed"; error: ErrorData }
  /** The executor has no such session: the claim is gone. */
  | { state: "no-session" };

export interface ExecutorPresence {
  name: string;
  pools: string[];
  labels: string[];
  version: string;
  pid: number;
  /** Which start of it speaks: a number of a process is no name, since containers often have the same. Absent from older ones. */
  start?: string;
  /** The start before it in its own folder. */
  after?: string;
  host: string;
  busy: number;
  slots: number;
  /** ISO time, by its own clock. */
  at: string;
  /** ISO time when it was last heard of, by the broker's clock; said by who reads it. */
  heard?: string;
  /** Attempts under way, as `net/transition/firing.attempt`; the first 200. What was ended is not among them, though `busy` counts it until its folder is gone. */
  leases?: string[];
  /** What keeps its commands apart from the machine, in a few words. */
  isolation?: string;
  /** What holds its commands to their memory and number of processes: the kernel, or a look now and then. */
  limits?: string;
  /** Hands that it has and its policy allows, like `shell.run`; absent from executors of before they said so. */
  hands?: string[];
  /** It takes nothing new and ends; with nothing under way it is gone. */
  leaving?: boolean;
  /** It takes nothing new until there is room on its disk: a clause that says so. */
  full?: string;
  /** ISO time until which it gets no work, since it let its claims lapse; said by the masters' side. */
  heldOff?: string;
  /** What its machine lacks for hands of its own, a clause each: `browser.flow: there is no ffmpeg`. */
  lacks?: string[];
}

/** A piece of an artefact, from the executor that holds an attempt to the owner of the net; the next follows its answer. */
export interface ArtifactPiece {
  net: string;
  firing: string;
  attempt: number;
  /** One id for each try to hand an artefact over: 64 characters at most. */
  upload: string;
  /** Of the whole: the hash of its content, its bytes and its media type. */
  sha256: string;
  size: number;
  type: string;
  /** Counts from 0. */
  piece: number;
  bytes: Uint8Array;
}
export type ArtifactAnswer =
  | { state: "more" }
  /** It is in the store; what is left of it need not be sent. */
  | { state: "stored"; ref: ArtifactRef }
  | { state: "failed"; error: ErrorData };

/** A piece of an artefact, asked for by the executor that holds an attempt whose inputs name it. */
export interface ArtifactAsk {
  net: string;
  firing: string;
  attempt: number;
  /** Its id. */
  artifact: string;
  /** Bytes that it has already. */
  from: number;
}
/** `size`: bytes of the whole. A piece without bytes is behind its end. */
export type ArtifactGiven = { state: "piece"; bytes: Uint8Array; size: number } | { state: "failed"; error: ErrorData };
