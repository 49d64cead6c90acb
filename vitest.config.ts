import { defineConfig } from "vitest/config";

const slow = process.env.POTSTILL_SLOW_TESTS === "1";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: slow ? ["node_modules/**"] : ["test/**/*.slow.test.ts", "node_modules/**"],
    // Native addons (TensorFlow, ZeroMQ) keep process-wide state: one process per test file, two at a time.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    env: { TF_CPP_MIN_LOG_LEVEL: "3", POTSTILL_HISTORY: "off" },
  },
});
