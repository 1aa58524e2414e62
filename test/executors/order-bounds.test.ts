/** What no order widens: its variables (V1, V2), its folders (C1 to C3), and what a sandbox shows (S1), as tables of orders. */
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sealFor } from "../../src/contract/sealed.ts";
import { checkFolder, staysReadOnly } from "../../src/executors/command-folder.ts";
import type { HandDefinition } from "../../src/executors/hand.ts";
import { machinePolicySchema } from "../../src/executors/machine-policy.ts";
import { checkVariables } from "../../src/executors/order-variables.ts";
import { findSandbox } from "../../src/executors/sandbox.ts";
import { testFolder } from "../support/nats-server.ts";
import { type ExecutorBench, goodValue, startBench } from "./bench.ts";
import { YES } from "./memory-owner.ts";

const sandbox = await findSandbox(process.env);
let bench: ExecutorBench | null = null;
afterEach(async () => {
  await bench?.end();
  bench = null;
});
const policy = (fields: object) => machinePolicySchema.parse(fields);
const order = (input: object) => ({ net: "n", transition: "t", hand: "shell.run", input }) as never;
/** What came of a `shell.run`: its output, or the code of its error. */
const said = async (input: object, over: object = {}) => {
  const { outcome } = await (bench as ExecutorBench).run("shell.run", input as never, over);
  return outcome.ok ? String((outcome.value as { stdout: string }).stdout).trim() : outcome.error.code;
};

