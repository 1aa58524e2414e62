/** A marking in the form in which the public API tells it: how many tokens lie where, and what is under way. */
import type { PlacedId } from "./event.ts";

export interface PlaceView {
  place: string;
  title: string;
  waiting: number;
  reserved: number;
  /** ISO time of the token that lies there longest. */
  oldestAt: string | null;
  capacity: number | null;
  open: boolean;
}
/** A firing that is under way. */
export interface FiringView {
  firing: string;
  transition: string;
  persona: string | null;
  attempt: number;
  executor: string | null;
  instance: number | null;
  correlation: string;
  /** ISO time. */
  since: string;
  /** An attempt that failed waits until then. */
  notBefore: string | null;
  /** The gate that it waits at. */
  gate: string | null;
  consumed: PlacedId[];
  read: PlacedId[];
}
export interface MarkingView {
  net: string;
  seq: number;
  state: "running" | "paused" | "stopped";
  version: string | null;
  places: PlaceView[];
  firings: FiringView[];
}
