/** Work orders are signed by the masters (Ed25519, RFC 8032): an executor acts on nothing that merely lay on the broker. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { pack, unpack } from "msgpackr";
import * as z from "zod";
import { FLAGS_PATTERN } from "../contract/capability.ts";
import type { SignedOrder, WorkOrder } from "../contract/envelope.ts";
import { Refused } from "../contract/errors.ts";
import { ID_PATTERN, NAME_PATTERN, PATH_PATTERN } from "../contract/ids.ts";

/** A key as PEM text or as an object. */
export type Key = string | KeyObject;

const orderSchema = z.looseObject({
  v: z.literal(1),
  net: z.string().regex(PATH_PATTERN),
  transition: z.string().min(1),
  firing: z.string().regex(ID_PATTERN),
  attempt: z.int().min(1),
  pool: z.string().regex(NAME_PATTERN),
  labels: z.array(z.string()).optional(),
  key: z.string().min(1),
  mode: z.enum(["run", "session"]),
  hand: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
  persona: z.looseObject({ name: z.string(), flags: z.string().regex(FLAGS_PATTERN), tools: z.array(z.string()) }).nullable(),
  timeoutMs: z.number().positive(),
  at: z.string(),
  expires: z.iso.datetime().optional(),
  gateway: z.string().optional(),
});

/** A fresh pair, both as PEM. */
export function newOrderKeys(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

export function signOrder(order: WorkOrder, privateKey: Key): SignedOrder {
  const key = typeof privateKey === "string" ? createPrivateKey(privateKey) : privateKey;
  const bytes = new Uint8Array(pack(order));
  return { order: bytes, signature: new Uint8Array(sign(null, bytes, key)) };
}

/** The order, if the masters' key signed exactly these bytes. Throws Refused `bad-signature` or `bad-order`. */
export function verifyOrder(signed: SignedOrder, publicKey: Key): WorkOrder {
  const key = typeof publicKey === "string" ? createPublicKey(publicKey) : publicKey;
  if (!isSigned(signed, key)) {
    throw new Refused({
      code: "bad-signature",
      message: "a work order does not carry a valid signature of this executor's masters",
      hint: "give the executor the masters' public key, or find out who publishes to the work streams",
    });
  }
  const parsed = orderSchema.safeParse(unpack(signed.order));
  if (!parsed.success) {
    throw new Refused({ code: "bad-order", message: `a signed work order has the wrong shape: ${z.prettifyError(parsed.error)}` });
  }
  return parsed.data as unknown as WorkOrder;
}

/** As `verifyOrder`, and each order once: whoever asks again for the same one gets what was read. */
export function orderReader(publicKey: Key): (signed: SignedOrder) => WorkOrder {
  let key: KeyObject | null = null;
  const known = new WeakMap<SignedOrder, WorkOrder>();
  return (signed) => {
    key ??= typeof publicKey === "string" ? createPublicKey(publicKey) : publicKey;
    const order = known.get(signed) ?? verifyOrder(signed, key);
    known.set(signed, order);
    return order;
  };
}

function isSigned(signed: SignedOrder, key: KeyObject): boolean {
  try {
    return verify(null, signed.order, key, signed.signature);
  } catch {
    return false;
  }
}
