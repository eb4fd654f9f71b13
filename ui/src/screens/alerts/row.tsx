// An alert in one line: state, name and summary, labels, value, since when, who is told or what keeps it back.

import { number } from "../../format";
import { Link, safeHref } from "../../router";
import { Time } from "../../time";
import { type Matcher, matcher } from "../silences/matchers";
import type { AlertRow } from "./model";
import { StandingStatus } from "./standing";
import type { LabelSet } from "./types";

/** Labels that stand elsewhere in the row. */
const ELSEWHERE = new Set(["alertname"]);

/** Columns that not every list has. */
export interface OptionalColumns {
  value: boolean;
  told: boolean;
  runbook: boolean;
}

export interface ListRowProps {
  row: AlertRow;
  /** Labels that the head of the section shows. */
  hidden: LabelSet;
  /** In which order labels stand. */
  order(a: string, b: string): number;
  isOpen: boolean;
  has: OptionalColumns;
  onOpen(row: AlertRow): void;
  onPick(condition: Matcher): void;
}

export function ListRow({ row, hidden, order, isOpen, has, onOpen, onPick }: ListRowProps) {
  const labels = Object.entries(row.labels).filter(([name, value]) => !ELSEWHERE.has(name) && hidden[name] !== value);
  labels.sort(([a], [b]) => order(a, b));
  const summary = summaryOf(row.annotations);
  return (
    <tr class={isOpen ? "alerts-row alerts-row-open" : "alerts-row"}>
      <td class="alerts-col-state">
        <StandingStatus row={row} />
      </td>
      <td class="alerts-col-name">
        <Link
          class="alerts-open"
          data-id={row.id}
          to={alertPath(row.id)}
          onClick={(event) => {
            if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            onOpen(row);
          }}
        >
          {row.name}
        </Link>
        {summary === undefined ? null : <span class="alerts-summary">{summary}</span>}
      </td>
      <td
        class="alerts-col-labels"
        title={labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join("\n")}
      >
        {labels.map(([name, value]) => (
          <button
            key={name}
            type="button"
            tabIndex={-1}
            class="alerts-label"
            onClick={(event) => onPick(matcher(name, event.altKey ? "!=" : "=", value))}
          >
            <span class="alerts-label-name">{name}=</span>
            {value}
          </button>
        ))}
      </td>
      {has.value ? <td class="alerts-col-value end">{row.value === undefined ? "" : number(row.value)}</td> : null}
      <td class="alerts-col-since">
        <Time at={row.since} relative />
      </td>
      {has.told ? (
        <td class="alerts-col-told">
          <Told row={row} />
        </td>
      ) : null}
      {has.runbook ? (
        <td class="alerts-col-links">
          <Runbook annotations={row.annotations} />
        </td>
      ) : null}
    </tr>
  );
}

/** The path of the explanation of an alert. */
export function alertPath(id: string): string {
  return `/alerts?alert=${encodeURIComponent(id)}`;
}

export function summaryOf(annotations: LabelSet): string | undefined {
  return annotations.summary ?? annotations.message ?? annotations.description;
}

function Told({ row }: { row: AlertRow }) {
  const { routed } = row;
  if (routed === undefined)
    return <span class="dim">{row.standing === "pending" ? "nobody yet" : "not routed yet"}</span>;
  const { silencedBy, inhibitedBy, mutedBy } = routed.status;
  const [silence] = silencedBy;
  if (silence !== undefined) {
    const more = silencedBy.length > 1 ? ` +${silencedBy.length - 1}` : "";
    return (
      <Link class="alerts-kept" to={`/silences?silence=${encodeURIComponent(silence)}`}>
        silence {silence.slice(0, 8)}
        {more}
      </Link>
    );
  }
  const [source] = inhibitedBy;
  if (source !== undefined) {
    const more = inhibitedBy.length > 1 ? ` +${inhibitedBy.length - 1}` : "";
    return (
      <Link class="alerts-kept" to={alertPath(source)}>
        another alert{more}
      </Link>
    );
  }
  if (mutedBy.length > 0) return <span class="alerts-kept">interval {mutedBy.join(", ")}</span>;
  return <span>{routed.receivers.map((receiver) => receiver.name).join(", ")}</span>;
}

/** The runbook of an alert, as a link when it is one that may be followed, as text otherwise. */
export function runbookOf(annotations: LabelSet): string | undefined {
  return annotations.runbook_url ?? annotations.runbook;
}

function Runbook({ annotations }: { annotations: LabelSet }) {
  const address = runbookOf(annotations);
  if (address === undefined) return null;
  const href = safeHref(address);
  return href === null ? (
    <span class="dim" title={`This is no address that may be followed: ${address}`}>
      no link
    </span>
  ) : (
    <Link to={href}>runbook</Link>
  );
}
