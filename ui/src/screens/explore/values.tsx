// The tab with a table: the result at the end of the range, a row per series and a column per label that differs.

import { useMemo } from "preact/hooks";
import { differingLabels, legend, type Series } from "../../api/promql";
import { Code } from "../../components/code";
import { Labels } from "../../components/labels";
import { type Column, Table } from "../../components/table";
import { number } from "../../format";
import { formatTime } from "../../time";
import type { Answer } from "./ask";

/** More columns cannot be read side by side; the other labels share one. */
const COLUMNS_MAX = 6;

export interface ValuesProps {
  answer: Answer;
  /** Different for each table of the page. */
  name: string;
  cli: string;
  onPick(name: string, value: string): void;
}

interface Row {
  id: string;
  labels: Record<string, string>;
  value: number | null;
  /** A native histogram in words. */
  histogram: string | null;
}

export function Values({ answer, name, cli, onPick }: ValuesProps) {
  const rows = useMemo(() => answer.series.map(rowOf), [answer.series]);
  const differing = useMemo(() => differingLabels(answer.series.map((one) => one.labels)), [answer.series]);
  if (answer.text !== null) return <Code text={answer.text} language="string" wrap />;
  const [first] = answer.series;
  const common = Object.fromEntries(
    Object.entries(first?.labels ?? {}).filter(([label]) => !differing.includes(label)),
  );
  return (
    <>
      <p class="explore-common">
        <span class="dim">At {formatTime(answer.question.to)}</span>
        {Object.keys(common).length > 0 && (
          <>
            <span class="dim">{rows.length > 1 ? "all with" : "of"}</span>
            <Labels of={common} onPick={onPick} />
          </>
        )}
      </p>
      <Table
        name={name}
        caption="Result"
        columns={columnsOf(differing)}
        rows={rows}
        id={(row) => row.id}
        cli={cli}
        bare={rows.length === 1}
      />
    </>
  );
}

function rowOf(series: Series): Row {
  const histogram = series.histograms?.at(-1)?.[1];
  return {
    id: JSON.stringify(series.labels),
    labels: series.labels,
    value: series.points.at(-1)?.[1] ?? null,
    histogram: histogram === undefined ? null : `count ${number(histogram.count)}, sum ${number(histogram.sum)}`,
  };
}

function columnsOf(differing: readonly string[]): Column<Row>[] {
  const own = differing.slice(0, COLUMNS_MAX);
  const rest = differing.slice(COLUMNS_MAX);
  const columns = own.map(
    (label): Column<Row> => ({
      key: label,
      title: label === "__name__" ? "metric" : label,
      cell: (row) => <span class="explore-value">{row.labels[label] ?? ""}</span>,
      sort: (row) => row.labels[label] ?? null,
      filter: (row) => row.labels[label] ?? "",
    }),
  );
  if (rest.length > 0) {
    columns.push({
      key: "more",
      title: "Other labels",
      cell: (row) => (
        <Labels of={row.labels} without={Object.keys(row.labels).filter((label) => !rest.includes(label))} />
      ),
      text: (row) => legend(row.labels),
    });
  }
  columns.push({
    key: "value",
    title: "Value",
    align: "end",
    cell: (row) => <span class="mono">{row.histogram ?? exact(row.value)}</span>,
    sort: (row) => row.value,
    text: (row) => (row.value === null ? (row.histogram ?? "") : String(row.value)),
  });
  return columns;
}

/** As exact as it is: who wants it rounded looks at the graph. */
function exact(value: number | null): string {
  if (value === null) return "no data";
  if (Number.isNaN(value)) return "NaN";
  return Number.isInteger(value) ? number(value) : String(value);
}
