/** What is told by calls, as a stream to read; and what it came to in the end. */
export function pieces<T>(work: (onText: (delta: string) => void) => Promise<T>): { texts: AsyncGenerator<string>; whole: Promise<T> } {
  const queue: string[] = [];
  let wake: (() => void) | null = null;
  let over = false;
  const whole = work((delta) => {
    queue.push(delta);
    wake?.();
  });
  const end = () => {
    over = true;
    wake?.();
  };
  whole.then(end, end);
  async function* texts(): AsyncGenerator<string> {
    while (queue.length > 0 || !over) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (queue.length > 0 || over) resolve();
        });
    }
  }
  return { texts: texts(), whole };
}
