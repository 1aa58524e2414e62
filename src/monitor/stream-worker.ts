/**
 * What runs once in a browser for all tabs of the monitor: it holds their streams. A tab that has said nothing for a while is gone; no
 * browser tells when one is closed.
 */
import { SharedStreams } from "./shared-streams.ts";
import { requestStream } from "./stream-frames.ts";
import type { FromWorker, ToWorker } from "./stream-messages.ts";

const SILENT_MS = 60_000;
const streams = new SharedStreams(({ path, last, token }, signal) => requestStream(path, last, token, signal));

function serve(port: MessagePort): void {
  const joined = new Map<number, () => void>();
  const tell = (message: FromWorker) => port.postMessage(message);
  const leave = (stream: number) => {
    joined.get(stream)?.();
    joined.delete(stream);
  };
  const gone = () => {
    for (const stream of [...joined.keys()]) {
      leave(stream);
      tell({ say: "end", stream, status: null });
    }
  };
  let silent = setTimeout(gone, SILENT_MS);
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    clearTimeout(silent);
    silent = setTimeout(gone, SILENT_MS);
    if (data.say === "alive") tell({ say: "here" });
    else if (data.say === "leave") leave(data.stream);
    else {
      const { stream } = data;
      const leaving = streams.join(data.wanted, {
        onOpen: () => tell({ say: "open", stream }),
        onFrames: (frames) => tell({ say: "frames", stream, frames }),
        onEnd: (status) => {
          leave(stream);
          tell({ say: "end", stream, status });
        },
      });
      joined.set(stream, leaving);
    }
  };
  tell({ say: "here" });
}

self.addEventListener("connect", (event) => {
  for (const port of (event as MessageEvent).ports) serve(port);
});
