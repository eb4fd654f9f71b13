// All screens. To add one: a folder in screens/, and a line here (docs/adding/screen.md).

import type { ComponentType } from "preact";
import type { IconName } from "./components/icon";

export interface Screen {
  /** A pattern: `:name` is one segment. */
  path: string;
  title: string;
  /** The part of the rail it stands in; screens without one are reached from others. */
  group?: "Watch" | "Alerting" | "Traffic" | "Ask" | "Server";
  icon: IconName;
  /** The key after `g` that leads there. */
  go?: string;
  /** What the server must have for the rail to show it; see `has` of /api/v1/ui/state. */
  needs?: "alerting" | "slos" | "gateway" | "rules" | "hosts" | "decisions";
  /** Which count of the live stream stands beside its name. */
  count?: "firing" | "slosCritical" | "targetsDown" | "endpointsDown";
  load: () => Promise<{ default: ComponentType }>;
}

export const SCREENS: readonly Screen[] = [
  { path: "/", title: "Now", group: "Watch", icon: "now", go: "h", load: () => import("./screens/now/now") },
  {
    path: "/services",
    title: "Services",
    group: "Watch",
    icon: "services",
    go: "v",
    load: () => import("./screens/services/services"),
  },
  { path: "/services/:name", title: "Service", icon: "services", load: () => import("./screens/service/service") },
  {
    path: "/slos",
    title: "SLOs",
    group: "Watch",
    icon: "slos",
    go: "s",
    needs: "slos",
    count: "slosCritical",
    load: () => import("./screens/slos/slos"),
  },
  { path: "/slos/:service/:name", title: "SLO", icon: "slos", load: () => import("./screens/slo/slo") },
  {
    path: "/alerts",
    title: "Alerts",
    group: "Watch",
    icon: "alerts",
    go: "a",
    count: "firing",
    load: () => import("./screens/alerts/alerts"),
  },
  {
    path: "/rules",
    title: "Rules",
    group: "Alerting",
    icon: "rules",
    go: "r",
    needs: "rules",
    load: () => import("./screens/rules/rules"),
  },
  {
    path: "/routes",
    title: "Routes",
    group: "Alerting",
    icon: "routes",
    go: "o",
    needs: "alerting",
    load: () => import("./screens/routes/routes"),
  },
  {
    path: "/silences",
    title: "Silences",
    group: "Alerting",
    icon: "silences",
    go: "i",
    needs: "alerting",
    load: () => import("./screens/silences/silences"),
  },
  {
    path: "/inhibitions",
    title: "Inhibitions",
    group: "Alerting",
    icon: "inhibitions",
    go: "n",
    needs: "alerting",
    load: () => import("./screens/inhibitions/inhibitions"),
  },
  {
    path: "/gateway",
    title: "Gateway",
    group: "Traffic",
    icon: "gateway",
    go: "w",
    needs: "gateway",
    count: "endpointsDown",
    load: () => import("./screens/gateway/gateway"),
  },
  {
    path: "/explore",
    title: "Explore",
    group: "Ask",
    icon: "explore",
    go: "e",
    load: () => import("./screens/explore/explore"),
  },
  {
    path: "/explore/metrics",
    title: "Metrics",
    group: "Ask",
    icon: "metrics",
    go: "m",
    load: () => import("./screens/explore-metrics/explore-metrics"),
  },
  {
    path: "/hosts",
    title: "Hosts",
    group: "Server",
    icon: "hosts",
    go: "u",
    load: () => import("./screens/hosts/hosts"),
  },
  {
    path: "/system",
    title: "System",
    group: "Server",
    icon: "system",
    go: "y",
    count: "targetsDown",
    load: () => import("./screens/system/system"),
  },
];
