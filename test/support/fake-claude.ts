/** The provider claude-code over a program that plays Claude Code. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ClaudeCodeOptions, claudeCodeProvider } from "../../src/executors/model-cli/claude-code.ts";
import type { ModelProvider } from "../../src/models/port.ts";
import { realClock } from "./model-clock.ts";

export const FAKE_CLAUDE = fileURLToPath(new URL("fake-claude.mjs", import.meta.url));

export function fakeClaude(options: Partial<ClaudeCodeOptions>): ModelProvider {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "petrel-claude-"));
  const env = { PATH: process.env.PATH, ...options.env };
  return claudeCodeProvider({ clock: realClock, command: FAKE_CLAUDE, ...options, dir, env });
}
