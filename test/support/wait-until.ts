/** Waits for something to become true, asking often; fails with the reason when it does not. */
export async function waitUntil(reason: string, predicate: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const late = Date.now() > end; // before the look: a process that was held up looks once more before it gives up
    if (await predicate()) return;
    if (late) throw new Error(`waited ${timeoutMs} ms in vain: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
