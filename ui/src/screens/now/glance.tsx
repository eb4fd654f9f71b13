import { useCounts } from "../../api/live";
import { Status, type StatusKind } from "../../components/status";
import { Link } from "../../router";
import { stateOf } from "../slo/states";
import { statesOf } from "../slos/rows";
import { type Firing, isPage } from "./firing";
import type { Overview } from "./load";

/** The whole in one line: what rings, how budgets stand, what is down. */
export function Glance({ firing, services }: { firing: Firing[] | undefined; services: Overview | undefined }) {
  const counts = useCounts();
  const pages = firing?.filter(isPage).length;
  return (
    <div class="now-glance">
      <Count title="Pages" to="/alerts" count={pages} bad="critical" />
      <Count
        title="Other alerts"
        to="/alerts"
        count={pages === undefined ? undefined : (firing?.length ?? 0) - pages}
        bad="warning"
      />
      <Count title="Endpoints down" to="/gateway?tab=endpoints" count={counts.endpointsDown} bad="warning" />
      <Count title="Targets down" to="/system?tab=targets" count={counts.targetsDown} bad="warning" />
      <div class="now-count">
        <span class="now-count-title">Budgets</span>
        <span class="row">
          {services === undefined ? (
            <span class="dim">no data</span>
          ) : services.budgets.length === 0 ? (
            <Link to="/slos">no SLO yet</Link>
          ) : (
            statesOf(services.budgets).map(({ state, count }) => (
              <Link key={state} class="now-state" to={`/slos?state=${state}`}>
                <Status {...stateOf(state)} /> {count}
              </Link>
            ))
          )}
        </span>
      </div>
    </div>
  );
}

function Count({ title, to, count, bad }: { title: string; to: string; count: number | undefined; bad: StatusKind }) {
  return (
    <Link class="now-count" to={to}>
      <span class="now-count-title">{title}</span>
      {count === undefined ? (
        <Status kind="unknown" word="no data" />
      ) : (
        <Status class="now-count-number" kind={count === 0 ? "ok" : bad} word={count === 0 ? "none" : String(count)} />
      )}
    </Link>
  );
}
