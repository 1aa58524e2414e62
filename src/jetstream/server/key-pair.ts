/**
 * NATS keys (nkeys: Ed25519 under base32 names) with the signatures of node:crypto. The library's own are computed in JavaScript and
 * would hold up the loop of events for 60 ms each.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import type { KeyPair } from "@nats-io/nkeys";

export type KeyRole = "operator" | "account" | "user";

// The first bits of the text become its first letter: O, A, U, and S for a seed.
const ROLES: Record<KeyRole, number> = { operator: 14 << 3, account: 0, user: 20 << 3 };
const SEED = 18 << 3;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** What stands before the 32 bytes of an Ed25519 key in PKCS 8 (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const RAW = 32;

/** A fresh key's seed, like `SU...`. */
export function newSeed(role: KeyRole): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  const raw = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-RAW);
  const prefix = ROLES[role];
  return named(Buffer.concat([Buffer.from([SEED | (prefix >> 5), (prefix & 31) << 3]), raw]));
}

/** The key of a seed. Throws when the text is none. */
export function keyPair(seed: string): KeyPair {
  const bytes = unnamed(seed);
  if (bytes.length !== 2 + RAW || (bytes[0] as number) >> 3 !== SEED >> 3) throw new Error("this is no seed of a NATS key");
  const prefix = (((bytes[0] as number) & 7) << 5) | ((bytes[1] as number) >> 3);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, bytes.subarray(2)]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key);
  const name = named(Buffer.concat([Buffer.from([prefix]), publicBytes(publicKey)]));
  const unused = (): never => {
    throw new Error("keys of this kind only sign");
  };
  return {
    getPublicKey: () => name,
    getPrivateKey: () => Buffer.concat([bytes.subarray(2), publicBytes(publicKey)]),
    getSeed: () => Buffer.from(seed),
    sign: (input) => new Uint8Array(sign(null, input, key)),
    verify: (input, signature) => verify(null, input, publicKey, signature),
    clear: () => {},
    seal: unused,
    open: unused,
  };
}

/** The public name of a seed's key, like `UA...`. */
export function publicName(seed: string): string {
  return keyPair(seed).getPublicKey();
}

function publicBytes(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" }).subarray(-RAW);
}

/** Base32 without padding, a checksum at the end. */
function named(bytes: Buffer): string {
  const whole = Buffer.alloc(bytes.length + 2);
  bytes.copy(whole);
  whole.writeUInt16LE(checksum(bytes), bytes.length);
  let [bits, held, text] = [0, 0, ""];
  for (const byte of whole) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

function unnamed(text: string): Buffer {
  const bytes: number[] = [];
  let [bits, held] = [0, 0];
  for (const letter of text.trim()) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) throw new Error("a NATS key has a letter that base32 does not know");
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
    held &= (1 << bits) - 1;
  }
  const whole = Buffer.from(bytes);
  const content = whole.subarray(0, -2);
  if (whole.length < 3 || whole.readUInt16LE(whole.length - 2) !== checksum(content)) throw new Error("a NATS key has a wrong checksum");
  return content;
}

/** CRC-16/XMODEM. */
function checksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
