/**
 * Jenkins's REST API as far as the CI hand uses it, on loopback, kept to how Jenkins 2.4xx behaves: Basic authentication, crumbs tied to a
 * session's cookie (not asked for with an API token, unless a test wants it), jobs in folders, parameters that must be declared, a queue
 * that joins equal requests and forgets entries, builds with a progressive console log, `stop`, `cancelItem`, a test report, and addresses
 * that are built from the root URL of its own settings, which need not be the one that it is reached by.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface JenkinsBuild {
  number: number;
  queueId: number;
  parameters: Record<string, string>;
  log: string;
  result: string | null;
  stopped: boolean;
  report: object | null;
}
export interface JenkinsItem {
  id: number;
  parameters: Record<string, string>;
  build: JenkinsBuild | null;
  cancelled: boolean;
  forgotten: boolean;
}
interface Asked {
  method: string;
  path: string;
  status: number;
}

export interface JenkinsServer {
  url: string;
  asked: Asked[];
  items: JenkinsItem[];
  builds: JenkinsBuild[];
  /** Builds begin when a test says so. */
  begin(item: JenkinsItem): JenkinsBuild;
  /** Answers the next requests whose path matches with this status instead. */
  fail(path: RegExp, status: number, times: number, headers?: Record<string, string>): void;
  stop(): Promise<void>;
}

export interface JenkinsSettings {
  user?: string;
  token?: string;
  /** Path of the one job, as in its address: `job/team/job/service`. */
  job?: string;
  parameters?: string[];
  /** Ask for a crumb also with a token, as some plug-ins do. */
  crumbs?: boolean;
  /** So many crumbs are worth nothing by the time they come back, as after the end of their session. */
  staleCrumbs?: number;
  /** Begins each build at once, and runs it by this. */
  run?: (build: JenkinsBuild) => void | Promise<void>;
}

const EMPTY_PAGE = (title: string) =>
  `<html><head><title>${title}</title><style>body{}</style></head><body><h2>HTTP ERROR ${title}</h2></body></html>`;

