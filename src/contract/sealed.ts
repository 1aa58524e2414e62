/**
 * Sealing, on node:crypto alone. At rest: AES-256-GCM under a key of 32 bytes, tied to the name of what is sealed. On the wire: for the
 * holder of a private X25519 key (RFC 7748), by an ephemeral key, HKDF-SHA256 (RFC 5869) and AES-256-GCM.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { Terminal } from "./errors.ts";

const ALGORITHM = "aes-256-gcm";
export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Base64 of iv, tag and the sealed text. `name` must be the same to open it. */
export function seal(key: Uint8Array, name: string, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(name));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
}

/** Errors: Terminal `sealed` when the key is another one, or it was changed. */
export function unseal(key: Uint8Array, name: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES)).setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch {
    throw new Terminal({ code: "sealed", message: `${name} cannot be opened: it was sealed with another key, or was changed` });
  }
}

export interface Receiver {
  /** Goes to whoever seals: base64 of the public key. */
  publicKey: string;
  open(name: string, sealed: string): string;
}

/** A key pair for one answer. */
export function receiver(): Receiver {
  const pair = generateKeyPairSync("x25519");
  return {
    publicKey: exported(pair.publicKey),
    open: (name, sealed) => {
      const [ephemeral = "", body = ""] = sealed.split(".", 2);
      return unseal(sharedKey(pair.privateKey, imported(ephemeral)), name, body);
    },
  };
}

/** Only the holder of the private key opens it. Errors: Terminal `sealed` for what is no public key. */
export function sealFor(publicKey: string, name: string, text: string): string {
  const pair = generateKeyPairSync("x25519");
  return `${exported(pair.publicKey)}.${seal(sharedKey(pair.privateKey, imported(publicKey)), name, text)}`;
}

function sharedKey(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", diffieHellman({ privateKey, publicKey }), "", "petrel sealed answer", KEY_BYTES));
}
function exported(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}
function imported(text: string): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(text, "base64"), type: "spki", format: "der" });
    if (key.asymmetricKeyType === "x25519") return key;
  } catch {
    // Told below.
  }
  throw new Terminal({ code: "sealed", message: "what should be a public key is none" });
}