const LOADING = [
  ...["PATH", "HOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "GLIBC_TUNABLES", "NODE_OPTIONS", "NODE_PATH"],
  ...["GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_GLOBAL", "GIT_EXEC_PATH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "SSH_ASKPASS"],
  ...["BASH_ENV", "ENV", "PYTHONPATH", "PYTHONSTARTUP", "PERL5OPT", "RUBYOPT", "JAVA_TOOL_OPTIONS", "npm_config_script_shell"],
  ...["FPATH", "BASH_FUNC_git%%", "PS4", "IFS", "CDPATH", "PROMPT_COMMAND", "SHELLOPTS", "ZDOTDIR", "INPUTRC", "FCEDIT"],
  ...["SSH_ASKPASS_REQUIRE", "SSH_AUTH_SOCK", "SSH_SK_PROVIDER", "SSH_SK_HELPER", "SSH_PKCS11_HELPER", "SUDO_ASKPASS", "GIT_PAGER"],
  ...["WGETRC", "CURL_HOME", "GNUPGHOME", "KRB5_CONFIG", "DOCKER_CONFIG", "KUBECONFIG", "AWS_CONFIG_FILE", "CLOUDSDK_PYTHON", "PSQLRC"],
  ...["TF_CLI_CONFIG_FILE", "TF_CLI_ARGS_plan", "ANSIBLE_CONFIG", "ANSIBLE_LIBRARY", "HELM_PLUGINS", "LIBMYSQL_PLUGINS", "GH_CONFIG_DIR"],
  ...["HGRCPATH", "HGEDITOR", "SVN_EDITOR", "P4PAGER", "PSQL_PAGER", "BAT_PAGER", "SYSTEMD_EDITOR", "BROWSER", "GH_BROWSER", "VISUAL"],
  ...["NODE_COMPILE_CACHE", "TS_NODE_COMPILER", "ESBUILD_BINARY_PATH", "PUPPETEER_EXECUTABLE_PATH", "CHROME_BIN", "pnpm_config_store_dir"],
  ...["PYTEST_ADDOPTS", "PYTEST_PLUGINS", "UV_PYTHON", "PYENV_ROOT", "VIRTUAL_ENV", "COMPOSER_HOME", "GEMRC", "RAKEOPT", "RSPEC_OPTS"],
  ...["ELIXIR_ERL_OPTIONS", "MIX_EXS", "JULIA_LOAD_PATH", "JRE_HOME", "IBM_JAVA_OPTIONS", "CATALINA_OPTS", "SBT_OPTS", "AWKLIBPATH"],
  ...["CFLAGS", "CONFIG_SITE", "CMAKE_TOOLCHAIN_FILE", "CCACHE_PREFIX", "PKG_CONFIG", "C_INCLUDE_PATH", "GCC_EXEC_PREFIX", "CGO_CFLAGS"],
  ...[
    "GOCACHEPROG",
    "GOAUTH",
    "GOMODCACHE",
    "CARGO",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_REGISTRY_CREDENTIAL_PROVIDER",
    "CARGO_PROFILE_DEV_RUSTFLAGS",
  ],
  ...[
    "MAGICK_CONFIGURE_PATH",
    "GIO_EXTRA_MODULES",
    "QT_PLUGIN_PATH",
    "FREI0R_PATH",
    "shell_escape_commands",
    "VIMINIT",
    "ZIPOPT",
    "MANOPT",
  ],
  ...[
    "RESTIC_PASSWORD_COMMAND",
    "BORG_PASSCOMMAND",
    "NPM_CONFIG_NODE_OPTIONS",
    "npm_config_cache",
    "MAKEFLAGS",
    "GOFLAGS",
    "RUSTC_WRAPPER",
    "EDITOR",
    "PAGER",
    "TAR_OPTIONS",
  ],
];
/** What a project or a registry reads, and what only looks like one of those above. */
const PROJECTS_OWN = [
  ...[
    "DATABASE_URL",
    "PORT",
    "APP_ENV",
    "RAILS_ENV",
    "MIX_ENV",
    "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "GH_TOKEN",
    "GITHUB_TOKEN",
  ],
  ...[
    "CARGO_REGISTRY_TOKEN",
    "CARGO_REGISTRIES_MINE_TOKEN",
    "CARGO_TERM_COLOR",
    "CARGO_NET_OFFLINE",
    "CGO_ENABLED",
    "GOOS",
    "GOARCH",
    "GOPRIVATE",
  ],
  ...[
    "UV_PUBLISH_TOKEN",
    "UV_INDEX_MINE_PASSWORD",
    "COMPOSER_AUTH",
    "ANSIBLE_VAULT_PASSWORD",
    "HEX_API_KEY",
    "YARN_NPM_AUTH_TOKEN",
    "DOCKER_HOST",
  ],
  ...[
    "TF_VAR_region",
    "TEST_BROWSER",
    "SSH_PRIVATE_KEY",
    "HTTPS_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "SSH_HOST",
    "ENVIRONMENT",
  ],
];
const PLAIN = [
  "CI",
  "NODE_ENV",
  "LANG",
  "TOKEN",
  "NPM_TOKEN",
  "GIT_TOKEN",
  "GIT_AUTHOR_NAME",
  "GIT_COMMITTER_DATE",
  "RUST_LOG",
  "MY_PATH",
  ...PROJECTS_OWN,
];

test.each(LOADING)("%s is for no order to set where commands are listed, also not as a secret, and else it is", (name) => {
  const rules = policy({ commands: ["git", "node"] });
  for (const [input, granted] of [[{ env: { [name]: "x" } }, []] as const, [{}, [name]] as const])
    expect(() => checkVariables(order(input), granted, rules)).toThrow(
      expect.objectContaining({
        ...{ outlook: "refused", code: "policy-variable", where: "n/t" },
        message: expect.stringContaining(`${granted.length > 0 ? "secrets" : "env"}.${name} `),
        hint: expect.stringContaining("executor.policy.json"),
      }),
    );
  expect(() => checkVariables(order({ env: { [name]: "x" } }), [name], policy({}))).not.toThrow();
});

test.each(PLAIN)("%s may be set, whatever the policy", (name) => {
  for (const rules of [policy({}), policy({ commands: ["git"], sandbox: "required" })])
    expect(() => checkVariables(order({ env: { [name]: "x" } }), [name], rules)).not.toThrow();
});

test.each(["PETREL_FIRING", "PETREL_RUN", "PETREL_ANY", "TRACEPARENT"])("%s is the executor's to say", async (name) => {
  bench = await startBench();
  expect(await said({ argv: ["env"], env: { [name]: "forged" } })).toBe("order-variable");
  const secret = "a secret of good length";
  bench.owner.onClaim = ({ verb, key }) =>
    verb === "claim" && key ? { ...YES, secrets: { [name]: sealFor(key, name, secret) } } : (YES as never);
  expect(await said({ argv: ["env"] })).toBe("order-variable");
});

test("a name on the list is the program of the executor's own PATH, whatever a hand or an order says", async () => {
  const folder = testFolder("another-path");
  for (const name of ["git", "only-here"]) {
    writeFileSync(join(folder, name), "#!/bin/sh\necho another ran\n");
    chmodSync(join(folder, name), 0o755);
  }
  // Of one's own: it passes on what its order calls `variables`.
  const own = {
    ...{ name: "own.run", about: "Runs", input: { type: "object" }, output: { type: "object" }, flag: null, mode: "run", enclosed: false },
    run: async ({ run, order: { input }, workDir }) => {
      const { argv, variables } = input as { argv: string[]; variables: Record<string, string> };
      return { stdout: (await run({ argv, cwd: workDir, env: variables, timeoutMs: 20_000 })).stdout };
    },
  } as HandDefinition;
  bench = await startBench({ policy: policy({ commands: ["git", "node", "only-here"] }), hands: [own] });
  const evil = { PATH: `${folder}:${process.env.PATH}` };
  expect(await said({ argv: ["git", "--version"], env: evil })).toBe("policy-variable");
  expect(await said({ argv: ["git", "--version"] })).toMatch(/^git version/);
  const byHand = async (argv: string[]) => (await (bench as ExecutorBench).run("own.run", { argv, variables: evil })).outcome;
  expect(await byHand(["git", "--version"])).toMatchObject({ ok: true, value: { stdout: expect.stringMatching(/^git version/) } });
  expect(await byHand(["only-here"])).toMatchObject({ ok: false, error: { code: "command-not-found" } });
});

describe("the folder of a command", () => {
  const place = testFolder("bounds");
  for (const folder of ["work/tree", "work-2", "allowed/in", "state/keys", "home/.ssh", "home/project", "other"])
    mkdirSync(join(place, folder), { recursive: true });
  symlinkSync(join(place, "other"), join(place, "work", "tree", "out"));
  symlinkSync(join(place, "other"), join(place, "allowed", "out"));
  symlinkSync(join(place, "state"), join(place, "allowed", "state"));
  symlinkSync(join(place, "work", "tree"), join(place, "inwards"));
  const NAMED = { paths: [join(place, "allowed")] };
  const WIDE = { paths: [place] };

  test.each<[string, object, boolean, string | null]>([
    ["work", {}, true, null],
    ["work/tree", NAMED, true, null],
    ["work/tree/../tree", NAMED, true, null],
    ["inwards", NAMED, true, null],
    ["work/tree/out", {}, false, "cwd-outside"],
    ["work/tree/out", {}, true, "cwd-outside"],
    ["work/tree/out", NAMED, true, "cwd-outside"],
    ["work/tree/out", WIDE, true, null],
    ["work/tree/out/not-there", {}, true, "cwd-outside"],
    ["work-2", NAMED, true, "policy-path"],
    ["other", {}, false, null],
    ["other", {}, true, "cwd-outside"],
    ["other", NAMED, false, "policy-path"],
    ["allowed/in", NAMED, true, null],
    ["allowed/out", NAMED, true, "policy-path"],
    ["allowed/out/not-there", NAMED, true, "policy-path"],
    ["allowed/in/../../other", NAMED, true, "policy-path"],
    ["state/keys", {}, false, null],
    ["state/keys", {}, true, "cwd-hidden"],
    ["state", WIDE, true, "cwd-hidden"],
    ["allowed/state", WIDE, true, "cwd-hidden"],
    ["", {}, true, "cwd-hidden"],
    ["", WIDE, true, "cwd-hidden"],
    ["home", {}, true, "cwd-outside"],
    ["home/.ssh", {}, true, "cwd-outside"],
    ["home/.ssh", WIDE, true, null],
    ["home/project", {}, true, "cwd-outside"],
    ["home/project", WIDE, true, null],
    ["/", {}, true, "cwd-hidden"],
    ["/", { paths: ["/"] }, true, "cwd-hidden"],
    ["/proc", {}, true, "cwd-outside"],
    ["/run", {}, true, "cwd-outside"],
    ["/usr", {}, false, null],
    ["/usr", {}, true, "cwd-outside"],
    ["/usr", { paths: ["/usr"] }, true, null],
  ])("%j with %j, in a sandbox: %s: %s", (cwd, fields, enclosed, code) => {
    const around = {
      workDir: join(place, "work"),
      policy: policy(fields),
      hidden: [join(place, "state")],
      enclosed,
    };
    const check = () => checkFolder(order({}), cwd.startsWith("/") ? cwd : join(place, cwd), around);
    if (code === null) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code, outlook: "refused", where: "n/t" }));
  });

  test.each(["..", "../..", "../../..", "../../../../../../../../../../root", "a/../../../b", "./../.."])(
    "a relative cwd %s does not lead out, and nothing is made there",
    async (cwd) => {
      bench = await startBench({ policy: policy({}) });
      const made = `petrel-made-${process.pid}`;
      const stays = cwd === "..";
      expect(await said({ argv: ["pwd"], cwd: join(cwd, stays ? "x" : made) })).toMatch(stays ? /\/work\/[^/]+\/x$/ : /^cwd-outside$/);
      for (const root of [bench.dir, join(bench.dir, ".."), join(bench.dir, "work"), "/root"])
        expect(existsSync(join(root, made))).toBe(false);
    },
  );

  test("a relative cwd in the work directory is made, and `paths` let a relative one reach what they name", async () => {
    const folder = testFolder("relative");
    bench = await startBench({ policy: policy({ paths: [folder] }) });
    expect(await said({ argv: ["pwd"], cwd: "a/b" })).toMatch(/\/tree\/a\/b$/);
    expect(await said({ argv: ["pwd"], cwd: `${"../".repeat(20)}${folder}` })).toBe(folder);
  });
});

