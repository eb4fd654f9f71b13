// Where the reader is. The URL is the only place that says so: a link shows another reader the same thing.

import { createStore } from "../hooks/store";

export interface Place {
  path: string;
  /** With its question mark, or empty. */
  search: string;
  /** With its hash mark, or empty. */
  hash: string;
}

function here(): Place {
  const { pathname, search, hash } = window.location;
  return { path: pathname, search, hash };
}

export const place = createStore<Place>(here());

/** Takes the URL of the browser over after it changed without us: back, forward, or in a test. */
export function refreshPlace(): void {
  const now = here();
  const before = place.get();
  if (now.path === before.path && now.search === before.search && now.hash === before.hash) return;
  place.set(now);
}

window.addEventListener("popstate", refreshPlace);
window.addEventListener("hashchange", refreshPlace);

/**
 * Goes to a path of this interface. The time range of the present page comes along unless the URL has its own, so that
 * one looks at the same hour wherever one goes. With `replace` the Back button does not stop here.
 */
export function navigate(url: string, options: { replace?: boolean } = {}): void {
  const target = withRange(url);
  if (options.replace) window.history.replaceState(null, "", target);
  else window.history.pushState(null, "", target);
  const before = place.get().path;
  refreshPlace();
  if (place.get().path !== before && !options.replace) window.scrollTo?.(0, 0);
}

/** The URL with the time range of the present page, when it has none of its own. */
export function withRange(url: string): string {
  const target = new URL(url, window.location.origin);
  if (target.origin !== window.location.origin) return url;
  const present = new URLSearchParams(window.location.search);
  if (target.searchParams.has("from") || target.searchParams.has("to")) return pathOf(target);
  for (const name of ["from", "to"]) {
    const value = present.get(name);
    if (value !== null) target.searchParams.set(name, value);
  }
  return pathOf(target);
}

function pathOf(url: URL): string {
  // `now%3A` and the like are legal unescaped in a query, and a link that people paste should be readable.
  const search = url.search.replace(/%3A/gi, ":").replace(/%2C/gi, ",").replace(/%2F/gi, "/");
  return url.pathname + search + url.hash;
}

/** Changes parameters of the present URL; `null` takes one away, a list sets it several times. */
export function setQuery(changes: Record<string, string | string[] | null>, options: { replace?: boolean } = {}): void {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    if (value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, one);
  }
  const url = new URL(window.location.href);
  url.search = query.toString();
  const target = pathOf(url);
  if (options.replace ?? true) window.history.replaceState(null, "", target);
  else window.history.pushState(null, "", target);
  refreshPlace();
}
