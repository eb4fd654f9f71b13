// Now against some time ago, as numbers beside the dashed curves.

import { legend } from "../../api/promql";
import { type Column, Table } from "../../components/table";
import { formatter, percent } from "../../format";
import type { Pair } from "./offset";

export interface DifferencesProps {
  /** Names what has no labels. */
  expression: string;
  pairs: readonly Pair[];
  unit: string | undefined;
  /** Such as `1w`. */
  offset: string;
}

export function Differences({ expression, pairs, unit, offset }: DifferencesProps) {
  const nameOf = ({ labels }: Pair) => (Object.keys(labels).length === 0 ? expression : legend(labels));
  const format = formatter(unit);
  const signed = (value: number | null) => (value === null ? format(value) : `${value > 0 ? "+" : ""}${format(value)}`);
  const now = (pair: Pair) => pair.now.at(-1)?.[1] ?? null;
  const columns: Column<Pair>[] = [
    {
      key: "series",
      title: "Series",
      cell: (pair) => <span class="mono">{nameOf(pair)}</span>,
      text: (pair) => nameOf(pair),
      sort: (pair) => nameOf(pair),
    },
    { key: "now", title: "Now", align: "end", cell: (pair) => format(now(pair)), sort: now },
    {
      key: "difference",
      title: `Against ${offset} ago`,
      align: "end",
      cell: (pair) => signed(pair.difference),
      sort: (pair) => pair.difference,
      help: "The last value now, less the one at the same moment before",
    },
    {
      key: "share",
      title: "Change",
      align: "end",
      cell: (pair) => (pair.share === null ? "no data" : `${pair.share > 0 ? "+" : ""}${percent(pair.share, 1)}`),
      sort: (pair) => pair.share,
    },
  ];
  return (
    <Table
      name="difference"
      caption={`Now compared with ${offset} ago`}
      columns={columns}
      rows={pairs}
      id={(pair) => nameOf(pair)}
      bare={pairs.length <= 12}
    />
  );
}
