import { Panel } from "../../components/panel";
import { type Column, Table } from "../../components/table";
import { number, percent } from "../../format";
import { isCounted, sloPath } from "./budget";
import type { Budget, CompositePart, Slo } from "./types";

const HOW: Record<string, string> = {
  series: "all of them are needed: what they achieve is multiplied",
  weighted: "the mean by weight",
  worst_of: "the worst of them counts",
};

/** What a composite is made of, what adds most to it first. */
export function Parts({ slo, budget }: { slo: Slo; budget: Budget | undefined }) {
  const window = budget?.windows[0];
  if (window === undefined || isCounted(window) || !("composite" in slo.definition)) return null;
  const parts = [...window.parts].sort((a, b) => (b.badShare ?? -1) - (a.badShare ?? -1));
  const kind = slo.definition.composite;
  return (
    <Panel title="Parts">
      <p class="dim">
        {kind.replaceAll("_", " ")}: {HOW[kind] ?? "together"}. A composite counts no events of its own; plans and
        corrections are made at its parts.
      </p>
      <Table
        name="parts"
        bare
        caption="Parts"
        columns={COLUMNS}
        rows={parts}
        id={(row) => `${row.slo} ${row.objective}`}
        to={(row) => sloPath(row.slo)}
      />
    </Panel>
  );
}

const COLUMNS: Column<CompositePart>[] = [
  { key: "slo", title: "SLO", cell: (row) => row.slo, sort: (row) => row.slo },
  { key: "bad", title: "Bad", align: "end", cell: (row) => percent(row.badShare), sort: (row) => row.badShare },
  { key: "weight", title: "Weight", align: "end", cell: (row) => number(row.weight), sort: (row) => row.weight },
];
