/**
 * Variables that an order brings, in `env` or as names of its `secrets`.
 * V1 What the executor says of a command (`PETREL_FIRING` and its like) no order says in its stead.
 * V2 Where the machine's policy lists `commands`, no order sets a variable by which another program runs than the one that is named.
 * A hand may set them: it is the machine owner's, and no order's.
 *
 * A list of what may be set would be the stronger one, and cannot be had: what a project reads (`DATABASE_URL`, `APP_...`, the names of
 * its tokens) has no shape. So what is known to have code loaded or a program run is listed, by family where there is one.
 */
import type { WorkOrder } from "../contract/envelope.ts";
import { Refused } from "../contract/errors.ts";
import { isJsonObject } from "../contract/json.ts";
import { type MachinePolicy, POLICY_FILE } from "./machine-policy.ts";

const EXECUTORS_OWN = /^(PETREL_|TRACEPARENT$|TRACESTATE$)/;
/** Read by the loader of every program, also by bubblewrap's before there is a sandbox. */
const LOADER = /^(LD_|DYLD_|GLIBC_TUNABLES$|GCONV_PATH$|LOCPATH$|MALLOC_)/;

/** A whole family of names, but what credentials are called in it. */
const family = (...prefixes: string[]): RegExp =>
  new RegExp(`^(${prefixes.join("|")})_(?!(.*_)?(TOKEN|PASSWORD|USERNAME|AUTH|API_KEY|SECRET)$)`);

