/** `petrel gateway`: a further gateway beside a system that runs. `petrel up` starts one by itself. */
import { REQUESTS_PER_SECOND } from "../../gateway/access/rate-limit.ts";
import { EXIT, type Verb } from "../verb.ts";

export const DEFAULT_GATEWAY_PORT = 8484;

export const gatewayVerb: Verb = {
  command: "gateway",
  summary: "serve HTTP: the API, the event line, the monitor",
  details:
    "It keeps nothing of its own: any number may run behind any balancer, and a token of one is good on all. It speaks plain HTTP; put a proxy with TLS before it to listen anywhere but on this machine.",
  examples: ["petrel gateway", "petrel gateway --port 0 --json", "petrel gateway --host 0.0.0.0 --port 8080 --trust-proxy 10.0.0.5"],
  options: [
    { flags: "--host <address>", about: "where to listen (default: 127.0.0.1)" },
    { flags: "--port <n>", about: `the port (default: ${DEFAULT_GATEWAY_PORT}; 0 takes a free one)` },
    {
      flags: "--rate <n>",
      about: `the most requests of one client in a second, over ten seconds and all gateways (default: ${REQUESTS_PER_SECOND})`,
    },
    { flags: "--trust-proxy <address...>", about: "proxies whose word on a client's address counts" },
    {
      flags: "--expert <who>",
      about: "who answers as Domain Expert: a model, where one has a key, or rules alone",
      choices: ["model", "rules"],
    },
    { flags: "--any-port", about: "take a free port when the port is in use" },
    { flags: "--tied", about: "end when standard input ends" },
  ],
  run: async (call) => {
    const { petrel, out } = call;
    const options = {
      dir: call.dir,
      host: call.text("host") ?? "127.0.0.1",
      port: call.integer("port") ?? DEFAULT_GATEWAY_PORT,
      anyPort: call.on("anyPort"),
      logLevel: call.logLevel,
      trustProxy: call.list("trustProxy"),
      rate: call.integer("rate", 1),
      expert: call.text("expert") !== "rules",
    };
    const signal = call.on("tied") ? AbortSignal.any([petrel.signal, petrel.stdinEnds()]) : petrel.signal;
    const { runGateway } = await import("../processes/gateway-process.ts");
    await runGateway(petrel, options, signal, (url) => {
      const ready = JSON.stringify({ ready: true, gateway: url, pid: process.pid });
      if (out.json || call.on("tied")) petrel.stdout.write(`${ready}\n`);
      else out.say(`The gateway listens on ${url}. API: ${url}/docs. Ctrl-C stops it.`);
    });
    return EXIT.ok;
  },
};
