import { Empty } from "../../components/empty";
import { Panel } from "../../components/panel";
import { Status, type StatusKind } from "../../components/status";
import { Link } from "../../router";
import { endpointsPath, routePath } from "../now/links";
import { servicePath } from "../services/rows";
import type { Dependency, ServiceDetail } from "../services/types";

/** What it hangs on and what hangs on it, as far as the routes of the gateway tell. */
export function Dependencies({ service }: { service: ServiceDetail }) {
  const { upstream, downstream } = service.dependencies;
  return (
    <Panel title="Dependencies">
      {upstream.length + downstream.length === 0 ? (
        <Empty
          title="None are known"
          lines={["Routes of the gateway tell who sends requests to whom; none is about this service."]}
        />
      ) : (
        <>
          <Side title="Sends requests to" all={downstream} none="No route of it leads to a backend." />
          <Side title="Gets requests from" all={upstream} none="No other service's route leads here." />
        </>
      )}
    </Panel>
  );
}

function Side({ title, all, none }: { title: string; all: Dependency[]; none: string }) {
  return (
    <section class="service-side">
      <h3>{title}</h3>
      {all.length === 0 ? (
        <p class="dim">{none}</p>
      ) : (
        <ul>
          {all.map((one) => (
            <li key={`${one.kind} ${one.name}`} class="service-dependency">
              <Name of={one} />
              <Status {...healthOf(one)} />
              <Link to={one.kind === "backend" ? endpointsPath(one.name) : routePath(one.name)}>
                {one.endpointsUp} of {one.endpoints} endpoints
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Name({ of }: { of: Dependency }) {
  return (
    <span>
      <span class="dim">{of.kind}</span>{" "}
      {of.to === undefined ? of.name : <Link to={servicePath(of.to)}>{of.name}</Link>}
    </span>
  );
}

/** As many endpoints as there are is well; none is an outage. */
export function healthOf({ endpointsUp, endpoints }: Pick<Dependency, "endpointsUp" | "endpoints">): {
  kind: StatusKind;
  word: string;
} {
  if (endpoints === 0) return { kind: "unknown", word: "no endpoints" };
  if (endpointsUp === 0) return { kind: "critical", word: "down" };
  if (endpointsUp < endpoints) return { kind: "warning", word: "degraded" };
  return { kind: "ok", word: "up" };
}
