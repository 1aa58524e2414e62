/** Opens an address in the user's browser, by the way that the system has for it. */
import { spawn } from "node:child_process";

const OPENERS: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] };

/** False when this machine has no way to open it; the address was printed anyway. */
export function openPage(url: string, platform: NodeJS.Platform, env: Record<string, string | undefined>): Promise<boolean> {
  const [command, ...args] = env.BROWSER ? [env.BROWSER] : (OPENERS[platform] ?? ["xdg-open"]);
  return new Promise((resolve) => {
    const opener = spawn(command, [...args, url], { stdio: "ignore", detached: true });
    opener.once("error", () => resolve(false));
    opener.once("spawn", () => {
      opener.unref();
      resolve(true);
    });
  });
}
