/** The wire format of server-sent events (HTML standard, section 9.2), as much of it as the gateway sends. */
export interface Frame {
  id: string | null;
  event: string;
  data: string;
}

/** What has come together is handed on together. */
export async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame[]> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    const frames = blocks.flatMap((block) => parse(block) ?? []);
    if (frames.length > 0) yield frames;
  }
}

function parse(block: string): Frame | null {
  const frame: Frame = { id: null, event: "message", data: "" };
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) frame.id = line.slice(4);
    else if (line.startsWith("event: ")) frame.event = line.slice(7);
    else if (line.startsWith("data: ")) frame.data += line.slice(6);
  }
  return frame.data === "" ? null : frame;
}

/** Of a request that asked for a stream and got none. */
export class NoStream extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`the gateway answered ${status}`);
    this.status = status;
  }
}

/** Errors: NoStream; what fetch throws. */
export async function requestStream(
  path: string,
  last: string | null,
  token: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Frame[]>> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
  if (last !== null) headers["last-event-id"] = last;
  const response = await fetch(path, { headers, signal });
  if (!response.ok || !response.body) throw new NoStream(response.status);
  return framesOf(response.body);
}
