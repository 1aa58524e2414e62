/** Making and looking at streams. */
import { Retryable } from "../contract/errors.ts";
import { ApiFailure, api, apiCodes, isApiCode } from "./jetstream-api.ts";
import type { Link } from "./link.ts";
import type { StoredMessage } from "./stored-message.ts";
import { decodeStored } from "./stored-message.ts";

/** Stream configuration in the server's own words (its StreamConfig); what is left out has the server's default. */
export interface StreamConfig {
  name: string;
  subjects: string[];
  retention: "limits" | "workqueue";
  storage: "file" | "memory";
  num_replicas?: 1 | 3;
  description: string;
  metadata?: Record<string, string>;
  persist_mode?: "async";
  max_msgs_per_subject?: number;
  discard?: "old" | "new";
  max_msgs?: number;
  /** Nanoseconds. */
  max_age?: number;
  /** Nanoseconds. */
  duplicate_window?: number;
  allow_direct: true;
  allow_rollup_hdrs?: boolean;
  allow_msg_ttl?: boolean;
  deny_delete?: boolean;
}

export interface StreamInfo {
  config: StreamConfig;
  created: string;
  state: { messages: number; first_seq: number; last_seq: number; subjects?: Record<string, number> };
  /** Absent outside of a cluster. */
  cluster?: { leader?: string; replicas?: { name: string; current: boolean; offline?: boolean }[] };
  total?: number;
  offset?: number;
  limit?: number;
}

/** Makes the stream, or brings an existing one up to date. Idempotent. `exactly`: copies beyond those of the config go. */
export async function declareStream(link: Link, config: StreamConfig, timeoutMs = 15_000, exactly = false): Promise<StreamInfo> {
  try {
    return await api<StreamInfo>(link, `STREAM.CREATE.${config.name}`, config, timeoutMs);
  } catch (error) {
    if (!isApiCode(error, apiCodes.nameInUse)) throw error;
  }
  const now = await api<StreamInfo>(link, `STREAM.INFO.${config.name}`, undefined, timeoutMs);
  // Storage and persistence cannot be changed later: what was chosen first stays.
  const { persist_mode: _mode, ...rest } = config;
  const kept = { storage: now.config.storage, ...(now.config.persist_mode ? { persist_mode: now.config.persist_mode } : {}) };
  // Whoever connects with less does not take copies away.
  const wanted = config.num_replicas ?? 1;
  const replicas = exactly ? wanted : Math.max(now.config.num_replicas ?? 1, wanted);
  return await api<StreamInfo>(link, `STREAM.UPDATE.${config.name}`, { ...rest, ...kept, num_replicas: replicas }, timeoutMs);
}

/** Null when there is no such stream. */
export async function streamInfo(
  link: Link,
  name: string,
  query?: { subjects_filter: string; offset?: number },
): Promise<StreamInfo | null> {
  try {
    return await api<StreamInfo>(link, `STREAM.INFO.${name}`, query);
  } catch (error) {
    if (isApiCode(error, apiCodes.streamNotFound)) return null;
    throw error;
  }
}

/** Gone already is as good. */
export async function deleteStream(link: Link, name: string, timeoutMs?: number): Promise<void> {
  try {
    await api(link, `STREAM.DELETE.${name}`, undefined, timeoutMs);
  } catch (error) {
    if (!isApiCode(error, apiCodes.streamNotFound)) throw error;
  }
}

/** Names of the streams that listen to subjects of this pattern. */
export async function streamNames(link: Link, subject: string): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const page = await api<{ streams: string[] | null; total: number }>(link, "STREAM.NAMES", { subject, offset: names.length });
    names.push(...(page.streams ?? []));
    if (names.length >= page.total || (page.streams ?? []).length === 0) return names;
  }
}

/** Those of them that the cluster knows and that do not answer; it waits 4 s for each page of 256 before it says so. */
export async function silentStreams(link: Link, subject: string): Promise<string[]> {
  interface Page {
    streams: { config: { name: string } }[] | null;
    missing?: string[];
    total: number;
  }
  const silent: string[] = [];
  for (let offset = 0; ; ) {
    const page = await api<Page>(link, "STREAM.LIST", { subject, offset }, 15_000);
    // One whose servers are all known to be away is in both.
    const found = new Set([...(page.streams ?? []).map(({ config }) => config.name), ...(page.missing ?? [])]);
    silent.push(...(page.missing ?? []));
    offset += found.size;
    if (found.size === 0 || offset >= page.total) return silent;
  }
}

/** One message as the stream's leader has it; null when it is not there. A missing stream throws. */
export async function leaderMessage(
  link: Link,
  stream: string,
  query: { seq: number } | { last_by_subj: string },
): Promise<StoredMessage | null> {
  try {
    const answer = await api<{ message: { subject: string; seq: number; data?: string; hdrs?: string; time: string } }>(
      link,
      `STREAM.MSG.GET.${stream}`,
      query,
    );
    return decodeStored(answer.message);
  } catch (error) {
    if (isApiCode(error, apiCodes.noMessage)) return null;
    throw error;
  }
}

/** Removes one message without the slow erasing of its bytes. Gone already is as good. */
export async function removeMessage(link: Link, stream: string, seq: number): Promise<void> {
  try {
    await api(link, `STREAM.MSG.DELETE.${stream}`, { seq, no_erase: true });
  } catch (error) {
    // 10057: the server's word for "no message found" at a delete; 10043 in other versions.
    if (!(error instanceof ApiFailure && [10057, 10043, apiCodes.noMessage].includes(error.apiCode))) throw error;
  }
}

/** Purges by subject filter, or everything below a sequence. */
export async function purgeStream(link: Link, stream: string, what: { filter: string } | { seq: number }): Promise<void> {
  const answer = await api<{ success: boolean }>(link, `STREAM.PURGE.${stream}`, what, 15_000);
  if (!answer.success) throw new Retryable({ code: "purge-failed", message: `the broker did not purge ${stream}` });
}
