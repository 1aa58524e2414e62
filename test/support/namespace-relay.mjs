/**
 * Runs in a network namespace of its own, which has loopback and nothing else: each of the named ports leads out by a socket in the file
 * system, and the program after `--` is started. Nothing comes in, and nothing else goes out.
 * node namespace-relay.mjs PORT=SOCKET... -- PROGRAM ARGUMENT...
 */
import { execFileSync, spawn } from "node:child_process";
import { connect, createServer } from "node:net";

const words = process.argv.slice(2);
const end = words.indexOf("--");
execFileSync("ip", ["link", "set", "lo", "up"]);
for (const [port, path] of words.slice(0, end).map((pair) => pair.split("="))) {
  const server = createServer((inside) => {
    const outside = connect(path);
    inside.pipe(outside).pipe(inside);
    for (const socket of [inside, outside])
      socket.on("error", () => {
        inside.destroy();
        outside.destroy();
      });
  });
  await new Promise((listening) => server.listen(Number(port), "127.0.0.1", listening));
}
const [file, ...args] = words.slice(end + 1);
const child = spawn(file, args, { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
