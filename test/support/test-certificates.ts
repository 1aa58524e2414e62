/** A certificate authority of a test's own, by openssl; null where there is none. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export interface TestCertificates {
  /** Files, as PEM. */
  ca: string;
  cert: string;
  key: string;
}

/** `names`: like `IP:127.0.0.1,DNS:localhost`. */
export function testCertificates(dir: string, names: string): TestCertificates | null {
  const file = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: ["ignore", "pipe", "ignore"] });
  const made = (name: string, subject: string, extension: string, ...more: string[]) =>
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"],
      ...["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), "-subj", subject, "-addext", extension, ...more],
    );
  try {
    openssl("version");
  } catch {
    return null;
  }
  made("ca", "/CN=A test's authority", "keyUsage=critical,keyCertSign,cRLSign");
  made(
    "broker",
    "/CN=broker",
    `subjectAltName=${names}`,
    "-addext",
    "basicConstraints=critical,CA:FALSE",
    "-CA",
    file("ca.pem"),
    "-CAkey",
    file("ca.key"),
  );
  return { ca: file("ca.pem"), cert: file("broker.pem"), key: file("broker.key") };
}
