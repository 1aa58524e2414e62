import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./scripts/ci/not-run-here.mjs"],
    globalSetup: ["test/support/whole-run.ts"],
    setupFiles: ["test/support/test-file.ts"],
    testTimeout: 180_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
    pool: "forks",
  },
});
