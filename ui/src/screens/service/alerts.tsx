import { useTick } from "../../api/live";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { Time } from "../../time";
import { alertPath, alertsOfService, type Firing, loadFiring, loudnessOf } from "../now/firing";
import { alertsPath } from "../services/rows";

/** What fires about a service now. */
export function Alerts({ name }: { name: string }) {
  const tick = useTick(["alerts"]);
  const loaded = useLoad((signal) => loadFiring(signal), [tick]);
  return (
    <Panel title="Alerts" state={loaded} actions={<Link to={alertsPath(name)}>All of it</Link>}>
      {(all: Firing[]) => {
        const own = alertsOfService(all, name);
        if (own.length === 0) return <p class="dim">None fires.</p>;
        return (
          <ul class="service-alerts">
            {own.map((alert) => (
              <li key={alert.id}>
                <Status {...loudnessOf(alert)} />
                <Link to={alertPath(alert)}>{alert.name}</Link>
                <span class="dim">
                  <Time at={alert.since} relative />
                </span>
                {alert.summary !== "" && <span class="service-summary">{alert.summary}</span>}
              </li>
            ))}
          </ul>
        );
      }}
    </Panel>
  );
}