test("the masters' keys and the executor's own files are for no hand to read, unless its owner names their folder", async () => {
  const state = testFolder("state-to-read");
  mkdirSync(join(state, "keys"));
  mkdirSync(join(state, "logs"));
  for (const file of ["keys/orders.json", "logs/master.log"]) writeFileSync(join(state, file), "INFO hush\n");
  const link = join(testFolder("links"), "a.log");
  symlinkSync(join(state, "keys", "orders.json"), link);
  const read = async (file: string) => {
    const { outcome } = await (bench as ExecutorBench).run("logs.read", { source: { file } });
    return outcome.ok ? "read" : outcome.error.code;
  };
  bench = await startBench({ hidden: [state] });
  const running = existsSync("/proc/self/environ") ? ["/proc/self/environ", "/dev/null"] : [];
  for (const file of [join(state, "keys", "orders.json"), link, join(bench.dir, "any"), ...running])
    expect(await read(file)).toBe("path-hidden");
  await bench.end();
  bench = await startBench({ hidden: [state], unread: [join(state, "keys")] });
  expect(await read(join(state, "keys", "orders.json"))).toBe("path-hidden");
  expect(await read(join(state, "logs", "master.log"))).toBe("read");
  await bench.end();
  bench = await startBench({ hidden: [state], policy: policy({ paths: [join(state, "logs"), join(state, "..")] }) });
  expect(await read(join(state, "keys", "orders.json"))).toBe("path-hidden");
  expect(await read(join(state, "logs", "master.log"))).toBe("read");
});

