/** Looks at the running system and says what holds and what does not. */

import { PetrelError } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import {
  askStatus,
  copyChecks,
  diskCheck,
  executorCheck,
  type Finding,
  logCheck,
  masterChecks,
  ownerChecks,
  placeChecks,
  serverChecks,
  stoppedChecks,
} from "../health-checks.ts";
import { readRuntime } from "../runtime-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const doctorVerb: Verb = {
  command: "doctor",
  summary: "check server, durability, leases, logs, places, executors and disk",
  details: "Exit code 1 when something fails; warnings do not count. --models makes one tiny call to each tier's model.",
  examples: ["petrel doctor", "petrel doctor --models --json"],
  options: [{ flags: "--models", about: "ask each tier's model for one word; costs a fraction of a cent" }],
  run: async (call) => {
    const findings = [...(await systemChecks(call)), await diskCheck(call.dir), ...(call.on("models") ? await modelChecks(call) : [])];
    const ok = findings.every((finding) => finding.status !== "fail");
    call.out.result({ ok, findings: findings as unknown as Json }, () => findings.map((finding) => sentence(finding, call)).join("\n"));
    return ok ? EXIT.ok : EXIT.failed;
  },
};

/** A check that breaks is a finding, and the others go on. */
async function systemChecks(call: VerbCall): Promise<Finding[]> {
  try {
    const runtime = readRuntime(call.dir, call.petrel.cwd);
    return await call.withBroker(async (broker) => {
      const status = await askStatus(broker).catch((error: unknown) => ({ broken: failed("master", error) }));
      if ("broken" in status) return [...(await serverChecks(call.petrel, runtime, null)), status.broken as Finding];
      const server = await serverChecks(call.petrel, runtime, status);
      const copies = await copyChecks(broker, status).catch((error: unknown) => [failed("copies", error)]);
      const places: Finding[] = [];
      const logs: Finding[] = [];
      for (const { net, sequence } of status.nets) {
        if (sequence !== undefined) logs.push(await logCheck(broker, net, sequence).catch((error: unknown) => failed("log", error)));
        places.push(...(await placeChecks(call.petrel, broker, net).catch((error: unknown) => [failed("places", error)])));
      }
      const executors = await executorCheck(broker).catch((error: unknown) => [failed("executors", error)]);
      const stopped = await stoppedChecks(broker).catch((error: unknown) => [failed("control", error)]);
      return [...server, ...copies, ...masterChecks(status), ...ownerChecks(status), ...stopped, ...logs, ...places, ...executors];
    });
  } catch (error) {
    return [failed("system", error)];
  }
}

async function modelChecks(call: VerbCall): Promise<Finding[]> {
  const answers = await call.petrel.checkModels({ dir: call.dir });
  return answers.map((one) => ({
    check: "model",
    status: one.ok ? "ok" : "fail",
    says: `${one.tier} (${one.model}): ${one.says}`,
    ...(one.hint === undefined ? {} : { hint: one.hint }),
  }));
}

function failed(check: string, error: unknown): Finding {
  const says = error instanceof Error ? error.message : String(error);
  const hint = error instanceof PetrelError ? error.hint : undefined;
  return { check, status: "fail", says, ...(hint === undefined ? {} : { hint }) };
}

function sentence(finding: Finding, call: VerbCall): string {
  const { paint } = call.out;
  const mark = { ok: paint.green("ok  "), warn: paint.yellow("warn"), fail: paint.red("FAIL") }[finding.status];
  const hint = finding.hint && finding.status !== "ok" ? `\n                  next: ${call.pasteable(finding.hint)}` : "";
  return `${mark}  ${finding.check.padEnd(10)}  ${finding.says}${hint}`;
}
