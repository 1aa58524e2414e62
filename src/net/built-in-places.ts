/** Places that nets have without declaring them. */
import { REJECTED } from "../contract/subjects.ts";

/** Where tokens of a failed firing lie when its transition names no other place. */
export const DEAD_LETTER = "dead-letter";
/** Every net has them. */
export const BUILT_IN_PLACES: readonly string[] = [REJECTED, DEAD_LETTER];
/** A net with a rule in place of a model has it: where the two differed, and what people are asked about rules. No arc names it. */
export const DISAGREEMENTS = "disagreements";
/** A net of which a person has taken a task over has it: what is worked on by hand until it is handed back. No arc names it. */
export const TAKEN_OVER = "taken-over";
/** A net that sends tokens to other nets has it: what has left its place and has not arrived yet (E10). No arc names it. */
export const IN_TRANSIT = "in-transit";
