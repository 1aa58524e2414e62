/** TLS between Petrel's processes and the broker: what the client checks, and whether a certificate will do before a server starts with it. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { Terminal } from "../../contract/errors.ts";

/** Files of the managed server, as PEM. */
export interface ServerTls {
  cert: string;
  key: string;
}

const LOOPBACK = ["127.0.0.1", "localhost"];

/**
 * For the client's `connect`. It hands no IP address on to be compared with a certificate, so the comparison is made here: the certificate
 * must be for one of the hosts that were asked for. `ca`: PEM of who signed it, where the machine does not know it.
 */
export function clientTls(urls: string, ca?: string): { tls?: { ca?: string } } {
  const hosts = urls.split(",").flatMap((url) => (url.startsWith("tls:") ? [hostOf(url)] : []));
  if (hosts.length === 0) return {};
  const checked = {
    ...(ca === undefined ? {} : { ca }),
    checkServerIdentity: (named: string, certificate: PeerCertificate) => {
      if (hosts.some((host) => checkServerIdentity(host, certificate) === undefined)) return undefined;
      return checkServerIdentity(hosts[0] ?? named, certificate);
    },
  };
  return { tls: checked };
}

function hostOf(url: string): string {
  return new URL(url.replace(/^tls:/, "https:")).hostname.replace(/^\[|\]$/g, "");
}

/**
 * Where the processes of this machine reach a server that listens on `host`: by the first address that its certificate is for.
 * Errors: Terminal `tls-unreadable`, `tls-key-wrong`, `tls-expired`, `tls-name`.
 */
export function localAddress(tls: ServerTls, host: string, now: number): string {
  const certificate = read(tls.cert, "certificate", (pem) => new X509Certificate(pem));
  const key = read(tls.key, "key", (pem) => createPrivateKey(pem));
  if (!certificate.checkPrivateKey(key)) throw refused("tls-key-wrong", "the key is not that of the certificate", tls.key, "give the pair");
  if (Date.parse(certificate.validTo) < now)
    throw refused("tls-expired", `the certificate ended on ${certificate.validTo}`, tls.cert, "get a new one");
  const own = isWildcard(host) || LOOPBACK.includes(host) ? [] : [host];
  const fitting = [...own, ...(own.length > 0 ? [] : LOOPBACK)].find((name) => isFor(certificate, name));
  if (fitting !== undefined) return fitting;
  const wanted = own[0] ?? LOOPBACK.join(" or ");
  const named = certificate.subjectAltName ?? certificate.subject;
  throw refused(
    "tls-name",
    `the certificate is for ${named}, and the processes of this machine reach the broker as ${wanted}`,
    tls.cert,
    `get one with ${wanted} among its alternative names`,
  );
}

export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host) || host === "::1";
}

function isFor(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

function read<T>(file: string, what: string, parse: (pem: Buffer) => T): T {
  try {
    return parse(readFileSync(file));
  } catch (cause) {
    throw refused(
      "tls-unreadable",
      `${file} is no ${what} in PEM: ${(cause as Error).message}`,
      file,
      `give the file of the ${what}`,
      cause,
    );
  }
}

function refused(code: string, message: string, where: string, hint: string, cause?: unknown): Terminal {
  return new Terminal({ code, message, where, hint, ...(cause === undefined ? {} : { cause }) });
}
