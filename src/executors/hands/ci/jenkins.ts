/**
 * Jenkins behind the port.
 * Two attempts of one firing become one build where the job declares a parameter `PETREL_FIRING`: the key is passed in it, and looked
 * for in the queue and among the last builds before anything is triggered.
 */
import { Terminal } from "../../../contract/errors.ts";
import { JenkinsHttp } from "./jenkins-http.ts";
import type { BuildRef, BuildState, CiAccess, CiResult, CiSystem, LogPart, QueueRef, QueueState, TestCounts } from "./port.ts";

export const KEY_PARAMETER = "PETREL_FIRING";
const LAST_BUILDS = 100;
const SHOWN_FAILURES = 50;

const RESULTS: Record<string, CiResult> = {
  SUCCESS: "success",
  UNSTABLE: "unstable",
  FAILURE: "failure",
  ABORTED: "aborted",
  NOT_BUILT: "not-built",
};

interface Parameters {
  actions?: ({ parameters?: { name: string; value?: unknown }[] } | null)[];
}
interface QueueItem extends Parameters {
  id: number;
  cancelled?: boolean;
  why?: string | null;
  executable?: { number: number; url: string } | null;
  task?: { url?: string };
}
interface Build extends Parameters {
  number: number;
  url: string;
  queueId?: number;
  building?: boolean;
  result?: string | null;
  duration?: number;
}
interface Job {
  buildable?: boolean;
  property?: ({ parameterDefinitions?: { name: string }[] } | null)[];
}

export function jenkins(access: CiAccess): CiSystem {
  const http = new JenkinsHttp(access);
  const job = `/job/${access.job.split("/").map(encodeURIComponent).join("/job/")}`;
  const at = (build: BuildRef) => `${job}/${build.number}`;
  // Jenkins says addresses by the name it was given itself: ours is the one that we came by.
  const refOf = ({ number }: { number: number }): BuildRef => ({ number, url: `${access.url}${job}/${number}/` });
  let declared: Promise<string[]> | null = null;

  const parameterNames = (): Promise<string[]> => {
    declared ??= http.json<Job>(`${job}/api/json?tree=buildable,property[parameterDefinitions[name]]`).then((found) => {
      if (found === null) throw noSuchJob(access);
      if (found.buildable === false) throw disabled(access);
      return (found.property ?? []).flatMap((one) => (one?.parameterDefinitions ?? []).map(({ name }) => name));
    });
    return declared;
  };
  const lastBuilds = async (): Promise<Build[]> => {
    const fields = "number,url,queueId,building,result,actions[parameters[name,value]]";
    return (await http.json<{ builds: Build[] }>(`${job}/api/json?tree=builds[${fields}]{0,${LAST_BUILDS}}`))?.builds ?? [];
  };

  return {
    async trigger(parameters, key) {
      const names = await parameterNames();
      const unknown = Object.keys(parameters).filter((name) => !names.includes(name));
      if (unknown.length > 0) throw noSuchParameter(access, unknown, names);
      const form = { ...parameters, ...(names.includes(KEY_PARAMETER) ? { [KEY_PARAMETER]: key } : {}) };
      const verb = names.length > 0 ? "buildWithParameters" : "build";
      const answer = await http.change(`${job}/${verb}`, form, [201]);
      const id = /\/queue\/item\/(\d+)/.exec(answer.headers.get("location") ?? "")?.[1];
      if (id === undefined)
        throw new Terminal({ code: "ci-answer", message: `${access.url} took the build of ${access.job} and did not say where it waits` });
      return { id };
    },
    async find(key) {
      if (!(await parameterNames()).includes(KEY_PARAMETER)) return null;
      const build = (await lastBuilds()).find((one) => hasKey(one, key) && one.result !== "ABORTED");
      if (build) return { build: refOf(build) };
      const queue = await http.json<{ items: QueueItem[] }>("/queue/api/json?tree=items[id,actions[parameters[name,value]]]");
      const item = queue?.items.find((one) => hasKey(one, key));
      return item ? { queued: { id: String(item.id) } } : null;
    },
    async queued({ id }): Promise<QueueState> {
      const item = await http.json<QueueItem>(`/queue/item/${id}/api/json`);
      if (item === null) return { state: "gone" };
      if (item.executable) return { state: "started", build: refOf(item.executable) };
      if (item.cancelled) return { state: "cancelled" };
      return { state: "waiting", why: item.why ?? "" };
    },
    async buildOf({ id }: QueueRef) {
      const build = (await lastBuilds()).find(({ queueId }) => String(queueId) === id);
      return build ? refOf(build) : null;
    },
    async build(ref): Promise<BuildState> {
      const build = await http.json<Build>(`${at(ref)}/api/json?tree=number,url,building,result,duration`);
      if (build === null)
        throw new Terminal({ code: "ci-build-gone", message: `the build ${access.job} ${ref.number} was deleted before it was read` });
      const running = build.building === true || build.result == null;
      return { running, result: running ? null : (RESULTS[build.result ?? ""] ?? "failure"), durationMs: build.duration ?? 0 };
    },
    async log(ref, from): Promise<LogPart> {
      const { status, headers, bytes } = await http.read(`${at(ref)}/logText/progressiveText?start=${from}`);
      if (status === 404) return { bytes: new Uint8Array(), next: from, more: false };
      const size = Number(headers.get("x-text-size"));
      return { bytes, next: Number.isFinite(size) && size > 0 ? size : from + bytes.length, more: headers.get("x-more-data") === "true" };
    },
    async tests(ref): Promise<TestCounts | null> {
      const tree = "passCount,failCount,skipCount,suites[cases[className,name,status]]";
      const report = await http.json<TestReport>(`${at(ref)}/testReport/api/json?tree=${tree}`);
      return report === null ? null : countsOf(report);
    },
    async abort(what) {
      // A page that it leads to is no concern of ours; 404 says that it is over.
      const over = [200, 204, 302, 303, 404];
      if ("build" in what) await http.change(`${at(what.build)}/stop`, {}, over);
      else await http.change(`/queue/cancelItem?id=${what.queued.id}`, {}, over);
    },
  };
}

