// What a person sees while the machine works: one line a step, with the seconds since the start and the megabytes so far.

/** A failure that the user can mend: `next` are the lines that say how. */
export class SetupFailure extends Error {
  constructor(message, next = []) {
    super(message);
    this.next = next;
  }
}

export function createProgress({ quiet, write }) {
  const began = performance.now();
  let bytes = 0;
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
  return {
    say(text) {
      if (!quiet) write(`setup [${seconds().padStart(3)} s] ${text}\n`);
    },
    /** Counts megabytes that were downloaded or installed. */
    add(count) {
      bytes += count;
    },
    total: () => `${seconds()} s, ${megabytes(bytes)}`,
  };
}

export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
