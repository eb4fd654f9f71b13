/** Lines of the tap: cut out of chunks of bytes, read, and kept within bounds. */

import type { TapRequest as Told } from "../../api/types";

/** The longest line that is read; those of the access log have some KiB at most. */
const LINE_LENGTH_MAX = 262_144;

/** A request as the tap shows it; what a stranger wrote stands in `host`, `path` and `user_agent`. */
export interface TapRequest extends Told {
  /** Ours: counts up, so that rows keep their identity. */
  id: number;
}

/** Cuts lines out of chunks of bytes, wherever those are cut, inside of a character as well. */
export class LineCutter {
  private readonly decoder = new TextDecoder();
  private pending = "";
  /** Whether the rest of a line that is too long is passed over. */
  private isSkipping = false;
  /** Lines that were too long to be read. */
  skipped = 0;

  /** Returns the lines that end in this chunk, without empty ones. */
  push(chunk: Uint8Array): string[] {
    const parts = this.decoder.decode(chunk, { stream: true }).split("\n");
    const rest = parts.pop() ?? "";
    const lines: string[] = [];
    for (const part of parts) {
      const line = this.pending + part;
      this.pending = "";
      if (this.isSkipping) this.isSkipping = false;
      else if (line.length > LINE_LENGTH_MAX) this.skipped += 1;
      else if (line.trim() !== "") lines.push(line);
    }
    this.keep(rest);
    return lines;
  }

  private keep(rest: string): void {
    if (this.isSkipping) return;
    this.pending += rest;
    if (this.pending.length <= LINE_LENGTH_MAX) return;
    this.pending = "";
    this.isSkipping = true;
    this.skipped += 1;
  }
}

/** What a line says. */
export type TapLine = { kind: "request"; request: Told } | { kind: "missed"; count: number } | { kind: "unreadable" };

/** Reads a line; one that is neither a request nor a count of missed ones is unreadable. */
export function readLine(line: string): TapLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: "unreadable" };
  }
  if (typeof value !== "object" || value === null) return { kind: "unreadable" };
  const fields = value as Record<string, unknown>;
  if (typeof fields.missed === "number") return { kind: "missed", count: fields.missed };
  const isRequest = typeof fields.time === "string" && typeof fields.status === "number";
  if (!isRequest) return { kind: "unreadable" };
  return { kind: "request", request: fields as unknown as Told };
}

/** What is kept of a tap: the newest requests, and counts of what is not shown. */
export interface Kept {
  /** The newest first. */
  requests: TapRequest[];
  /** All that came since the begin. */
  seen: number;
  /** Requests that the server did not send because we read too slowly. */
  missed: number;
  /** Lines that could not be read. */
  unreadable: number;
}

/** Nothing was kept yet. */
export const NOTHING_KEPT: Kept = { requests: [], seen: 0, missed: 0, unreadable: 0 };

/** Adds lines, the oldest first, and keeps `max` requests at most. Only those that are kept are read. */
export function keep(kept: Kept, lines: string[], max: number): Kept {
  let { seen, missed, unreadable } = kept;
  const added: TapRequest[] = [];
  const firstRead = Math.max(0, lines.length - max);
  lines.forEach((line, index) => {
    // What would be dropped at once is counted unread; a count of missed ones is never dropped.
    if (index < firstRead && !line.startsWith('{"missed"')) {
      seen += 1;
      return;
    }
    const read = readLine(line);
    if (read.kind === "missed") missed += read.count;
    else if (read.kind === "unreadable") unreadable += 1;
    else {
      added.push({ ...read.request, id: seen });
      seen += 1;
    }
  });
  const requests = [...added.reverse(), ...kept.requests].slice(0, max);
  return { requests, seen, missed, unreadable };
}

/** What chooses requests; all that is given must hold. */
export interface TapFilter {
  route: string;
  backend: string;
  endpoint: string;
  classes: string[];
  reason: string;
  status: string;
  method: string;
  path: string;
  client: string;
  criticality: string;
  atLeast: string;
  trace: string;
}

/** Reads a filter from the parameters of the page, which have the server's names. */
export function filterOf(query: URLSearchParams): TapFilter {
  const text = (name: string) => query.get(name) ?? "";
  return {
    route: text("route"),
    backend: text("backend"),
    endpoint: text("endpoint"),
    classes: query
      .getAll("class")
      .flatMap((value) => value.split(","))
      .filter(Boolean),
    reason: text("reason"),
    status: text("status"),
    method: text("method"),
    path: text("path_prefix"),
    client: text("client"),
    criticality: text("criticality"),
    atLeast: text("at_least"),
    trace: text("trace_id"),
  };
}

/** The parameters of a filter, for the server as for the page; empty fields say nothing. */
export function parametersOf(filter: TapFilter): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of [
    ["route", filter.route],
    ["backend", filter.backend],
    ["endpoint", filter.endpoint],
    ...filter.classes.map((value) => ["class", value]),
    ["reason", filter.reason],
    ["status", filter.status],
    ["method", filter.method],
    ["path_prefix", filter.path],
    ["client", filter.client],
    ["criticality", filter.criticality],
    ["at_least", filter.atLeast],
    ["trace_id", filter.trace],
  ] as [string, string][]) {
    const said = value.trim();
    if (said !== "") parameters.append(name, said);
  }
  return parameters;
}