const LOADS_CODE = [
  // The search for programs, and what they read at their start.
  /^(PATH|HOME|SHELL|XDG_.*)$/,
  // Shells.
  /^(BASH_.*|ENV|ZDOTDIR|FPATH|SHELLOPTS|BASHOPTS|PS[0-4]|PROMPT_COMMAND|IFS|CDPATH|INPUTRC|FCEDIT)$/,
  // Git; what it does not read itself, like a token, is a credential's usual name. Other ways to keep versions.
  /^GIT_(?!((AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|TOKEN|USER|USERNAME|PASSWORD)$)/,
  /^(HG(RCPATH|MERGE)|SVN_(SSH|MERGE)|CVS_(RSH|SERVER)|P4(CONFIG|DIFF|MERGE)|GH_(BROWSER|CONFIG_DIR|PATH)|GLAB_CONFIG_DIR)$/,
  // Programs that speak to servers: helpers, libraries and agents that a file or a socket of the order's choice names.
  /^(SSH_(ASKPASS.*|AUTH_SOCK|SK_.*|PKCS11_.*)|WGETRC|SYSTEM_WGETRC|CURL_HOME|GNUPGHOME|KRB5_CONFIG|SASL_PATH|RSYNC_.*|BORG_.*COMMAND|BORG_RSH)$/,
  /^(DOCKER_CONFIG|KUBECONFIG|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|AZURE_(CONFIG|EXTENSION)_DIR|CLOUDSDK_(CONFIG|PYTHON.*))$/,
  /^(GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES|TF_(CLI|PLUGIN)_.*|TERRAFORM_CONFIG|PSQLRC|PGSYSCONFDIR|PGSERVICEFILE|MYSQL_HOME|LIBMYSQL_PLUGIN.*)$/,
  family("ANSIBLE", "HELM"),
  // Node, its package managers, and what they start.
  /^(NODE_(OPTIONS|PATH|REPL_.*|COMPILE_CACHE|V8_COVERAGE|REDIRECT_WARNINGS)|OPENSSL_(CONF|ENGINES|MODULES)|TS_NODE_.*|ESBUILD_BINARY_PATH)$/,
  /^(DENO_(?!AUTH_TOKENS$).*|BUN_.*|YARN_(?!NPM_AUTH).*|PNPM_.*|COREPACK_.*|PUPPETEER_.*|CHROME_(BIN|PATH|DEVEL_SANDBOX)|FIREFOX_BIN)$/,
  /^p?npm_config_/i,
  // Other languages and their package managers.
  /^(PYTHON|PYTEST_(ADDOPTS|PLUGINS)|PIP_|PERL|RUBY|LUA_|PHP|ERL_|ELIXIR_|TCL|DOTNET_|CORECLR_|COR_|JULIA_|GUILE_|OCAML|CAML_|GHC)/,
  family("UV", "POETRY", "PIPENV", "CONDA", "COMPOSER", "PYENV", "RBENV", "NODENV", "GOENV", "NVM", "VOLTA", "ASDF", "MISE"),
  /^(VIRTUAL_ENV|MIX_(EXS|HOME|ARCHIVES|PATH|DEPS_PATH|BUILD_PATH)|R_(HOME|PROFILE|ENVIRON|LIBS|DEFAULT).*|EMACSLOADPATH|AWK(LIB)?PATH)$/,
  /^(GEM_(HOME|PATH)|GEMRC|BUNDLE_(GEMFILE|PATH|BIN|APP_CONFIG|USER_).*|RAKEOPT|IRBRC)$/,
  /^(_?JAVA_.*|CLASSPATH|(JDK|JRE|M2|ANT|GROOVY|KOTLIN|SCALA|SBT)_.*|(MAVEN|GRADLE)_.*)$/,
  // Build tools: compilers, what is handed to them, and what stands before them.
  /^(MAKEFLAGS|MAKEFILES|GNUMAKEFLAGS|MFLAGS|CC|CXX|CPP|LD|AR|AS|NM|RANLIB|STRIP|OBJCOPY|FC|F77|M4|YACC|LEX|CONFIG_(SITE|SHELL))$/,
  /^((C|CXX|CPP|LD|AS|F|FC|OBJC)FLAGS|GCC_EXEC_PREFIX|COMPILER_PATH|LIBRARY_PATH|CPATH|.*_INCLUDE_PATH|PKG_CONFIG.*|CMAKE_.*)$/,
  /^(CCACHE|SCCACHE|DISTCC)_/,
  /^(GO(FLAGS|ENV|ROOT|PATH|TOOLCHAIN|CACHE.*|MODCACHE|PROXY|SUMDB|NOSUMDB|AUTH|VCS|WORK|BIN|TMPDIR)|CGO_(?!ENABLED$).*)$/,
  /^(RUSTC.*|RUSTDOC.*|RUSTUP_.*|CARGO|CARGO_(?!(REGISTRY|REGISTRIES_.*)_TOKEN$|TERM_|INCREMENTAL$|NET_(RETRY|OFFLINE)$|PROFILE_).*)$/,
  // Programs that load a module, or run what their configuration says.
  /^(GIO_(MODULE_DIR|EXTRA_MODULES)|GTK_(MODULES|PATH)|GDK_PIXBUF_MODULE.*|GST_PLUGIN.*|QT_.*PLUGIN.*|QML2?_IMPORT_PATH|VK_(ICD|LAYER|DRIVER|ADD|INSTANCE|LOADER).*|FREI0R_PATH|LADSPA_PATH)$/,
  /^(MAGICK_.*|GS_(LIB|OPTIONS)|TEXMF.*|TEXINPUTS|shell_escape.*|VIM|VIMINIT|VIMRUNTIME|MYVIMRC|EXINIT|MAN(OPT|ROFFOPT|PATH)|LESS.*)$/,
  /^(TAR_OPTIONS|ZIPOPT|UNZIP|UNZIPOPT|ZIPINFO|SUDO_.*|GETCONF_DIR|BROWSER)$/,
  // Whatever program it is of: an editor, a pager, a helper, more arguments.
  /(EDITOR|PAGER|ASKPASS|VISUAL)$/,
  /(_OPTS|JAVA_OPTIONS|RUSTFLAGS|_EXECUTABLE|_EXECUTABLE_PATH|_BINARY_PATH|_PASSWORD_COMMAND)$/,
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
