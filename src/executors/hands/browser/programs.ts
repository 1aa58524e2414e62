/** The system's own programs that the browser hand drives: nothing is installed for it. */
import { existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import type { Environment } from "../../clean-environment.ts";

const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

/** Chromium or Chrome: PETREL_BROWSER, or the first on PATH. Null when there is none. */
export function findBrowser(environment: Environment): string | null {
  const named = environment.PETREL_BROWSER;
  if (named) return existsSync(named) ? named : null;
  return onPath(BROWSERS, environment) ?? MAC.find((path) => existsSync(path)) ?? null;
}

/** ffmpeg, for videos: PETREL_FFMPEG, or the one on PATH. Null when there is none. */
export function findFfmpeg(environment: Environment): string | null {
  const named = environment.PETREL_FFMPEG;
  if (named) return existsSync(named) ? named : null;
  return onPath(["ffmpeg"], environment);
}

function onPath(names: readonly string[], environment: Environment): string | null {
  const folders = (environment.PATH ?? "/usr/local/bin:/usr/bin:/bin").split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path)) ?? null;
}
