// A group: how often it is evaluated, how long that takes, and its rules.

import { useState } from "preact/hooks";
import { exploreUrl } from "../../components/evidence";
import { Status, type StatusKind } from "../../components/status";
import { NO_DATA, number, seconds } from "../../format";
import { Link } from "../../router";
import { formatDuration, Time } from "../../time";
import type { Rule } from "../alerts/types";
import { alertCounts, type Doing, type GroupRow, missedQuery, type RuleRow } from "./model";
import { RuleDetail } from "./rule";

const KINDS: Record<Doing, StatusKind> = {
  failing: "critical",
  firing: "warning",
  pending: "info",
  unknown: "unknown",
  inactive: "ok",
  recording: "ok",
};

export function GroupTable({ row, isOpen }: { row: GroupRow; isOpen: boolean }) {
  const { group } = row;
  return (
    <section class="rules-group" aria-label={`Group ${group.name} of ${group.file}`}>
      <header class="rules-head">
        <h2>{group.name}</h2>
        <code class="dim">{group.file}</code>
        <GroupFacts row={row} />
      </header>
      <table class="rules-table">
        <thead>
          <tr>
            <th class="rules-col-state">State</th>
            <th class="rules-col-name">Rule</th>
            <th>Expression</th>
            <th class="rules-col-alerts end">Alerts</th>
            <th class="rules-col-time end">Took</th>
            <th class="rules-col-last">Evaluated</th>
          </tr>
        </thead>
        <tbody>
          {row.rows.map((one) => (
            <RuleLines key={one.id} row={one} file={group.file} isOpen={isOpen} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function GroupFacts({ row }: { row: GroupRow }) {
  const { group, isSlow, missed } = row;
  return (
    <p class="rules-facts">
      <span>every {formatDuration(group.interval)}</span>
      {isSlow ? (
        <Status kind="warning" word={`took ${seconds(group.evaluationTime)}, longer than its interval`} />
      ) : (
        <span>took {seconds(group.evaluationTime)}</span>
      )}
      <span>
        <Time at={group.lastEvaluation} relative />
      </span>
      {missed !== null && missed > 0 ? (
        <Link to={exploreUrl(missedQuery(row.id))}>
          <Status kind="warning" word={`${number(missed)} slots missed`} />
        </Link>
      ) : (
        <span>{missed === null ? `missed slots: ${NO_DATA}` : "no slot missed"}</span>
      )}
      {group.limit > 0 ? <span>at most {group.limit} series</span> : null}
    </p>
  );
}

function RuleLines({ row, file, isOpen }: { row: RuleRow; file: string; isOpen: boolean }) {
  const { rule, doing } = row;
  const [isShown, setShown] = useState(isOpen);
  return (
    <>
      <tr class="rules-row">
        <td class="rules-col-state">
          <Status kind={KINDS[doing]} word={doing} />
        </td>
        <td class="rules-col-name">
          <button type="button" class="rules-open" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
            {rule.name}
          </button>
        </td>
        <td class="rules-col-query">
          <Link to={exploreUrl(rule.query)} title="Open in Explore">
            <code>{rule.query}</code>
          </Link>
        </td>
        <td class="rules-col-alerts end">
          <Alerts rule={rule} />
        </td>
        <td class="rules-col-time end">{seconds(rule.evaluationTime)}</td>
        <td class="rules-col-last">
          <Time at={rule.lastEvaluation} relative />
        </td>
      </tr>
      {rule.lastError === undefined || rule.lastError === "" ? null : (
        <tr class="rules-error">
          <td />
          <td colSpan={5}>
            <p role="alert">{rule.lastError}</p>
            <p class="dim">
              {place(file, row)}: correct the expression there, then <code>plimsoll check rules {file}</code> and
              reload.
            </p>
          </td>
        </tr>
      )}
      {isShown ? (
        <tr class="rules-detail">
          <td />
          <td colSpan={5}>
            <RuleDetail row={row} place={place(file, row)} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

function Alerts({ rule }: { rule: Rule }) {
  if (rule.type === "recording") return null;
  const { firing, pending } = alertCounts(rule);
  if (firing + pending === 0) return <span class="dim">0</span>;
  const words = [firing > 0 ? `${firing} firing` : "", pending > 0 ? `${pending} pending` : ""];
  const filter = encodeURIComponent(`alertname=${JSON.stringify(rule.name)}`);
  return <Link to={`/alerts?filter=${filter}`}>{words.filter((word) => word !== "").join(", ")}</Link>;
}

/** Where a rule stands: `rules/db.yml:12`, or only the file where no line is known. */
function place(file: string, row: RuleRow): string {
  return row.line === undefined ? file : `${file}:${row.line}`;
}
