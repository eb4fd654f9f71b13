import { useState } from "preact/hooks";
import { Button } from "../../components/button";
import { Labels } from "../../components/labels";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import type { Loaded } from "../../hooks/load";
import { isExternal, Link, safeHref } from "../../router";
import { Time } from "../../time";
import { alertPath, type Firing, isPage, loudnessOf } from "./firing";

/** Alerts that are no pages and are shown at once. */
const OTHERS = 5;
/** Labels that the line says anyway. */
const TOLD = ["alertname", "severity"];

/** What fires and that nothing keeps back, pages first. */
export function FiringPanel({ firing }: { firing: Loaded<Firing[]> }) {
  const [all, setAll] = useState(false);
  return (
    <Panel title="Firing" state={firing} actions={<Link to="/alerts">All alerts</Link>}>
      {(found: Firing[]) => {
        if (found.length === 0) return <Status kind="ok" word="Nothing fires." />;
        const pages = found.filter(isPage);
        const others = found.filter((alert) => !isPage(alert));
        const shown = all ? others : others.slice(0, OTHERS);
        return (
          <>
            <ul class="now-firing">
              {[...pages, ...shown].map((alert) => (
                <Line key={alert.id || JSON.stringify(alert.labels)} alert={alert} />
              ))}
            </ul>
            {shown.length < others.length && (
              <div>
                <Button small onPress={() => setAll(true)}>
                  {others.length - shown.length} more
                </Button>
              </div>
            )}
          </>
        );
      }}
    </Panel>
  );
}

function Line({ alert }: { alert: Firing }) {
  const runbook = safeHref(alert.runbook);
  return (
    <li class={isPage(alert) ? "now-alert is-page" : "now-alert"}>
      <Status {...loudnessOf(alert)} />
      <span class="now-alert-what">
        <span class="row">
          <Link class="now-alert-name" to={alertPath(alert)}>
            {alert.name}
          </Link>
          <span class="dim">
            <Time at={alert.since} relative />
          </span>
          {runbook !== null && isExternal(runbook) && <Link to={runbook}>Runbook</Link>}
        </span>
        {alert.summary !== "" && <span class="now-alert-summary">{alert.summary}</span>}
        <Labels of={alert.labels} without={TOLD} />
      </span>
    </li>
  );
}
