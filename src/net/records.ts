/**
 * What a state keeps of links, of what was used, of the net that it was forked from, and of rules: plain records without behaviour.
 * Each is folded where it is named: `link-state.ts`, `spending.ts`, `forking.ts`, `crystal/state.ts`.
 */
import type { Amounts } from "../contract/budget.ts";
import type { Watch } from "./rule/watch.ts";

/** What this net has sent to another one. */
export interface Outbox {
  /** The last number given. */
  sent: number;
  /** All up to here are in the other log. */
  delivered: number;
  /** Identity of the other log, once it has answered. */
  peer: string | null;
  /** How often a person has tied the nets anew: it is part of our identity for the other side. */
  round: number;
}

/** A token on its way. */
export interface Transit {
  net: string;
  place: string;
  number: number;
  transition: string;
  author: string | null;
}

/** What this net has taken from another one. */
export interface Inbox {
  /** The sender's identity. */
  from: string;
  /** The last number taken. */
  number: number;
}

export interface Spending {
  total: Amounts;
  /** ISO date (UTC) of `today`. */
  day: string;
  today: Amounts;
  /** How many more budgets people have allowed: in all, and for that day. */
  allowed: number;
  allowedToday: number;
}

export interface ForkOrigin {
  net: string;
  /** Of the parent's event that the fork begins after. */
  seq: number;
  at: string | null;
  by: string;
  /** The artefact with recorded answers, or null. */
  answers: string | null;
}

/** What a rule's event asks people for. */
export type Question = "promote" | "demoted" | "replace" | "unwatched";

export interface CrystalRecord {
  rule: string;
  /** `seq` of the event that the counts begin with. */
  since: number;
  mode: "shadow" | "live" | "off";
  /** Firings that the rule answered, and those that it left to the model. */
  answered: number;
  declined: number;
  /** Firings in which both answered, without effect of the rule's answer: before it was live, and in audits since. */
  shadow: { same: number; other: number };
  audit: { same: number; other: number };
  /** Answers of the rule that were sent back, rejected or corrected later; the last of them by how many it had given then. */
  bad: number;
  badAt: number[];
  /** Audits for which the model could not be asked: in all, and since one was made or people let it go on. Absent where there were none. */
  missed?: { all: number; inRow: number };
  /** For drift: since it is live, and before. */
  watch: Watch;
  /** K2. */
  demoted: { seq: number; reason: string } | null;
  /** The event since which its step asks something else than it was learned from; absent in old checkpoints. */
  outdated?: number;
  /** Somebody has taken it away: what stands of it in the definition, the steps of a program, stays while work is under way in them. */
  gone?: true;
  /** The token that asks people, and about what. */
  notice: { token: string; about: Question } | null;
  /** What they said, until it is carried out. */
  said: { about: Question; approve: boolean; by: string } | null;
  /** A later rule in its shadow beside this one; absent in old checkpoints. `beyond`: those of its comparisons where this one says nothing. */
  next?: { rule: string; since: number; same: number; other: number; beyond?: { same: number; other: number } } | null;
  /** What was compared of the rule whose place this one took, which said the same. */
  before?: { same: number; other: number };
  /** Tokens that are made of the rule's answers, newest last: what comes back with one of them was the rule's. */
  recent: string[];
  /** Those of `recent` behind which a model has spoken since: who turns one down speaks of that. Absent in old checkpoints. */
  behind?: string[];
}
