/** Many calls in flight, but never more than a window: past 10,000 pending API calls the server drops them all. */

/** Runs `one` for each item, at most `width` at once. Waits for those under way, then throws the first error. */
export function windowed<T>(items: readonly T[], width: number, one: (item: T) => Promise<void>): Promise<void> {
  if (items.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    let next = 0;
    let flying = 0;
    let failed: { error: unknown } | null = null;
    const settle = () => {
      if (flying > 0) return;
      if (failed) reject(failed.error);
      else if (next >= items.length) resolve();
    };
    const start = () => {
      while (!failed && flying < width && next < items.length) {
        const item = items[next++] as T;
        flying++;
        one(item).then(
          () => {
            flying--;
            start();
            settle();
          },
          (error: unknown) => {
            flying--;
            failed ??= { error };
            settle();
          },
        );
      }
    };
    start();
  });
}
