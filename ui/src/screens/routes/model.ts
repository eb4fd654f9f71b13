// The routing tree as people read it: indented, with what a route inherits apart from what it says itself.

import type { AlertRoute as Route } from "../../api/types";
import { matcher, operator, parseMatchers } from "../silences/matchers";

export type { AlertRoute as Route, AlertRoutesTaken as Tested, Delivery, Heartbeat } from "../../api/types";

/** A setting of a route, with whether it comes from its parent. */
export interface Setting {
  name: string;
  value: string;
  isInherited: boolean;
}

export interface RouteRow {
  route: Route;
  depth: number;
  receiver: Setting;
  settings: Setting[];
  /** Taken itself, on the way to one that is taken, or neither; null when nothing is tested. */
  path: "taken" | "passed" | "off" | null;
}

/** Makes rows in the order of the tree. `taken` are the ids of routes that labels take. */
export function routeRows(routes: Route[], taken: string[] | null): RouteRow[] {
  const passed = new Set<number>();
  routes.forEach((route, index) => {
    if (!taken?.includes(route.id)) return;
    for (let at: number | null = index; at !== null && !passed.has(at); at = routes[at]?.parent ?? null) passed.add(at);
  });
  return routes.map((route, index) => {
    const parent = route.parent === null ? undefined : routes[route.parent];
    const isTaken = taken?.includes(route.id) ?? false;
    return {
      route,
      depth: depthOf(routes, index),
      receiver: setting("receiver", route.receiver, parent?.receiver),
      settings: settings(route, parent),
      path: taken === null ? null : isTaken ? "taken" : passed.has(index) ? "passed" : "off",
    };
  });
}

function depthOf(routes: Route[], index: number): number {
  let depth = 0;
  // A parent stands before its children, so a broken answer cannot make this walk in a circle.
  for (let at = routes[index]?.parent ?? null; at !== null && at < index; at = routes[at]?.parent ?? null) {
    depth += 1;
    if (depth > routes.length) break;
  }
  return depth;
}

function setting(name: string, value: string, inherited: string | undefined): Setting {
  return { name, value, isInherited: inherited === value };
}

function settings(route: Route, parent: Route | undefined): Setting[] {
  const group = (one: Route | undefined) => (one === undefined ? undefined : groupWords(one.groupBy));
  const all = [
    setting("group by", groupWords(route.groupBy), group(parent)),
    setting("first after", route.groupWait, parent?.groupWait),
    setting("changes after", route.groupInterval, parent?.groupInterval),
    setting("again after", route.repeatInterval, parent?.repeatInterval),
  ];
  if (route.resolveInterval !== route.groupInterval) {
    all.push(setting("ends after", route.resolveInterval, parent?.resolveInterval));
  }
  // Alertmanager's time intervals are not inherited.
  const own = (name: string, values: string[] | undefined) => {
    if (values !== undefined && values.length > 0) all.push(setting(name, values.join(", "), undefined));
  };
  own("silent in", route.muteTimeIntervals);
  own("speaks only in", route.activeTimeIntervals);
  return all;
}

function groupWords(names: string[]): string {
  if (names.length === 0) return "nothing: one group";
  return names[0] === "..." ? "all labels: each alert alone" : names.join(", ");
}

/** A problem of a text that should be labels. */
export class LabelsError extends Error {
  override readonly name = "LabelsError";
}

/** Reads the labels that somebody wants to test: equalities only, since an alert has one value of each. Throws. */
export function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const one of parseMatchers(text)) {
    if (operator(one) !== "=") throw new LabelsError(`${one.name} needs one value: write ${one.name}=value`);
    labels[one.name] = one.value;
  }
  return labels;
}

/** The parameters of `routes/test`. */
export function labelParams(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

/** Labels that a route asks for by equality, its parents' too: what to begin a test with. */
export function labelsOf(routes: Route[], index: number): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let at: number | null = index; at !== null; at = routes[at]?.parent ?? null) {
    for (const text of routes[at]?.matchers ?? []) {
      const [one] = readable(text);
      if (one?.isEqual === true && !(one.name in labels))
        labels[one.name] = one.isRegex ? simplest(one.value) : one.value;
    }
  }
  return labels;
}

function readable(text: string) {
  try {
    return parseMatchers(text);
  } catch {
    return [];
  }
}

/** The first of the alternatives of an expression, when it is plain text. */
function simplest(expression: string): string {
  const first = expression.split("|")[0] ?? "";
  return /^[\w-]+$/.test(first) ? first : "";
}

/** Everybody who is told something, with the routes that lead there. */
export function receivers(names: string[], routes: Route[]): { name: string; routes: Route[] }[] {
  const all = [...new Set([...names, ...routes.map((route) => route.receiver)])];
  return all.map((name) => ({ name, routes: routes.filter((route) => route.receiver === name) }));
}

/** Labels as they stand in the test box. */
export function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => matcher(name, "=", value))
    .map((one) =>
      /^[\w.:/-]+$/.test(one.value) && /^\w+$/.test(one.name)
        ? `${one.name}=${one.value}`
        : `${JSON.stringify(one.name)}=${JSON.stringify(one.value)}`,
    )
    .join(", ");
}
