/** Envelopes on the wire: msgpackr without its record extension, so that any MessagePack reader can open them. */
import { Packr } from "msgpackr";
import type { SignedOrder, WorkResult } from "../contract/envelope.ts";

const packr = new Packr({ useRecords: false });

export function packEnvelope(value: unknown): Uint8Array {
  return packr.pack(value);
}
export function unpackEnvelope<T>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T;
}

/** An offer, or null when the bytes are no offer. The signature is not checked here. */
export function unpackOrder(bytes: Uint8Array): SignedOrder | null {
  const value = unpackOrNull<Partial<SignedOrder>>(bytes);
  if (!(value?.order instanceof Uint8Array) || !(value.signature instanceof Uint8Array)) return null;
  return { order: new Uint8Array(value.order), signature: new Uint8Array(value.signature) };
}

/** A result whose own words agree with its subject `done.<executor>.<net>.<firing>.<attempt>`, which the broker's permissions guard; else null. */
export function unpackResult(subject: string, bytes: Uint8Array): WorkResult | null {
  const value = unpackOrNull<Partial<WorkResult>>(bytes);
  if (!value?.outcome) return null;
  const own = ["done", value.executor, value.net, value.firing, value.attempt].join(".");
  return own === subject ? (value as WorkResult) : null;
}

function unpackOrNull<T>(bytes: Uint8Array): T | null {
  try {
    const value: unknown = packr.unpack(bytes);
    return typeof value === "object" && value !== null ? (value as T) : null;
  } catch {
    return null;
  }
}
