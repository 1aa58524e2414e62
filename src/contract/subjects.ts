/** Every subject, stream, bucket and header name on the broker. Literal names stand nowhere else. */

export const subjects = {
  log: (net: string) => `log.${net}`,
  put: (net: string, place: string) => `put.${net}.${place}`,
  putAll: (net: string) => `put.${net}.*`,
  letter: (net: string, place: string) => `place.${net}.${place}`,
  /** All letters of a net, open place or not. */
  letterAll: (net: string) => `place.${net}.*`,
  /** Nothing is ever published here: the letter box of a net whose places are all closed listens to it. */
  noLetters: (net: string) => `letters.${net}.none`,
  token: (net: string, place: string, id: string) => `place.${net}.${place}.${id}`,
  tokens: (net: string, place: string) => `place.${net}.${place}.*`,
  /** What stands before `<place>.<id>`. */
  tokensUnder: (net: string) => `place.${net}.`,
  tokensAll: (net: string) => `place.${net}.*.*`,
  /** Tokens of other nets, handed to the owner of this one. */
  handover: (net: string) => `handover.${net}`,
  event: (net: string, type: string, element: string) => `event.${net}.${type}.${element}`,
  /** What a model says while it says it: stored nowhere, and heard by who listens just then. */
  saying: (net: string, transition: string, firing: string) => `saying.${net}.${transition}.${firing}`,
  sayingAll: (net: string) => `saying.${net}.*.*`,
  /** What a command prints while it prints it, as its executor tells the owner: the executor's name comes first, as in its claims. */
  output: (executor: string, net: string, firing: string, attempt: number) => `output.${executor}.${net}.${firing}.${attempt}`,
  outputsOf: (executor: string) => `output.${executor}.*.*.*`,
  outputAll: () => "output.*.*.*.*",
  /** The same as the owner tells it to all: of the one that holds the attempt, without secrets. Stored nowhere. */
  printing: (net: string, transition: string, firing: string) => `printing.${net}.${transition}.${firing}`,
  printingAll: (net: string | null) => `printing.${net ?? "*"}.*.*`,
  command: (net: string, verb: string) => `command.${net}.${verb}`,
  commandAll: (net: string) => `command.${net}.*`,
  /** Requests that no net owns: list nets, print actors, apply a net or a persona. */
  runtime: (verb: string) => `runtime.${verb}`,
  runtimeAll: () => "runtime.*",
  /** Requests from one master to another. */
  master: (name: string, verb: string) => `master.${name}.${verb}`,
  masterAll: (name: string) => `master.${name}.*`,
  work: (pool: string, net: string, transition: string) => `work.${pool}.${net}.${transition}`,
  workAll: (pool: string) => `work.${pool}.>`,
  /** The executor's name comes first, so that its permissions bind it to its own claims. */
  claim: (executor: string, net: string, firing: string, attempt: number) => `claim.${executor}.${net}.${firing}.${attempt}`,
  claimAll: (net: string) => `claim.*.${net}.*.*`,
  claimsOf: (executor: string) => `claim.${executor}.>`,
  done: (executor: string, net: string, firing: string, attempt: number) => `done.${executor}.${net}.${firing}.${attempt}`,
  doneAll: (net: string) => `done.*.${net}.*.*`,
  /** Requests from a master to one executor: tool calls of a session, cancel. */
  hands: (executor: string, verb: string) => `hands.${executor}.${verb}`,
  handsAll: (executor: string) => `hands.${executor}.*`,
  heartbeat: (executor: string) => `heartbeat.${executor}`,
  heartbeatAll: () => "heartbeat.*",
  logAll: () => "log.*",
  workOf: (pool: string, net: string) => `work.${pool}.${net}.>`,
  artifact: (verb: "put" | "get", executor: string) => `artifact.${verb}.${executor}`,
} as const;

export const streams = {
  log: (net: string) => `LOG_${net}`,
  letterBox: (net: string) => `IN_${net}`,
  place: (net: string, place: string) => `PLACE_${net}_${place}`,
  /** All places of a net whose layout is shared. */
  places: (net: string) => `PLACES_${net}`,
  work: (pool: string) => `WORK_${pool}`,
  done: (net: string) => `DONE_${net}`,
} as const;

export const buckets = {
  nets: "petrel-nets",
  personas: "petrel-personas",
  control: "petrel-control",
  leases: "petrel-leases",
  executors: "petrel-executors",
  masters: "petrel-masters",
  checkpoints: "petrel-checkpoints",
  artifacts: "petrel-artifacts",
  access: "petrel-access",
  limits: "petrel-limits",
  secrets: "petrel-secrets",
  effects: "petrel-effects",
  enrolled: "petrel-enrolled",
  held: "petrel-held",
} as const;

/** Buckets of small JSON documents, and what each is for, as `nats kv ls` tells it. */
export const SHARED_BUCKETS = {
  access: "Who may call the gateways: clients, signing keys, revocations, failed tries",
  limits: "How much of each model's rate is used up",
  secrets: "Sealed secrets",
  enrolled: "What each executor was enrolled for: its pools, labels and hands",
  held: "Executors that get no work for a while, since they let their claims lapse",
  effects: "What attempts of firings have done already, for the attempts after them; kept for a week",
} as const;
export type SharedBucket = keyof typeof SHARED_BUCKETS;

export const headerNames = {
  /** Idempotency of `put` for 24 hours. */
  token: "Petrel-Token",
  /** Who puts a token in, as the caller says. */
  by: "Petrel-By",
  entry: "Petrel-Entry",
  epoch: "Petrel-Epoch",
  /** Hash of the entry before it: the chain of a log. */
  prev: "Petrel-Prev",
} as const;

/** The place every net has, for what could not be taken in. */
export const REJECTED = "rejected";

/** The one consumer of every work queue; no other stream has a consumer of this name, so permissions may go by it. */
export const WORKERS = "workers";

/** What helps when a net's log was deleted or replaced from outside. */
export function logBackHint(net: string): string {
  return `restore the stream ${streams.log(net)} from a backup (nats stream restore), or stop the system and move its state folder away to begin anew`;
}

/** What helps when an entry in the middle of a net's log is gone. */
export function gapHint(net: string): string {
  return `petrel verify ${net} tells what is missing; restore the stream ${streams.log(net)} from a backup (nats stream restore)`;
}
