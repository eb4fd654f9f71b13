/** Answers about hosts: each measure is asked by itself, so that one that fails takes no other with it. */

import { instant, type Series } from "../../api/promql";
import { judge, type Verdict, worst } from "./judgement";
import { type HostKey, type Measure, select } from "./measures";

/** What a measure was answered: a number for each host that has one. */
export interface Answered {
  query: string;
  /** By [`hostKey`]. */
  values: Map<string, number>;
  error?: Error;
}

/** Answers by the id of their measure. */
export type Answers = Map<string, Answered>;

/** How many queries of a screen run at the same time; the server has turns for others as well. */
const AT_ONCE = 4;

/** Asks measures of one host or of all. Fails only when it is aborted, or when no measure could be asked at all. */
export async function ask(
  measures: readonly Measure[],
  host: HostKey | undefined,
  at: number | undefined,
  signal: AbortSignal,
  query: typeof instant = instant,
): Promise<Answers> {
  const answers: Answers = new Map();
  const left = [...measures];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const text = next.query(select(host));
      try {
        answers.set(next.id, { query: text, values: valuesOf(await query(text, at, signal)) });
      } catch (error) {
        if (signal.aborted) throw error;
        answers.set(next.id, { query: text, values: new Map(), error: asError(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const failed = [...answers.values()].map((one) => one.error);
  if (failed.length > 0 && failed.every((error) => error !== undefined)) throw failed[0];
  return inOrder(answers, measures);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function inOrder(answers: Answers, measures: readonly Measure[]): Answers {
  return new Map(
    measures.flatMap((one) => {
      const answered = answers.get(one.id);
      return answered ? [[one.id, answered] as const] : [];
    }),
  );
}

function valuesOf(series: Series[]): Map<string, number> {
  const values = new Map<string, number>();
  for (const one of series) {
    const value = one.points.at(-1)?.[1];
    if (value !== undefined && !Number.isNaN(value)) values.set(hostKey(keyOf(one.labels)), value);
  }
  return values;
}

/** The job and the instance of labels. */
export function keyOf(labels: Record<string, string>): HostKey {
  return { job: labels.job ?? "", instance: labels.instance ?? "" };
}

/** A text that is different for different hosts. */
export function hostKey(host: HostKey): string {
  return JSON.stringify([host.job, host.instance]);
}

/** Reads what [`hostKey`] wrote, as it stands in an address; null when it is something else. */
export function hostOf(key: string): HostKey | null {
  try {
    const parts: unknown = JSON.parse(key);
    if (!Array.isArray(parts)) return null;
    const [job, instance] = parts as unknown[];
    return typeof job === "string" && typeof instance === "string" ? { job, instance } : null;
  } catch {
    return null;
  }
}

/** A host as it is listed. */
export interface Host extends HostKey {
  key: string;
  /** What it calls itself. */
  nodename: string;
  release: string;
  machine: string;
  /** Whether its last scrape went well; null when nobody scrapes it any more. */
  isUp: boolean | null;
}

/** Makes the list of hosts of `node_uname_info` of the last hour, and of `up`. */
export function hosts(known: Series[], up: Series[]): Host[] {
  const isUp = new Map(up.map((one) => [hostKey(keyOf(one.labels)), one.points.at(-1)?.[1] === 1]));
  const found = new Map<string, Host>();
  for (const { labels } of known) {
    const host = keyOf(labels);
    const key = hostKey(host);
    // After an upgrade of the kernel there are two for an hour.
    if (found.has(key)) continue;
    const { nodename = "", release = "", machine = "" } = labels;
    found.set(key, { ...host, key, nodename, release, machine, isUp: isUp.get(key) ?? null });
  }
  return [...found.values()];
}

/** What is asked for the list: all that told of themselves within an hour, so that one that died is still there. */
export const KNOWN_QUERY = "max by (job, instance, nodename, release, machine) (last_over_time(node_uname_info[1h]))";

/** Whether the scrapes of hosts go well. */
export const UP_QUERY = "min by (job, instance) (up)";

/** What is said of a host: down, or the worst of its measures. */
export function verdictOf(host: Host, measures: readonly Measure[], answers: Answers | undefined): Verdict {
  if (host.isUp === false) return "critical";
  if (host.isUp === null) return "unknown";
  return worst(measures.map((one) => judge(one, answers?.get(one.id)?.values.get(host.key))));
}

/** The measures that are not good, the worst first. */
export function findings(
  host: Host,
  measures: readonly Measure[],
  answers: Answers | undefined,
): { measure: Measure; value: number; verdict: Verdict }[] {
  const found = measures.flatMap((measure) => {
    const value = answers?.get(measure.id)?.values.get(host.key);
    const verdict = judge(measure, value);
    return value !== undefined && (verdict === "critical" || verdict === "warning")
      ? [{ measure, value, verdict }]
      : [];
  });
  return found.sort((a, b) => Number(b.verdict === "critical") - Number(a.verdict === "critical"));
}
