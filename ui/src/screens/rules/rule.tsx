// All of a rule: where it is written, its times, labels, annotations, and its alerts.

import type { ComponentChildren } from "preact";
import { Code } from "../../components/code";
import { KeyValue } from "../../components/key-value";
import { Labels } from "../../components/labels";
import { Status } from "../../components/status";
import { number } from "../../format";
import { Link, safeHref } from "../../router";
import { formatDuration, Time } from "../../time";
import { fingerprint } from "../alerts/fingerprint";
import { numberOf } from "../alerts/model";
import { alertPath } from "../alerts/row";
import type { AlertingRule, RuleAlert } from "../alerts/types";
import type { RuleRow } from "./model";

/** Alerts that are listed below a rule; the others are on the screen of alerts. */
const ALERTS_MAX = 100;

export function RuleDetail({ row, place }: { row: RuleRow; place: string }) {
  const { rule } = row;
  const alerting = rule.type === "alerting" ? rule : null;
  const labels = rule.labels ?? {};
  return (
    <div class="rules-detail-body">
      <Code text={rule.query} language="PromQL" wrap />
      <KeyValue
        rows={[
          ["written in", <code key="place">{place}</code>],
          alerting && ["for", alerting.duration === 0 ? "fires at once" : formatDuration(alerting.duration)],
          alerting !== null &&
            alerting.keepFiringFor > 0 && ["keeps firing for", formatDuration(alerting.keepFiringFor)],
          Object.keys(labels).length > 0 && ["labels", <Labels key="labels" of={labels} />],
          ...annotations(alerting),
        ]}
      />
      {alerting === null ? null : <Alerts rule={alerting} />}
    </div>
  );
}

function annotations(rule: AlertingRule | null): [string, ComponentChildren][] {
  return Object.entries(rule?.annotations ?? {}).map(([name, value]) => [
    name,
    safeHref(value) === null || value.startsWith("/") ? (
      value
    ) : (
      <Link key={name} to={value}>
        {value}
      </Link>
    ),
  ]);
}

function Alerts({ rule }: { rule: AlertingRule }) {
  const alerts = rule.alerts ?? [];
  if (alerts.length === 0) return null;
  const left = alerts.length - ALERTS_MAX;
  return (
    <>
      <table class="rules-alerts">
        <thead>
          <tr>
            <th>State</th>
            <th>Labels</th>
            <th class="end">Value</th>
            <th>Since</th>
          </tr>
        </thead>
        <tbody>
          {alerts.slice(0, ALERTS_MAX).map((alert) => (
            <AlertLine key={JSON.stringify(alert.labels)} alert={alert} />
          ))}
        </tbody>
      </table>
      {left > 0 ? <p class="dim">{left} more are on the screen of alerts.</p> : null}
    </>
  );
}

function AlertLine({ alert }: { alert: RuleAlert }) {
  return (
    <tr>
      <td>
        <Link to={alertPath(fingerprint(alert.labels))}>
          <Status kind={alert.state === "firing" ? "warning" : "info"} word={alert.state} />
        </Link>
      </td>
      <td>
        <Labels of={alert.labels} without={["alertname"]} />
      </td>
      <td class="end">{number(numberOf(alert.value))}</td>
      <td>
        <Time at={alert.activeAt} relative />
      </td>
    </tr>
  );
}
