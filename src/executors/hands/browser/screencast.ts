/**
 * A video of a page: Chromium hands over each picture that it draws (Page.startScreencast), and the system's ffmpeg makes a film of them.
 * V1 Every picture stands as long as it stood on the page; the last one stands for a second.
 * V2 Pictures lie on disk, not in memory, and are counted: what comes after the limit is left out, and the token says so.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import type { RunCommand } from "../../hand.ts";

const MOST_PICTURES = 6000;
const LAST_SECONDS = 1;
const FRAMES_A_SECOND = 10;
const ENCODE_MS = 5 * 60_000;

interface Picture {
  file: string;
  /** Seconds, by the browser's clock. */
  at: number;
}

export class Screencast {
  readonly #dir: string;
  readonly #session: CDPSession;
  readonly #pictures: Picture[] = [];
  truncated = false;

  private constructor(dir: string, session: CDPSession) {
    this.#dir = dir;
    this.#session = session;
    session.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
      this.#keep(Buffer.from(data, "base64"), metadata.timestamp ?? this.#lastAt() + 1 / FRAMES_A_SECOND);
      session.send("Page.screencastFrameAck", { sessionId }).catch(() => {
        // The page went away meanwhile.
      });
    });
  }

  static async start(page: Page, dir: string): Promise<Screencast> {
    const session = await page.context().newCDPSession(page);
    const cast = new Screencast(dir, session);
    await session.send("Page.startScreencast", { format: "jpeg", quality: 80, everyNthFrame: 1 });
    return cast;
  }

  get pictures(): number {
    return this.#pictures.length;
  }

  async stop(): Promise<void> {
    await this.#session.send("Page.stopScreencast").catch(() => {
      // The page is gone, and the cast with it.
    });
  }

  /** Adds a picture that was taken by other means, as the last state of the page. */
  add(jpeg: Buffer): void {
    this.#keep(jpeg, this.#lastAt() + 1 / FRAMES_A_SECOND);
  }

  /** Makes the film; null when there is nothing to show. Throws what ffmpeg said. */
  async encode(ffmpeg: string, run: RunCommand): Promise<string | null> {
    if (this.#pictures.length === 0) return null;
    const list = join(this.#dir, "pictures.txt");
    const video = join(this.#dir, "flow.webm");
    writeFileSync(list, listOf(this.#pictures)); // V1
    const even = `fps=${FRAMES_A_SECOND},scale=trunc(iw/2)*2:trunc(ih/2)*2`;
    const codec = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-pix_fmt", "yuv420p"];
    const argv = [
      ffmpeg,
      "-hide_banner",
      "-loglevel",
      "error",
      "-y",
      "-f",
      "concat",
      "-safe",
      "0",
      "-i",
      list,
      "-vf",
      even,
      ...codec,
      video,
    ];
    const result = await run({ argv, cwd: this.#dir, timeoutMs: ENCODE_MS });
    if (result.exitCode !== 0) throw new Error(`ffmpeg ended with ${result.exitCode}: ${result.stderr.trim().slice(-300)}`);
    return video;
  }

  #keep(jpeg: Buffer, at: number): void {
    if (this.#pictures.length >= MOST_PICTURES) {
      this.truncated = true; // V2
      return;
    }
    const file = join(this.#dir, `picture-${String(this.#pictures.length).padStart(5, "0")}.jpg`);
    writeFileSync(file, jpeg);
    this.#pictures.push({ file, at });
  }

  #lastAt(): number {
    return this.#pictures.at(-1)?.at ?? 0;
  }
}

/** For ffmpeg's concat reader: it takes the duration of the last picture only when the picture is named once more. */
export function listOf(pictures: readonly Picture[]): string {
  const rows = pictures.flatMap(({ file, at }, index) => {
    const next = pictures[index + 1];
    const seconds = next ? Math.max(0.001, next.at - at) : LAST_SECONDS;
    return [`file '${file.replaceAll("'", "'\\''")}'`, `duration ${seconds.toFixed(3)}`];
  });
  const last = pictures.at(-1);
  return `${[...rows, ...(last ? [`file '${last.file.replaceAll("'", "'\\''")}'`] : [])].join("\n")}\n`;
}
