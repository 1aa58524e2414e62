// Runs one program to its end and gives back what it said.
import { spawn } from "node:child_process";

/**
 * Resolves to {code, output}: both streams together, the last 8,000 characters. A program that is not there has the code 127.
 * `tick` is called every second, for progress.
 */
export function run(command, args, { cwd, env, tick, timeoutMs = 600_000 } = {}) {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs, killSignal: "SIGKILL" });
    let output = "";
    const take = (chunk) => {
      output = (output + chunk.toString("utf8")).slice(-8000);
    };
    const timer = tick ? setInterval(tick, 1000) : undefined;
    const end = (code) => {
      clearInterval(timer);
      settle({ code, output });
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => {
      output += error.message;
      end(error.code === "ENOENT" ? 127 : 126);
    });
    child.on("close", (code, signal) => {
      if (signal) output += `\nended by ${signal}${signal === "SIGKILL" ? ` after ${timeoutMs / 1000} s` : ""}`;
      end(code ?? 1);
    });
  });
}

/** The last lines of a program's output that say something, for a message. */
export function lastWords(output, lines = 3) {
  return output
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(-lines)
    .join("; ")
    .slice(0, 400);
}
