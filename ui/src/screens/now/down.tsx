// What does not answer: endpoints of the gateway, and targets of scrapes.

import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { serverHas } from "./has";
import { endpointPath, targetsPath } from "./links";

interface Endpoint {
  backend: string;
  name: string;
  state: string;
  isUsable: boolean;
  reason: string | null;
}

interface Target {
  scrapePool: string;
  scrapeUrl: string;
  health: string;
  lastError: string;
}

export interface Out {
  key: string;
  name: string;
  word: string;
  why: string;
  to: string;
}

const SHOWN = 10;
/** Somebody ordered it: that is no fault. */
const ORDERED = ["forced_down", "draining", "weightless"];

export function Down() {
  const tick = useTick(["gateway", "targets"]);
  const loaded = useLoad((signal) => loadDown(signal), [tick]);
  return (
    <Panel title="Down" state={loaded}>
      {(all: Out[]) => {
        if (all.length === 0) return <Status kind="ok" word="Every endpoint and target answers." />;
        return (
          <>
            <ul class="now-down">
              {all.slice(0, SHOWN).map((one) => (
                <li key={one.key}>
                  <Status kind="warning" word={one.word} />
                  <Link to={one.to}>{one.name}</Link>
                  <span class="dim now-why">{one.why}</span>
                </li>
              ))}
            </ul>
            {all.length > SHOWN && <p class="dim">and {all.length - SHOWN} more</p>}
          </>
        );
      }}
    </Panel>
  );
}

async function loadDown(signal: AbortSignal): Promise<Out[]> {
  const [endpoints, targets] = await Promise.all([loadEndpoints(signal), loadTargets(signal)]);
  return [...endpointsDown(endpoints), ...targetsDown(targets)];
}

async function loadEndpoints(signal: AbortSignal): Promise<Endpoint[]> {
  if (!(await serverHas("gateway", signal))) return [];
  return (await get<{ endpoints: Endpoint[] }>("/api/v1/gateway/endpoints", undefined, signal)).endpoints;
}

async function loadTargets(signal: AbortSignal): Promise<Target[]> {
  return (await get<{ activeTargets: Target[] }>("/api/v1/targets", { state: "active" }, signal)).activeTargets;
}

export function endpointsDown(endpoints: readonly Endpoint[]): Out[] {
  const out = endpoints.filter((one) => !one.isUsable && !ORDERED.includes(one.state));
  return out.map((one) => ({
    key: `endpoint ${one.backend} ${one.name}`,
    name: `${one.backend}: ${one.name}`,
    word: one.state.replaceAll("_", " "),
    why: one.reason ?? "",
    to: endpointPath(one.backend, one.name),
  }));
}

export function targetsDown(targets: readonly Target[]): Out[] {
  const out = targets.filter((one) => one.health === "down");
  return out.map((one) => ({
    key: `target ${one.scrapePool} ${one.scrapeUrl}`,
    name: `${one.scrapePool}: ${one.scrapeUrl}`,
    word: "target down",
    why: one.lastError,
    to: targetsPath(one.scrapePool),
  }));
}
