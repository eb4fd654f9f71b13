import { Badge } from "../../components/badge";
import { BudgetBar } from "../../components/budget-bar";
import { exploreUrl } from "../../components/evidence";
import { Labels } from "../../components/labels";
import { Status } from "../../components/status";
import type { Column } from "../../components/table";
import { compact } from "../../format";
import { Link } from "../../router";
import { formatTime } from "../../time";
import {
  achieved,
  achievedText,
  burnKind,
  burnText,
  eventsLeft,
  leftInEvents,
  leftInTime,
  outageTime,
  projectionText,
  secondsOf,
} from "../slo/budget";
import { achievedQuery, BURN_WINDOWS, type Burns, type BurnWindow, burnQuery, burnsFor } from "../slo/burns";
import { rankOf, stateOf } from "../slo/states";
import type { Budget } from "../slo/types";
import type { Details } from "./details";
import type { SloRow } from "./rows";

/** Pixels of a page that has room for labels beside all numbers. */
const WIDE = 1600;

export interface ColumnsOf {
  burns: Map<string, Burns> | undefined;
  details: Details | undefined;
  onPick: (name: string, value: string) => void;
}

/** What one asks about an SLO, from "is it well" to "since when does it count like that". */
export function columnsOf({ burns, details, onPick }: ColumnsOf): Column<SloRow>[] {
  return [
    {
      key: "slo",
      title: "SLO",
      cell: nameOf,
      sort: (row) => row.key,
      text: (row) => `${row.key} ${row.slo.description}`,
    },
    {
      key: "state",
      title: "State",
      cell: (row) => <State row={row} />,
      sort: (row) => rankOf(row.state),
      filter: (row) => stateOf(row.state).word,
    },
    {
      key: "left",
      title: "Budget left",
      width: "176px",
      cell: (row) => (
        <span class="slos-bar-cell">
          <BudgetBar remaining={row.remaining} target={row.budget.target} />
        </span>
      ),
      sort: (row) => row.remaining,
      help: "The share of the error budget that is left. The mark is the load line.",
    },
    {
      key: "minutes",
      title: "As outage",
      align: "end",
      priority: 2,
      cell: (row) => (row.budget.window === null ? "no data" : leftInTime(outageTime(row.budget, row.budget.window))),
      sort: outageOf,
      help: "How long a total outage has room in what is left.",
    },
    {
      key: "events",
      title: "Events",
      align: "end",
      priority: 3,
      cell: (row) => <EventsLeft row={row} />,
      sort: (row) => eventsOf(row)?.left,
      help: "How many more bad events there is room for.",
    },
    {
      key: "achieved",
      title: "SLI now",
      align: "end",
      priority: 2,
      cell: (row) => <Achieved row={row} />,
      sort: (row) => achieved(row.budget.window),
    },
    {
      key: "target",
      title: "Objective",
      align: "end",
      priority: 2,
      cell: (row) => (
        <>
          {row.budget.target} % <span class="dim">{windowOf(row)}</span>
        </>
      ),
      sort: (row) => Number(row.budget.target),
      filter: windowOf,
      text: (row) => `${row.budget.target} % ${windowOf(row)}`,
    },
    ...BURN_WINDOWS.map((window) => burnColumn(window, burns)),
    {
      key: "exhausted",
      title: "Exhausted",
      priority: 2,
      cell: (row) => exhaustionCell(detailOf(details, row)),
      sort: (row) => secondsOf(detailOf(details, row)?.projection?.exhaustedIn.p50) ?? null,
      help: "When half of all futures have used the budget up, judged by what burned lately.",
    },
    {
      key: "version",
      title: "Ver.",
      align: "end",
      priority: 3,
      cell: (row) => versionOf(details, row) ?? "",
      sort: (row) => versionOf(details, row) ?? null,
      help: "How often what is counted was changed.",
    },
    {
      key: "labels",
      title: "Labels",
      priority: 3,
      hidden: window.innerWidth < WIDE,
      cell: (row) => (
        <span class="slos-labels">
          <Labels of={{ kind: row.slo.kind, ...row.slo.labels }} onPick={onPick} />
        </span>
      ),
      filter: (row) => [
        `service=${row.slo.service}`,
        `kind=${row.slo.kind}`,
        ...Object.entries(row.slo.labels).map((pair) => pair.join("=")),
      ],
    },
  ];
}

/** `30d`, or `month` without its zone, which its own screen tells. */
function windowOf(row: SloRow): string {
  return row.budget.window?.window.replace(/ in .*/, "") ?? "";
}

function nameOf(row: SloRow) {
  return (
    <span class="slos-name">
      {row.slo.service} / {row.slo.name}
      {row.budget.objective !== "" && <span class="dim"> {row.budget.objective}</span>}
    </span>
  );
}

function State({ row }: { row: SloRow }) {
  const { firing } = row.budget;
  return (
    <span class="slos-state">
      <Status {...stateOf(row.state)} />
      {firing !== null && <Badge kind={firing.severity === "page" ? "critical" : "warning"}>{firing.severity}</Badge>}
    </span>
  );
}

function Achieved({ row }: { row: SloRow }) {
  const window = row.budget.window;
  const share = achieved(window);
  if (window === null || share === null) return <span class="dim">no data</span>;
  return (
    <Link class="slos-number" to={exploreUrl(achievedQuery(row.slo, row.budget.objective, window.window))}>
      {achievedText(share, row.budget.target)}
    </Link>
  );
}

function outageOf(row: SloRow): number | null {
  return row.budget.window === null ? null : outageTime(row.budget, row.budget.window).left;
}

function eventsOf(row: SloRow) {
  return row.budget.window === null ? null : eventsLeft(row.budget.window);
}

function EventsLeft({ row }: { row: SloRow }) {
  const events = eventsOf(row);
  // A composite counts none.
  if (events === null) return null;
  if (events.left === null) return <span class="dim">no data</span>;
  return <span title={leftInEvents(events, "events")}>{compact(Math.trunc(events.left))}</span>;
}

function burnColumn(window: BurnWindow, burns: Map<string, Burns> | undefined): Column<SloRow> {
  const burnOf = (row: SloRow) => burnsFor(burns, row.slo, row.budget.objective)?.[window];
  return {
    key: `burn${window}`,
    title: `Burn ${window}`,
    align: "end",
    priority: 2,
    cell: (row) => {
      const burn = burnOf(row);
      if (burn === undefined) return <span class="dim">no data</span>;
      return (
        <Link
          class={`slos-number is-${burnKind(burn)}`}
          to={exploreUrl(burnQuery(row.slo, row.budget.objective, window))}
        >
          {burnText(burn)}
        </Link>
      );
    },
    sort: (row) => burnOf(row) ?? null,
    help: `How many times as fast as the budget allows the last ${window} burned.`,
  };
}

function detailOf(details: Details | undefined, row: SloRow): Budget | undefined {
  const budgets = details?.get(row.slo.id)?.budgets;
  return budgets?.find((budget) => budget.objective === row.budget.objective && budget.group === null);
}

function exhaustionCell(budget: Budget | undefined) {
  if (budget === undefined) return "";
  const { text, at } = projectionText(budget, Date.now());
  return (
    <span
      class={at === undefined ? "slos-name dim" : "slos-name"}
      title={at === undefined ? undefined : `about ${formatTime(at)}`}
    >
      {text}
    </span>
  );
}

function versionOf(details: Details | undefined, row: SloRow): number | undefined {
  return details?.get(row.slo.id)?.versions.at(-1)?.number;
}
