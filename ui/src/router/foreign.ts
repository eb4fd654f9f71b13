// Addresses that links of Prometheus and Alertmanager have, in old notices and in other tools: they lead to our screens.

import { parseDuration, parseTime } from "../time/parse";
import { refreshPlace } from "./location";

/** Our address for one of theirs; `null` when it is not theirs. */
export function foreignAddress(path: string, search: string, hash: string): string | null {
  if (path === "/graph" || path === "/query") return fromPrometheus(new URLSearchParams(search));
  if (hash.startsWith("#/")) return fromAlertmanager(hash.slice(1));
  return null;
}

/** So many panels of a page are taken over. */
const PANELS = 10;

/** The expressions of all panels; `g0.range_input`, `g0.end_input` and `g0.tab` (0 or graph, 1 or table) of the first. */
function fromPrometheus(query: URLSearchParams): string {
  const target = new URLSearchParams();
  const expressions = [query.get("expr"), ...Array.from({ length: PANELS }, (_, panel) => query.get(`g${panel}.expr`))];
  for (const expression of expressions) if (expression !== null) target.append("expr", expression);
  const length = query.get("g0.range_input");
  const end = endOf(query.get("g0.end_input"));
  const from = end === null ? null : parseTime(String(Math.round((end - (durationOf(length) ?? 3_600_000)) / 1000)), 0);
  if (end !== null && from !== null) {
    target.set("from", new Date(from).toISOString());
    target.set("to", new Date(end).toISOString());
  } else if (length !== null && durationOf(length) !== null) {
    target.set("from", `now-${length.replace(/\s/g, "")}`);
    target.set("to", "now");
  }
  const tab = query.get("g0.tab");
  if (tab === "1" || tab === "table") target.set("tab", "table");
  return withQuery("/explore", target);
}

function endOf(text: string | null): number | null {
  return text === null || text === "" ? null : parseTime(text, Date.now());
}

function durationOf(text: string | null): number | null {
  return text === null ? null : parseDuration(text.replace(/\s/g, ""));
}

/** `#/alerts?filter={a="b"}`, `#/silences/new?filter=..`, `#/silences/<id>`, `#/silences/<id>/edit`, `#/status`. */
function fromAlertmanager(address: string): string | null {
  const [path = "", search = ""] = address.split("?");
  const [, first = "", second, third] = path.split("/");
  const filter = new URLSearchParams(search).get("filter");
  const target = new URLSearchParams();
  if (first === "alerts" || (first === "silences" && second === undefined)) {
    if (filter !== null) target.set("filter", filter);
    return withQuery(`/${first}`, target);
  }
  if (first === "silences" && second === "new") {
    target.set("new", filter ?? "");
    return withQuery("/silences", target);
  }
  if (first === "silences") {
    target.set(third === "edit" ? "edit" : "silence", unescaped(second ?? ""));
    return withQuery("/silences", target);
  }
  return first === "status" ? "/system" : null;
}

/** A link that was cut off in the middle of an escape is taken as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Replaces a foreign address of the browser by ours: when the page begins, and when only the hash changed. */
export function followForeignAddress(): void {
  const follow = () => {
    const { pathname, search, hash } = window.location;
    const target = foreignAddress(pathname, search, hash);
    if (target === null) return;
    window.history.replaceState(null, "", target);
    refreshPlace();
  };
  window.addEventListener("hashchange", follow);
  follow();
}
