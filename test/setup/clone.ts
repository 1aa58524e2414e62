/** A clone in a temporary folder, with a home, a cache and programs of its own: what set-up finds on a newcomer's machine. */
import { execFile } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  ms: number;
}

export class Clone {
  readonly folder: string;
  readonly root: string;
  readonly programs: string;
  env: Record<string, string>;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "petrel-setup-test-"));
    this.root = join(this.folder, "petrel");
    this.programs = join(this.folder, "programs");
    mkdirSync(join(this.root, "src"), { recursive: true });
    mkdirSync(this.programs);
    cpSync(join(REPOSITORY, "scripts"), join(this.root, "scripts"), { recursive: true });
    this.write("package.json", JSON.stringify({ name: "petrel", type: "module" }));
    this.write("package-lock.json", JSON.stringify({ packages: { "": {}, "node_modules/left": { version: "1.0.0" } } }));
    this.write("src/main.ts", "const greeting: string = 'hello from the bundle';\nprocess.stdout.write(greeting);\n");
    this.env = {
      PATH: [this.programs, dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
      HOME: join(this.folder, "home"),
      XDG_CACHE_HOME: join(this.folder, "cache"),
      // A port where nobody listens: nothing in these tests asks the real site.
      PETREL_NATS_RELEASES: "http://127.0.0.1:1",
    };
    this.program("apt-get", "echo 'E: no network in this test' >&2; exit 100");
    this.program(
      "npm",
      `echo "$*" >> "${this.folder}/npm.log"
      rm -rf node_modules; mkdir -p node_modules
      ln -s "${REPOSITORY}/node_modules/esbuild" node_modules/esbuild
      ln -s "${REPOSITORY}/node_modules/@esbuild" node_modules/@esbuild`,
    );
  }

  write(path: string, content: string): string {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    return full;
  }

  /** A program on this clone's PATH, as a shell script. */
  program(name: string, script: string): string {
    return this.executable(join(this.programs, name), script);
  }

  executable(path: string, script: string): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  server(path: string, version: string): string {
    return this.executable(path, `echo "nats-server: v${version}"`);
  }

  /** Where a fetched server is kept for the user. */
  cached(): string {
    const cache = process.platform === "darwin" ? join(this.folder, "home", "Library", "Caches") : join(this.folder, "cache");
    return join(cache, "petrel", "bin", "nats-server");
  }

  calls(program: string): string[] {
    const log = join(this.folder, `${program}.log`);
    return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  }

  setup(...flags: string[]): Promise<Ended> {
    return this.node("scripts/setup.mjs", ...flags);
  }

  node(script: string, ...args: string[]): Promise<Ended> {
    const began = performance.now();
    return new Promise((settle) => {
      execFile(process.execPath, [script, ...args], { cwd: this.root, env: this.env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        settle({ code, stdout, stderr, ms: performance.now() - began });
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
