// What components ask of the URL.

import { createContext } from "preact";
import { useCallback, useContext, useMemo } from "preact/hooks";
import { useStore } from "../hooks/store";
import { place, setQuery } from "./location";
import type { Params } from "./match";

export interface Route {
  path: string;
  params: Params;
  query: URLSearchParams;
}

/** The parameters that the path of the present screen has; the shell provides them. */
export const RouteParams = createContext<Params>({});

export function useRoute(): Route {
  const { path, search } = useStore(place);
  const params = useContext(RouteParams);
  return useMemo(() => ({ path, params, query: new URLSearchParams(search) }), [path, search, params]);
}

/**
 * A text that lives in the URL as a parameter. What equals the fallback is not written. Setting replaces the entry of the
 * history: a filter is no page.
 */
export function useQueryState(name: string, fallback: string): [string, (value: string) => void] {
  const { search } = useStore(place);
  const value = new URLSearchParams(search).get(name) ?? fallback;
  const set = useCallback((next: string) => setQuery({ [name]: next === fallback ? null : next }), [name, fallback]);
  return [value, set];
}

/** As `useQueryState`, for a parameter that may be there several times. */
export function useQueryList(name: string): [string[], (values: string[]) => void] {
  const { search } = useStore(place);
  const values = useMemo(() => new URLSearchParams(search).getAll(name), [search, name]);
  const set = useCallback((next: string[]) => setQuery({ [name]: next.length === 0 ? null : next }), [name]);
  return [values, set];
}
