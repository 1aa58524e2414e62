/** The house rules of the design, each a function from facts to sentences that say what is wrong. */
import { resolveImport, type SourceFacts } from "./source-map.ts";

/** What listens on a socket in the file system, which is no port. */
const FILE_SOCKETS = ["executors/sandbox-proxy.ts"];

/** What each room may import besides itself: the storeys below it, never beside it. */
const BELOW: Record<string, readonly string[]> = {
  contract: [],
  net: ["contract"],
  models: ["contract"],
  tools: ["contract"],
  http: ["contract"],
  monitor: ["contract"],
  crystallize: ["contract", "net"],
  personas: ["contract", "net", "models", "tools"],
  jetstream: ["contract", "net", "models", "tools"],
  executors: ["contract", "net", "models", "tools", "http", "personas", "jetstream"],
  actors: ["contract", "net", "models", "tools", "http", "personas", "jetstream", "executors", "crystallize"],
  client: ["contract", "net", "models", "tools", "http", "personas", "jetstream", "executors", "crystallize", "actors"],
  gateway: [
    "contract",
    "net",
    "models",
    "tools",
    "http",
    "personas",
    "jetstream",
    "executors",
    "crystallize",
    "actors",
    "client",
    "monitor",
  ],
  cli: ["contract", "net", "models", "tools", "http", "personas", "jetstream", "executors", "crystallize", "actors", "client", "gateway"],
};

