// What the palette finds.

import { get } from "../api/client";
import { exploreUrl } from "../components/evidence";
import type { IconName } from "../components/icon";
import { navigate } from "../router/location";
import { fill } from "../router/match";
import type { Screen } from "../screens";
import { toggleLive } from "../time/live";
import { refreshRange } from "../time/range";
import { toggleZone } from "../time/zone";
import { nextTheme } from "./theme";

export interface Entry {
  id: string;
  title: string;
  /** What it is: Screen, Service, SLO, Alert, Metric, Action. */
  kind: string;
  icon: IconName;
  /** More words that find it. */
  more?: string;
  shortcut?: string;
  run: () => void;
}

export function screenEntries(screens: readonly Screen[]): Entry[] {
  return screens.map((screen) => ({
    id: `screen ${screen.path}`,
    title: screen.title,
    kind: "Screen",
    icon: screen.icon,
    ...(screen.go === undefined ? {} : { shortcut: `g ${screen.go}` }),
    run: () => navigate(screen.path),
  }));
}

export function actionEntries(hasAlerting: boolean): Entry[] {
  const actions: [string, IconName, () => void, string?][] = [
    ["Live on or off", "live", toggleLive, "."],
    ["Load everything anew", "again", refreshRange],
    ["Times in UTC or local", "now", toggleZone],
    ["Next theme", "theme", () => void nextTheme()],
    ["Print this page", "download", () => window.print()],
  ];
  if (hasAlerting) actions.push(["New silence", "silences", () => navigate("/silences?new=")]);
  return actions.map(([title, icon, run, shortcut]) => ({
    id: `action ${title}`,
    title,
    kind: "Action",
    icon,
    run,
    ...(shortcut === undefined ? {} : { shortcut }),
  }));
}

/** Each source on its own: one that fails, or that this server does not have, leaves the others. */
export async function remoteEntries(signal: AbortSignal): Promise<Entry[]> {
  const found = await Promise.allSettled([services(signal), slos(signal), alerts(signal), metrics(signal)]);
  return found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
}

async function services(signal: AbortSignal): Promise<Entry[]> {
  const { services } = await get<{ services: { name: string }[] }>("/api/v1/services", {}, signal);
  return services.map(({ name }) => ({
    id: `service ${name}`,
    title: name,
    kind: "Service",
    icon: "services",
    run: () => navigate(fill("/services/:name", { name })),
  }));
}

async function slos(signal: AbortSignal): Promise<Entry[]> {
  const { slos } = await get<{ slos: { id: string; title?: string }[] }>("/api/v1/slos", {}, signal);
  return slos.map(({ id, title }) => {
    const [service = "", name = ""] = id.split("/");
    return {
      id: `slo ${id}`,
      title: id,
      kind: "SLO",
      icon: "slos",
      more: title ?? "",
      run: () => navigate(fill("/slos/:service/:name", { service, name })),
    };
  });
}

interface Alert {
  labels: Record<string, string>;
  state: string;
}

async function alerts(signal: AbortSignal): Promise<Entry[]> {
  const { alerts } = await get<{ alerts: Alert[] }>("/api/v1/alerts", {}, signal);
  const names = new Set(alerts.map((alert) => alert.labels.alertname ?? ""));
  return [...names].map((name) => ({
    id: `alert ${name}`,
    title: name,
    kind: "Alert",
    icon: "alerts",
    run: () => navigate(`/alerts?${new URLSearchParams({ filter: `alertname=${JSON.stringify(name)}` })}`),
  }));
}

async function metrics(signal: AbortSignal): Promise<Entry[]> {
  const names = await get<string[]>("/api/v1/label/__name__/values", {}, signal);
  return names.map((name) => ({
    id: `metric ${name}`,
    title: name,
    kind: "Metric",
    icon: "metrics",
    run: () => navigate(exploreUrl(name)),
  }));
}