interface TestReport {
  passCount?: number;
  failCount?: number;
  skipCount?: number;
  suites?: { cases?: { className?: string; name: string; status?: string }[] }[];
}

function countsOf(report: TestReport): TestCounts {
  const cases = (report.suites ?? []).flatMap((suite) => suite.cases ?? []);
  const failing = cases.filter(({ status }) => status === "FAILED" || status === "REGRESSION");
  const failed = report.failCount ?? failing.length;
  return {
    // The aggregated report of a matrix says no passes of its own.
    passed: report.passCount ?? cases.filter(({ status }) => status === "PASSED" || status === "FIXED").length,
    failed,
    skipped: report.skipCount ?? 0,
    failing: failing.slice(0, SHOWN_FAILURES).map(({ className, name }) => (className ? `${className} ${name}` : name)),
  };
}

function hasKey({ actions }: Parameters, key: string): boolean {
  return (actions ?? []).some((action) => action?.parameters?.some(({ name, value }) => name === KEY_PARAMETER && value === key));
}

function noSuchJob({ url, job }: CiAccess): Terminal {
  const message = `${url} has no job ${job}, or its user may not see it`;
  return new Terminal({ code: "ci-job-unknown", message, hint: "write folders and job as people see them: team/service" });
}

function disabled({ url, job }: CiAccess): Terminal {
  return new Terminal({ code: "ci-job-disabled", message: `the job ${job} of ${url} is disabled`, hint: "enable it there" });
}

/** Jenkins would drop it without a word, and build something else than was asked for. */
function noSuchParameter({ job }: CiAccess, unknown: string[], names: string[]): Terminal {
  return new Terminal({
    code: "ci-parameter-unknown",
    message: `the job ${job} declares no parameter ${unknown.join(", ")}`,
    hint: names.length > 0 ? `it declares ${names.join(", ")}` : "it declares none: add the parameter to the job",
  });
}
