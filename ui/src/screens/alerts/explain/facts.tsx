// Labels and annotations, all of them, as they came.

import { Panel } from "../../../components/panel";
import { Link, safeHref } from "../../../router";
import { formatMatcher, matcher } from "../../silences/matchers";
import type { AlertRow } from "../model";

export function Facts({ row }: { row: AlertRow }) {
  return (
    <Panel title="Labels and annotations">
      <dl class="alert-facts">
        {Object.entries(row.labels).map(([name, value]) => (
          <div key={`label ${name}`}>
            <dt>{name}</dt>
            <dd>
              <Link to={`/alerts?filter=${encodeURIComponent(formatMatcher(matcher(name, "=", value)))}`}>
                {value === "" ? '""' : value}
              </Link>
            </dd>
          </div>
        ))}
        {Object.entries(row.annotations).map(([name, value]) => (
          <div key={`annotation ${name}`}>
            <dt class="dim">{name}</dt>
            <dd>{safeHref(value) === null || value.startsWith("/") ? value : <Link to={value}>{value}</Link>}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
