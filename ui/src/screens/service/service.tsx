// One service: rate, errors and duration with what was changed, its objectives, what it hangs on, and what rings.

import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { Page } from "../../components/page";
import { Skeleton } from "../../components/panel";
import { Status } from "../../components/status";
import { useLoad } from "../../hooks/load";
import { Link, useRoute } from "../../router";
import { routePath, targetsPath } from "../now/links";
import { healthOf } from "../services/rows";
import type { ServiceDetail } from "../services/types";
import { Alerts } from "./alerts";
import { Changes } from "./changes";
import { Dependencies } from "./dependencies";
import { RedCharts } from "./red-charts";
import { SloTiles } from "./slo-tiles";
import "./service.css";

export default function ServiceScreen() {
  const { params } = useRoute();
  const name = params.name ?? "";
  return <One key={name} name={name} />;
}

function One({ name }: { name: string }) {
  const tick = useTick(["slos", "alerts", "gateway", "targets"]);
  const path = `/api/v1/services/${encodeURIComponent(name)}`;
  const loaded = useLoad((signal) => get<ServiceDetail>(path, undefined, signal), [name, tick]);
  const service = loaded.data;
  return (
    <Page
      title={name}
      crumbs={[{ title: "Services", to: "/services" }]}
      sub={service !== undefined && <Sub service={service} />}
    >
      {loaded.error !== undefined && <ErrorNote error={loaded.error} again={loaded.again} />}
      {service === undefined ? (
        loaded.error === undefined ? (
          <Skeleton />
        ) : (
          <Empty
            title="Nothing is known of it"
            lines={["No SLO file, no route of the gateway and no scrape job names it now."]}
            actions={<Link to="/services">All services</Link>}
          />
        )
      ) : (
        <>
          <RedCharts service={service} />
          <SloTiles service={service} tick={tick} />
          <div class="columns">
            <Dependencies service={service} />
            <Alerts name={name} />
          </div>
          <Changes name={name} />
        </>
      )}
    </Page>
  );
}

function Sub({ service }: { service: ServiceDetail }) {
  const known = [
    ["SLOs", service.slos.length],
    ["routes", service.routes.length],
    ["jobs", service.jobs.length],
  ] as const;
  return (
    <span class="row">
      <Status {...healthOf(service)} />
      <span>
        known from{" "}
        {known
          .filter(([, count]) => count > 0)
          .map(([word, count]) => `${count} ${count === 1 ? word.slice(0, -1) : word}`)
          .join(", ")}
      </span>
      {service.routes.map((route) => (
        <Link key={route} to={routePath(route)}>
          route {route}
        </Link>
      ))}
      {service.jobs.map((job) => (
        <Link key={job} to={targetsPath(job)}>
          job {job}
        </Link>
      ))}
    </span>
  );
}
