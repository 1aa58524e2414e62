/** Waits for something to become true, asking often; fails with the reason when it does not. */
export async function waitUntil(reason: string, predicate: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await predicate()) return;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
