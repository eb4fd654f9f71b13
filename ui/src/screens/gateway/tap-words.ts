/** How a tapped request is said, and the tap as a command. */

import { shellWord } from "../../components/evidence";
import type { StatusKind } from "../../components/status";
import type { TapFilter, TapRequest } from "./tap-lines";

/** The classes by which requests are counted. */
export const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx", "499"] as const;

/** The icon and colour of a class: 4xx blame the client, 499 nobody. */
export function classKind(name: string): StatusKind {
  if (name === "5xx") return "critical";
  if (name === "4xx") return "warning";
  if (name === "499") return "muted";
  return "ok";
}

/** The tap with this filter as a command. */
export function tapCommand(filter: TapFilter): string {
  const words = ["plimsoll", "gateway", "tap"];
  const say = (flag: string, value: string) => {
    if (value.trim() !== "") words.push(flag, shellWord(value.trim()));
  };
  say("--route", filter.route);
  say("--backend", filter.backend);
  say("--endpoint", filter.endpoint);
  for (const name of filter.classes) say("--class", name);
  say("--reason", filter.reason);
  say("--status", filter.status);
  say("--method", filter.method);
  say("--path", filter.path);
  say("--client", filter.client);
  say("--criticality", filter.criticality);
  say("--at-least", filter.atLeast);
  say("--trace", filter.trace);
  return words.join(" ");
}

/** The address of a client without its port. */
export function addressOf(client: string): string {
  const bracketed = /^\[(.+)\]:\d+$/.exec(client);
  if (bracketed) return bracketed[1] ?? client;
  return /^[^:]+:\d+$/.test(client) ? client.slice(0, client.lastIndexOf(":")) : client;
}

/** The page that explains where a request like this one would go now. */
export function explainUrl(request: Pick<TapRequest, "method" | "host" | "path" | "client" | "listener">): string {
  const query = new URLSearchParams({ tab: "explain", "q.method": request.method, "q.path": request.path });
  if (request.host !== "") query.set("q.host", request.host);
  if (request.client !== "") query.set("q.client", addressOf(request.client));
  if (request.listener) query.set("q.listener", request.listener);
  return `/gateway?${query}`;
}
