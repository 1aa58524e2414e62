/**
 * What runs inside a sandbox in front of a command whose network is a list of hosts: it listens on the sandbox's own loopback and hands on
 * to the proxy's socket. It stands here as text so that the one bundled file can start it: `node -e`.
 */
const PORT = 3128;

const SOURCE = `
const net = require("node:net"), { spawn } = require("node:child_process");
const [socket, file, ...args] = process.argv.slice(1);
net.createServer((inside) => {
  const outside = net.connect(socket);
  inside.pipe(outside).pipe(inside);
  for (const one of [inside, outside]) one.on("error", () => { inside.destroy(); outside.destroy(); });
}).listen(${PORT}, "127.0.0.1", () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const child = spawn(file, args, { stdio: "inherit" });
  child.once("error", () => { process.stderr.write("bwrap: execvp " + file + ": No such file or directory\\n"); process.exit(1); });
  child.once("exit", (code, signal) => process.exit(code ?? 128 + (require("node:os").constants.signals[signal] ?? 0)));
});`;

/** The argument vector inside; `node` is what this process runs on. */
export function throughProxy(node: string, socket: string, argv: readonly string[]): string[] {
  // Node 22 warns of the proxy that the command's environment names; it would stand in the command's own output.
  return [node, "--no-warnings", "-e", SOURCE, socket, ...argv];
}

/** Where programs look for a proxy, each in its own way. */
export function proxyEnvironment(): Record<string, string> {
  const proxy = `http://127.0.0.1:${PORT}`;
  const here = "localhost,127.0.0.1,::1";
  return {
    ...{ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, http_proxy: proxy, https_proxy: proxy, all_proxy: proxy },
    ...{ NO_PROXY: here, no_proxy: here, NODE_USE_ENV_PROXY: "1" },
  };
}
