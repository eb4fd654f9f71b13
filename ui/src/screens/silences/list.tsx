// Silences as a table: what, why, who, until when, and how many alerts it keeps back.

import { Table } from "../../components/table";
import { setQuery } from "../../router";
import { command } from "../alerts/cli";
import type { KeptBack } from "./load";
import { formatMatcher, formatMatchers } from "./matchers";
import type { Silence } from "./types";
import { extraWords, MatcherSets, Next, SilenceStatus, setsOf } from "./words";

export interface SilenceTableProps {
  silences: Silence[];
  kept: KeptBack;
  /** The silence whose drawer is open. */
  openId: string;
}

export function SilenceTable({ silences, kept, openId }: SilenceTableProps) {
  const count = (row: Silence) => kept?.get(row.id)?.length ?? 0;
  return (
    <Table
      name="silences"
      caption="Silences"
      rows={silences}
      id={(row) => row.id}
      to={(row) => silencePath(row.id)}
      onOpen={(row) => setQuery({ silence: row.id }, { replace: openId !== "" })}
      open={openId === "" ? null : openId}
      cli={command("silence", "list")}
      columns={[
        {
          key: "status",
          title: "State",
          width: "96px",
          sort: (row) => row.status.state,
          filter: (row) => row.status.state,
          cell: (row) => <SilenceStatus silence={row} />,
        },
        {
          key: "matchers",
          title: "Silences alerts with",
          sort: (row) => setsOf(row).map(formatMatchers).join(),
          filter: (row) => setsOf(row).flat().map(formatMatcher),
          cell: (row) => (
            <>
              <MatcherSets sets={setsOf(row)} />
              {extraWords(row).map((words) => (
                <span key={words} class="silence-extra">
                  {words}
                </span>
              ))}
            </>
          ),
        },
        { key: "comment", title: "Why", sort: (row) => row.comment, cell: (row) => row.comment },
        {
          key: "author",
          priority: 3,
          title: "By",
          width: "120px",
          sort: (row) => row.createdBy,
          filter: (row) => row.createdBy,
          cell: (row) => row.createdBy,
        },
        {
          key: "until",
          title: "Until",
          width: "156px",
          sort: (row) => Date.parse(row.endsAt),
          cell: (row) => <Next silence={row} />,
        },
        {
          key: "kept",
          priority: 2,
          title: "Keeps back",
          align: "end",
          width: "96px",
          sort: count,
          cell: (row) => (kept === null ? <span class="dim">no data</span> : count(row)),
        },
      ]}
    />
  );
}

export function silencePath(id: string): string {
  return `/silences?silence=${encodeURIComponent(id)}`;
}
