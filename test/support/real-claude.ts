/** The real Claude Code from npm, in a cache of its own; a test that needs it says when it cannot be had. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The last that runs on the oldest Node that must work. */
const VERSION = "2.1.197";
const cache = process.env.PETREL_CLAUDE_CACHE ?? join(homedir(), ".cache", "petrel", `claude-code-${VERSION}`);

/** The folder that holds `claude`. */
export const CLAUDE_BIN = join(cache, "bin");
export const INSTALL_MS = 300_000;

/** Empty when it is there, else why it is not. Takes up to `INSTALL_MS`. */
export function installClaude(): string {
  if (existsSync(join(CLAUDE_BIN, "claude"))) return "";
  mkdirSync(cache, { recursive: true });
  const argv = ["install", "--global", "--prefix", cache, "--no-audit", "--no-fund", "--silent", `@anthropic-ai/claude-code@${VERSION}`];
  try {
    execFileSync("npm", argv, { timeout: 240_000, stdio: "pipe" });
    return "";
  } catch (error) {
    const missing = `Claude Code ${VERSION} could not be installed from npm: ${(error as Error).message.split("\n")[0]}`;
    process.stderr.write(`${missing}\n`);
    return missing;
  }
}
