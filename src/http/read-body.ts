/** The body of an answer, whole and within its limit, also after decompression. */
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { Terminal } from "../contract/errors.ts";

/** Errors: Terminal `http-answer-too-big`; what the stream throws. */
export async function readLimited(stream: Readable, declared: string | undefined, maxBytes: number): Promise<Buffer> {
  if (declared !== undefined && Number(declared) > maxBytes) {
    stream.destroy();
    throw tooBig(maxBytes);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop ends the stream.
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooBig(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Nothing is asked to be compressed; some servers do it anyway. Errors: Terminal `http-answer-too-big`, `http-bad-answer`. */
export async function decoded(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const names = (encoding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  let bytes = body;
  for (const name of names.reverse()) {
    if (bytes.byteLength > 0 && name !== "" && name !== "identity") bytes = await decodedOnce(bytes, name, maxBytes);
  }
  return bytes;
}

async function decodedOnce(bytes: Buffer, name: string, maxBytes: number): Promise<Buffer> {
  const unpack =
    name === "gzip" || name === "x-gzip" ? gunzip : name === "br" ? brotliDecompress : name === "deflate" ? deflateOf(bytes) : null;
  if (!unpack) {
    throw new Terminal({ code: "http-bad-answer", message: `the answer comes in an encoding that nobody asked for: ${name.slice(0, 40)}` });
  }
  try {
    return await promisify<Buffer, { maxOutputLength: number }, Buffer>(unpack)(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooBig(maxBytes);
    throw new Terminal({ code: "http-bad-answer", message: `the answer says that it is ${name} and cannot be read as that` });
  }
}

/** Some send `deflate` without its wrapping. */
function deflateOf(bytes: Buffer) {
  return ((bytes[0] ?? 0) & 0x0f) === 8 ? inflate : inflateRaw;
}

function tooBig(maxBytes: number): Terminal {
  return new Terminal({
    code: "http-answer-too-big",
    message: `the answer is bigger than ${maxBytes} bytes`,
    hint: 'raise "maxBytes" of the transition, or ask for less',
  });
}