interface PackageRule {
  packages: RegExp;
  allowed: RegExp;
  why: string;
}
const PACKAGES: PackageRule[] = [
  { packages: /^@nats-io\//, allowed: /^jetstream\//, why: "only jetstream speaks NATS" },
  { packages: /^(@anthropic-ai\/|openai(\/|$))/, allowed: /^models\//, why: "only models uses a model SDK" },
  {
    packages: /^((node:)?(child_process|cluster)|execa)$/,
    allowed: /^(executors\/|jetstream\/server\/|cli\/team\/git\.ts$|cli\/(verbs\/)?(up|demo|supervisor)[^/]*(\/[^/]+)?\.ts$)/,
    why: "only executors spawn processes, besides the managed server, what up and demo start, and the git that run and demo look with",
  },
  { packages: /^(undici|ipaddr\.js)(\/|$)/, allowed: /^http\//, why: "only http speaks HTTP" },
  { packages: /^jsonata(\/|$)/, allowed: /^executors\//, why: "only executors evaluate JSONata" },
  { packages: /^xstate(\/|$)/, allowed: /^actors\//, why: "only actors are built on XState" },
  { packages: /^@modelcontextprotocol\/client(\/|$)/, allowed: /^tools\/mcp\//, why: "only tools/mcp is a client of MCP servers" },
  {
    packages: /^@modelcontextprotocol\/server(\/|$)/,
    allowed: /^(gateway\/|cli\/verbs\/mcp\.ts$)/,
    why: "only the gateway, and the verb mcp over stdio, serve MCP",
  },
  { packages: /^commander(\/|$)/, allowed: /^cli\//, why: "only the command line parses arguments" },
];
/** Packages of a megabyte, read where they are used: no command waits for them. */
const LATE = /^(@anthropic-ai\/|openai(\/|$))/;
/** Net is algebra: libraries that compute, nothing of the machine. */
const NET_LIBRARIES = /^(zod|chevrotain|ajv|ajv-formats|fast-xml-parser|jsonc-parser|croner|re2js)(\/.*)?$/;
const MACHINE_TIME = [
  "Date.now",
  "new Date()",
  "Math.random",
  "setTimeout",
  "setInterval",
  "performance.now",
  "crypto.randomUUID",
  "randomUUID",
];
const FORBIDDEN_FOLDERS = ["utils", "util", "common", "shared", "helpers", "misc"];
const LONGEST_FILE = 500;

export function violations(sources: SourceFacts[]): string[] {
  return [
    ...sources.flatMap((file) => [...roomRules(file, sources), ...packageRules(file), ...fileRules(file), ...useRules(file)]),
    ...cycles(sources),
  ];
}

const roomOf = (path: string): string => (path.includes("/") ? (path.split("/")[0] ?? "") : path);

function roomRules(file: SourceFacts, sources: SourceFacts[]): string[] {
  const room = roomOf(file.path);
  if (room === "main.ts") return [];
  const below = BELOW[room];
  if (!below) return [`${file.path}: no room is called ${room}; the rooms are ${Object.keys(BELOW).join(", ")} and main.ts`];
  const found: string[] = [];
  for (const { from } of file.imports) {
    const target = resolveImport(file.path, from);
    if (target === null) continue;
    const there = roomOf(target);
    if (there !== room && !below.includes(there))
      found.push(`${file.path} imports ${target}: ${room} may import ${below.join(", ") || "nothing"}`);
    if (!/\.(json|css)$/.test(from) && !sources.some((other) => other.path === target))
      found.push(`${file.path} imports ${from}, which is not in src`);
  }
  return found;
}

function packageRules(file: SourceFacts): string[] {
  const found: string[] = [];
  for (const { from, typeOnly, late } of file.imports) {
    if (from.startsWith(".")) continue;
    if (LATE.test(from) && !typeOnly && !late)
      found.push(`${file.path} imports ${from} at its start: read it by import() where it is used`);
    for (const rule of PACKAGES) {
      if (rule.packages.test(from) && !rule.allowed.test(file.path)) found.push(`${file.path} imports ${from}: ${rule.why}`);
    }
    // One sentence an import: in net the shut list says less than the open one.
    if (file.path.startsWith("net/") && found.length === 0 && !NET_LIBRARIES.test(from))
      found.push(`${file.path} imports ${from}: net is pure, so only contract and libraries that compute`);
  }
  return found;
}

function fileRules(file: SourceFacts): string[] {
  const parts = file.path.split("/");
  const name = parts.pop() ?? "";
  const found: string[] = [];
  if (/^index\.tsx?$/.test(name)) found.push(`${file.path}: no barrels, a file is named after its one idea`);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*\.tsx?$/.test(name)) found.push(`${file.path}: file names are kebab-case`);
  const bad = parts.find((part) => FORBIDDEN_FOLDERS.includes(part));
  if (bad) found.push(`${file.path}: no folder is called ${bad}`);
  if (file.lines > LONGEST_FILE) found.push(`${file.path} has ${file.lines} lines: ${LONGEST_FILE} are the most`);
  if (file.hasDefaultExport) found.push(`${file.path} has a default export: exports have names`);
  return found;
}

function useRules(file: SourceFacts): string[] {
  const found: string[] = [];
  if (/^(net|personas|crystallize)\//.test(file.path)) {
    for (const use of MACHINE_TIME) if (file.uses.has(use)) found.push(`${file.path} uses ${use}: time and chance are inputs`);
  }
  const mayReadEnvironment = /^(main\.ts$|cli\/|jetstream\/server\/|models\/config)/.test(file.path);
  if (file.uses.has("process.env") && !mayReadEnvironment)
    found.push(`${file.path} reads process.env: the environment is read at the composition root and handed on`);
  // Only a module that deals in sockets can open a port; others may call a method of their own `listen`.
  const sockets = file.imports.some((one) => !one.typeOnly && /^(node:)?(net|http|https|http2|tls|dgram)$/.test(one.from));
  const listens = [...file.uses].some((use) => use === "createServer" || use.endsWith(".createServer") || use.endsWith(".listen"));
  if (sockets && listens && !file.path.startsWith("gateway/") && !FILE_SOCKETS.includes(file.path))
    found.push(`${file.path} listens: only the gateway opens a port`);
  return found;
}

/** Cycles of run-time imports between files, each named once, from its first file in the alphabet. */
function cycles(sources: SourceFacts[]): string[] {
  const graph = new Map(
    sources.map((file) => [
      file.path,
      file.imports.filter((one) => !one.typeOnly && !one.late).flatMap((one) => resolveImport(file.path, one.from) ?? []),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push(`a cycle of imports: ${[...trail.slice(at), path].join(" -> ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of [...graph.keys()].sort()) walk(path, []);
  return found;
}