test.each([
  ["/opt/app", undefined, true],
  ["/opt/app", ["/opt/app"], false],
  ["/opt/app/in", ["/srv", "/opt/app"], false],
  ["/opt/application", ["/opt/app"], true],
  ["/opt/app", ["/"], true],
  ["/etc", ["/etc"], true],
  ["/etc/ssh", ["/etc/ssh"], true],
  ["/srv/app", undefined, false],
])("C3 of the system only what is named can be written: %s with paths %j", (folder, paths, stays) => {
  expect(staysReadOnly(folder, policy(paths ? { paths } : {}))).toBe(stays);
});

describe("in a sandbox", () => {
  beforeEach(({ skip }) => skip(sandbox.kind === "none", "why" in sandbox ? sandbox.why : ""));
  const laidOut = async (fields: object) => {
    const place = testFolder("victim");
    const state = join(place, "state");
    for (const folder of [join(state, "keys"), join(place, "victim")]) mkdirSync(folder, { recursive: true });
    for (const file of [join(state, "keys", "orders.json"), join(place, "victim", "file")]) writeFileSync(file, "hush");
    const dir = join(state, "executors", "one");
    bench = await startBench({ policy: policy({ sandbox: "required", ...fields }), dir, hidden: [state] });
    return { place, state, victim: join(place, "victim"), dir };
  };
  const TRIES = (folder: string) => `cat ${folder}/* ${folder}/*/* 2>/dev/null; echo x > ${folder}/planted; true`;

  test.each(["npm_config_cache", "PATH", "HOME", "TMPDIR"])("no folder is opened by %s", async (name) => {
    const { victim, state, place, dir } = await laidOut({});
    for (const folder of [victim, state, place, dir]) {
      const value = name === "PATH" ? `${folder}:${process.env.PATH}` : folder;
      expect([folder, await said({ argv: ["/bin/sh", "-c", TRIES(folder)], env: { [name]: value } })]).toEqual([folder, ""]);
      expect(existsSync(join(folder, "planted"))).toBe(false);
    }
  });

  test("no cwd opens the state folder or what `paths` does not name, and a system folder stays as it is", async () => {
    const { state, place, dir, victim } = await laidOut({});
    const plant = ["/bin/sh", "-c", "cat * 2>/dev/null; echo x > planted"];
    for (const cwd of [state, join(state, "keys"), place, dir, "/"])
      expect([cwd, await said({ argv: plant, cwd })]).toEqual([cwd, "cwd-hidden"]);
    for (const cwd of [victim, "/proc", "/run", "/etc"]) expect([cwd, await said({ argv: plant, cwd })]).toEqual([cwd, "cwd-outside"]);
    expect(readdirSync(victim)).toEqual(["file"]);
    await bench?.end();
    await laidOut({ paths: ["/etc"] });
    expect(await said({ argv: ["/bin/sh", "-c", "echo x > planted || cat shadow"], cwd: "/etc" })).toBe("");
    expect(existsSync("/etc/planted")).toBe(false);
  });

  test("a library for the loader is loaded inside, never by what makes the sandbox", async () => {
    const { victim } = await laidOut({});
    // The dynamic loader writes what it did to a file: outside it could, inside that folder is not there.
    const debug = { LD_DEBUG: "files", LD_DEBUG_OUTPUT: join(victim, "loaded") };
    expect(await said({ argv: ["/bin/sh", "-c", "echo $LD_DEBUG_OUTPUT"], env: debug })).toContain(debug.LD_DEBUG_OUTPUT);
    expect(await said({ argv: ["ls", victim] })).toBe("");
    expect(readdirSync(victim)).toEqual(["file"]);
  });

  test("the cache that a hand sets is the executor's, and can be written", async () => {
    const own = {
      ...{ name: "own.cached", about: "Runs", input: { type: "object" }, output: { type: "object" }, flag: null, mode: "run" },
      ...{
        enclosed: true,
        run: async ({ run, workDir, workshop }) => {
          const env = { npm_config_cache: `${workshop.dir}/cache/npm` };
          return {
            exitCode: (await run({ argv: ["sh", "-c", "echo x > $npm_config_cache/kept"], cwd: workDir, env, timeoutMs: 20_000 })).exitCode,
          };
        },
      },
    } as HandDefinition;
    const place = testFolder("cache");
    bench = await startBench({ policy: policy({ sandbox: "required" }), dir: place, hands: [own] });
    expect(goodValue(await bench.run("own.cached", {})).exitCode).toBe(0);
    expect(existsSync(join(place, "cache", "npm", "kept"))).toBe(true);
  });
});
