/** The checks of each reviewer. Short and sure rather than many: what they miss is a model's or a person's to see. */
import type { Rule } from "../../models/providers/rules.ts";
import { type Check, reviewer } from "./static-checks.ts";

const check = (severity: Check["severity"], when: RegExp, note: string, files?: RegExp): Check => ({
  severity,
  when,
  note,
  ...(files ? { files } : {}),
});
const MARKUP = /\.(html?|jsx|tsx|vue|svelte)$/;
const SQL = /\.sql$|migrations?\//;
const SECRET = /\b(?:sk-[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----)/;

const security = [
  check("blocking", SECRET, "a key or password stands in the code"),
  check("blocking", /\beval\s*\(|\bnew Function\s*\(/, "text is run as code"),
  check("blocking", /\b(?:exec|execSync)\s*\(\s*(?:`[^`]*\$\{|[^)"'`]*\+)/, "a shell command is made of parts"),
  check("blocking", /(?:select|insert|update|delete)\b[^"'`]*(?:\$\{|["'`]\s*\+)/i, "a query is made of parts"),
  check("major", /\bnew RegExp\s*\(\s*[^"'/`)]/, "a pattern is made of a value: it can take for ever"),
  check("major", /\.innerHTML\s*=|dangerouslySetInnerHTML/, "text becomes markup"),
  check("major", /rejectUnauthorized:\s*false|NODE_TLS_REJECT_UNAUTHORIZED/, "certificates are not checked"),
];
const performance = [
  check("major", /for\s*(?:await\s*)?\(.*\bawait\b|\.forEach\(\s*async/, "one call after the other in a loop"),
  check("major", /\b(?:readFileSync|writeFileSync|execSync|pbkdf2Sync|scryptSync)\s*\(/, "the event loop stands still meanwhile"),
  check("major", /\((?:[^()]*[+*])\)[+*]/, "a pattern with nested repetition", /\.[cm]?[jt]sx?$/),
  check("minor", /\.(?:filter|map)\([^)]*\.(?:indexOf|includes|find)\(/, "a search for each item: work grows with the square"),
];
const threats = [
  check("blocking", /\bfetch\s*\(\s*(?:req|request)\b/, "it goes where a stranger tells it"),
  check("major", /"(?:pre|post)?install"\s*:/, "a script runs at each installation", /package\.json$/),
  check("major", /\b(?:cors\(\)|access-control-allow-origin['"]?\s*[:,]\s*['"]\*)/i, "every site may read the answers"),
];
const api = [
  check(
    "major",
    /\b(?:router|app|server)\.(?:get|post|put|patch|delete)\(.*\bdeprecated/i,
    "a route is called deprecated and no successor is named",
  ),
  check("minor", /status(?:Code)?\s*[(=:]\s*200\b.*error/i, "an error is answered with 200"),
];
const migration = [
  check("blocking", /\bdrop\s+(?:table|column)\b/i, "data goes: yesterday's code still wants it", SQL),
  check(
    "blocking",
    /\badd\s+(?:column\s+)?\w+\s+[\w()]+.*\bnot\s+null\b(?!.*\bdefault\b)/i,
    "NOT NULL without a default fails on rows that are there",
    SQL,
  ),
  check("major", /\bcreate\s+(?:unique\s+)?index\s+(?!concurrently)/i, "writers wait while the index is built", SQL),
  check("major", /\brename\s+(?:column|to)\b/i, "both names are wanted during the rollout", SQL),
];
const licences = [
  check("major", /"(?:A?GPL|SSPL|BUSL|LGPL)[^"]*"/i, "a licence with conditions", /package(?:-lock)?\.json$/),
  check("minor", /^\s*"[@\w/.-]+":\s*"[\^~]?\d/, "a package comes in: look up its licence", /(^|\/)package\.json$/),
];
const accessibility = [
  check("major", /<(?:div|span)\b[^>]*\bon[cC]lick/, "it has no key and no name (WCAG 2.1.1, 4.1.2): use a button", MARKUP),
  check("major", /<img\b(?![^>]*\balt=)/, "a picture without alt (1.1.1)", MARKUP),
  check("minor", /outline:\s*(?:none|0)\b/, "the focus is not seen (2.4.7)"),
];
const ux = [
  check("minor", /["'`>]\s*(?:An? )?(?:unknown |unexpected )?error(?: occurred)?[.!]?\s*["'`<]/i, "the message does not say what to do"),
  check("minor", /\bconfirm\(\s*["'`]Are you sure/i, "offer undo instead of asking"),
];
const observability = [
  check("major", /catch\s*(?:\([^)]*\))?\s*\{\s*\}/, "an error leaves no trace"),
  check("minor", /console\.(?:log|error)\(/, "no level, no fields, no correlation id", /(^|\/)src\//),
];
const localisation = [
  check(
    "minor",
    /["'`]s["'`]\s*:\s*["'`]{2}|===?\s*1\s*\?\s*["'`]{2}\s*:\s*["'`]s["'`]/,
    "a plural by English rules: use Intl.PluralRules",
  ),
  check("minor", /\.toLocaleString\(\s*\)|getMonth\(\)\s*\+\s*1/, "a date or number by hand: name locale and time zone"),
];

/** The same checks without a persona around them, by what they look at. */
export const REVIEW_CHECKS: ReadonlyMap<string, readonly Check[]> = new Map([
  ["security", security],
  ["performance", performance],
  ["threats", threats],
  ["api", api],
  ["migration", migration],
  ["licences", licences],
  ["accessibility", accessibility],
  ["ux", ux],
  ["observability", observability],
  ["localisation", localisation],
]);

export const REVIEWERS: ReadonlyMap<string, Rule> = new Map([
  [
    "security-reviewer",
    reviewer("keys in code, text run as code, commands, queries and patterns made of values, markup from text", security),
  ],
  ["performance-reviewer", reviewer("calls one by one in loops, blocking calls, nested repetition, squares", performance)],
  ["threat-modeller", reviewer("requests to addresses of strangers, install scripts, open origins", threats)],
  ["api-design-reviewer", reviewer("errors with status 200, deprecated routes without a successor", api)],
  ["migration-safety-reviewer", reviewer("drops, renames, NOT NULL without default, blocking indexes", migration)],
  ["licence-auditor", reviewer("new packages and licences with conditions", licences)],
  ["accessibility-auditor", reviewer("controls without keys or names, pictures without alt, hidden focus", accessibility)],
  ["ux-reviewer", reviewer("messages without a next step, questions instead of undo", ux)],
  ["observability-engineer", reviewer("swallowed errors, bare console output", observability)],
  ["localisation-specialist", reviewer("plurals, dates and numbers by hand", localisation)],
]);