export async function jenkinsServer(settings: JenkinsSettings = {}): Promise<JenkinsServer> {
  const { user = "petrel", token = "11aa22bb33cc44dd55ee66ff77", job = "job/team/job/service", crumbs = false } = settings;
  const declared = settings.parameters ?? [];
  const asked: Asked[] = [];
  const items: JenkinsItem[] = [];
  const builds: JenkinsBuild[] = [];
  const sessions = new Map<string, string>();
  const failures: { path: RegExp; status: number; left: number; headers: Record<string, string> }[] = [];
  let nextSession = 1;

  const begin = (item: JenkinsItem): JenkinsBuild => {
    const build = { number: builds.length + 1, queueId: item.id, parameters: item.parameters, ...fresh() };
    item.build = build;
    builds.push(build);
    return build;
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://jenkins.local");
      const end = (status: number, text = "", headers: Record<string, string> = {}) => {
        asked.push({ method: request.method ?? "", path: url.pathname + url.search, status });
        response.writeHead(status, { "x-jenkins": "2.462.3", "content-type": "text/html", ...headers }).end(text);
      };
      const failure = failures.find(({ path, left }) => left > 0 && path.test(url.pathname));
      if (failure) {
        failure.left -= 1;
        return end(failure.status, EMPTY_PAGE(String(failure.status)), failure.headers);
      }
      answer({ request, url, form: new URLSearchParams(body), end });
    });
  });

  interface Call {
    request: IncomingMessage;
    url: URL;
    form: URLSearchParams;
    end(status: number, text?: string, headers?: Record<string, string>): void;
  }
  const answer = (call: Call) => {
    const { request, url, end } = call;
    const login = Buffer.from((request.headers.authorization ?? "").replace(/^Basic /, ""), "base64").toString();
    if (login !== `${user}:${token}`) return end(401, EMPTY_PAGE("401 Unauthorized"), { "www-authenticate": 'Basic realm="Jenkins"' });
    if (url.pathname === "/crumbIssuer/api/json") return crumb(call);
    if (request.method === "POST" && crumbs && !hasCrumb(request))
      return end(403, EMPTY_PAGE("403 No valid crumb was included in the request"));
    if (url.pathname === `/${job}/api/json`) return end(200, JSON.stringify(jobPage(url)), JSON_TYPE);
    if (url.pathname === `/${job}/build` || url.pathname === `/${job}/buildWithParameters`) return trigger(call);
    if (url.pathname === "/queue/api/json") {
      const waiting = items.filter(({ build, cancelled }) => !build && !cancelled);
      return end(200, JSON.stringify({ items: waiting.map(itemPage) }), JSON_TYPE);
    }
    if (url.pathname === "/queue/cancelItem") return cancel(call);
    const item = /^\/queue\/item\/(\d+)\/api\/json$/.exec(url.pathname)?.[1];
    if (item !== undefined) {
      const found = items.find(({ id, forgotten }) => String(id) === item && !forgotten);
      return found ? end(200, JSON.stringify(itemPage(found)), JSON_TYPE) : end(404, EMPTY_PAGE("404 Not Found"));
    }
    const [, number = "", rest = ""] = new RegExp(`^/${job}/(\\d+)/(.*)$`).exec(url.pathname) ?? [];
    const build = builds.find((one) => String(one.number) === number);
    if (!build) return end(404, EMPTY_PAGE("404 Not Found"));
    ofBuild(call, build, rest);
  };

  const crumb = ({ end }: Call) => {
    if (!crumbs) return end(404, EMPTY_PAGE("404 Not Found"));
    const session = `s${nextSession++}`;
    if (nextSession > (settings.staleCrumbs ?? 0) + 1) sessions.set(session, `crumb-of-${session}`);
    const said = { _class: "hudson.security.csrf.DefaultCrumbIssuer", crumb: `crumb-of-${session}`, crumbRequestField: "Jenkins-Crumb" };
    end(200, JSON.stringify(said), { ...JSON_TYPE, "set-cookie": `JSESSIONID.1=${session}; Path=/; HttpOnly` });
  };
  const hasCrumb = ({ headers }: IncomingMessage): boolean => {
    const session = /JSESSIONID\.1=([^;]+)/.exec(headers.cookie ?? "")?.[1] ?? "";
    return sessions.has(session) && sessions.get(session) === headers["jenkins-crumb"];
  };
  const jobPage = (url: URL): object => {
    const tree = url.searchParams.get("tree") ?? "";
    if (tree.startsWith("builds")) return { builds: [...builds].reverse().map(buildPage) };
    const definitions = declared.map((name) => ({ _class: "hudson.model.StringParameterDefinition", name }));
    return { buildable: true, property: [{}, ...(declared.length > 0 ? [{ parameterDefinitions: definitions }] : [])] };
  };
  const trigger = ({ request, url, form, end }: Call) => {
    if (request.method !== "POST") return end(405, EMPTY_PAGE("405 Method Not Allowed"));
    const withParameters = url.pathname.endsWith("WithParameters");
    if (withParameters !== declared.length > 0)
      return end(400, EMPTY_PAGE(withParameters ? "400 not parameterized" : "400 Nothing is submitted"));
    // What is not declared is dropped without a word.
    const parameters = Object.fromEntries(declared.map((name) => [name, form.get(name) ?? ""]));
    const equal = items.find((one) => !one.build && !one.cancelled && JSON.stringify(one.parameters) === JSON.stringify(parameters));
    const item = equal ?? { id: 100 + items.length, parameters, build: null, cancelled: false, forgotten: false };
    if (!equal) items.push(item);
    end(201, "", { location: `https://ci.example.com/queue/item/${item.id}/` });
    if (!equal && settings.run) void settings.run(begin(item));
  };
  const cancel = ({ url, end }: Call) => {
    const item = items.find(({ id }) => String(id) === url.searchParams.get("id"));
    if (item && !item.build) item.cancelled = true;
    end(item ? 204 : 404);
  };
  const ofBuild = ({ request, url, end }: Call, build: JenkinsBuild, rest: string) => {
    if (rest === "api/json") return end(200, JSON.stringify(buildPage(build)), JSON_TYPE);
    if (rest === "logText/progressiveText") {
      const all = Buffer.from(build.log);
      const from = Math.min(Number(url.searchParams.get("start") ?? 0), all.length);
      const more: Record<string, string> = build.result === null ? { "x-more-data": "true" } : {};
      return end(200, all.subarray(from).toString("utf8"), {
        "content-type": "text/plain;charset=utf-8",
        "x-text-size": String(all.length),
        ...more,
      });
    }
    if (rest === "testReport/api/json" && build.report) return end(200, JSON.stringify(build.report), JSON_TYPE);
    if (rest === "stop" && request.method === "POST") {
      build.stopped = true;
      build.log += "Aborted by petrel\nFinished: ABORTED\n";
      build.result ??= "ABORTED";
      return end(302, "", { location: `https://ci.example.com/${job}/${build.number}/` });
    }
    end(404, EMPTY_PAGE("404 Not Found"));
  };
  const buildPage = (build: JenkinsBuild): object => ({
    number: build.number,
    url: `https://ci.example.com/${job}/${build.number}/`,
    queueId: build.queueId,
    building: build.result === null,
    result: build.result,
    duration: build.result === null ? 0 : 1234,
    actions: [{}, { parameters: Object.entries(build.parameters).map(([name, value]) => ({ name, value })) }, null],
  });
  const itemPage = ({ id, build, cancelled, parameters }: JenkinsItem): object => ({
    id,
    why: build ? null : "Waiting for next available executor",
    actions: [{ parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })) }],
    ...(cancelled ? { cancelled } : {}),
    ...(build ? { executable: { number: build.number, url: `https://ci.example.com/${job}/${build.number}/` } } : {}),
  });

  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    items,
    builds,
    begin,
    fail: (path, status, times, headers = {}) => void failures.push({ path, status, left: times, headers }),
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const JSON_TYPE = { "content-type": "application/json;charset=utf-8" };

function fresh(): Omit<JenkinsBuild, "number" | "queueId" | "parameters"> {
  return { log: "Started by user petrel\n", result: null, stopped: false, report: null };
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks).toString()));
  });
}
