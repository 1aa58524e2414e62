/**
 * Variables that an order brings, in `env` or as names of its `secrets`.
 * V1 What the executor says of a command (`PETREL_FIRING` and its like) no order says in its stead.
 * V2 Where the machine's policy lists `commands`, no order sets a variable by which another program runs than the one that is named.
 * A hand may set them: it is the machine owner's, and no order's.
 */
import type { WorkOrder } from "../contract/envelope.ts";
import { Refused } from "../contract/errors.ts";
import { isJsonObject } from "../contract/json.ts";
import { type MachinePolicy, POLICY_FILE } from "./machine-policy.ts";

const EXECUTORS_OWN = /^(PETREL_|TRACEPARENT$|TRACESTATE$)/;
/** Read by the loader of every program, also by bubblewrap's before there is a sandbox. */
const LOADER = /^(LD_|DYLD_|GLIBC_TUNABLES$|GCONV_PATH$|LOCPATH$|MALLOC_)/;
/** By who reads them: the search for programs, shells, git, languages, build tools, what starts an editor or a pager. */
const LOADS_CODE = [
  /^(PATH|HOME|SHELL|XDG_.*)$/,
  /^(BASH_.*|ENV|ZDOTDIR|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|IFS|CDPATH)$/,
  // What git itself does not read, like a token, is a credential's usual name.
  /^GIT_(?!((AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|TOKEN|USER|USERNAME|PASSWORD)$)|^SSH_ASKPASS/,
  /^(NODE_OPTIONS|NODE_PATH|NODE_REPL_.*|OPENSSL_(CONF|ENGINES|MODULES)|DENO_.*|BUN_.*|YARN_(?!NPM_AUTH).*|COREPACK_.*)$/,
  /^npm_config_/i,
  /^(PYTHON|PIP_|PERL|RUBY|LUA_|PHP|ERL_|TCL|DOTNET_|CORECLR_|COR_)/,
  /^(R_(HOME|PROFILE|ENVIRON|LIBS).*|GEM_(HOME|PATH)|BUNDLE_(GEMFILE|PATH|BIN|APP_CONFIG|USER_).*)$/,
  /^(_?JAVA_.*|JDK_JAVA_OPTIONS|CLASSPATH|MAVEN_.*|GRADLE_.*)$/,
  /^(MAKEFLAGS|MAKEFILES|GNUMAKEFLAGS|MFLAGS|CC|CXX|CPP|LD|AR|AS|GO(FLAGS|ENV|ROOT|PATH|TOOLCHAIN))$/,
  /^(RUSTC.*|RUSTFLAGS|RUSTDOC.*|RUSTUP_.*|CARGO_(BUILD|TARGET|ALIAS|HOME).*)$/,
  /^(EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|LESS.*|TAR_OPTIONS|RSYNC_.*|CVS_RSH|SVN_SSH)$/,
];

export const isLoaderVariable = (name: string): boolean => LOADER.test(name);

/** `granted`: the variables of the transition's `secrets`. Throws Refused `order-variable` and `policy-variable`. */
export function checkVariables(order: WorkOrder, granted: readonly string[], { commands }: MachinePolicy): void {
  const { env } = order.input;
  const brought = [
    ...(isJsonObject(env) ? Object.keys(env).map((name) => ["env", name] as const) : []),
    ...granted.map((name) => ["secrets", name] as const),
  ];
  const where = `${order.net}/${order.transition}`;
  for (const [field, name] of brought) {
    if (EXECUTORS_OWN.test(name)) {
      const message = `${field}.${name} is the executor's own to say, and no order sets it`;
      throw new Refused({ code: "order-variable", message, hint: `give it another name in \`${field}\` of the transition`, where }); // V1
    }
    if (commands === undefined || !(isLoaderVariable(name) || LOADS_CODE.some((pattern) => pattern.test(name)))) continue;
    throw new Refused({
      code: "policy-variable",
      message: `${field}.${name} could have another program run than those that the policy of this executor lists`,
      hint: `leave it out, or let whoever runs the executor take \`commands\` out of ${POLICY_FILE}; docs/executors.md says which variables these are`,
      where,
    }); // V2
  }
}
