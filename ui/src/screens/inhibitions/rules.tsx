// The rules in the order of the file.

import { Status, type StatusKind } from "../../components/status";
import { Table } from "../../components/table";
import { Link } from "../../router";
import { formatMatchers, parseMatchers } from "../silences/matchers";
import { doing, type InhibitionRule } from "./model";

const KINDS: Record<ReturnType<typeof doing>, StatusKind> = { "keeps back": "info", ready: "ok", idle: "muted" };
const MEANING: Record<ReturnType<typeof doing>, string> = {
  "keeps back": "A source fires, and alerts are not told because of it.",
  ready: "A source fires, and no alert is there that it would keep back.",
  idle: "No source fires.",
};

export function RuleTable({ rules, chosen }: { rules: InhibitionRule[]; chosen: string }) {
  if (rules.length === 0) {
    return (
      <p class="dim">
        There are none. <code>inhibit_rules</code> in alertmanager.yml say which alerts go without saying while others
        fire, such as those of a cluster that is down.
      </p>
    );
  }
  const rows = rules.map((rule, index) => ({ rule, index }));
  return (
    <Table
      name="inhibit-rules"
      caption="Rules of inhibition"
      bare
      rows={rows}
      id={(row) => String(row.index)}
      open={chosen === "" ? null : chosen}
      to={(row) => `/inhibitions?rule=${row.index}`}
      columns={[
        { key: "rule", title: "Rule", width: "104px", cell: (row) => row.rule.name || `[${row.index}]` },
        {
          key: "state",
          title: "Now",
          width: "120px",
          cell: (row) => (
            <span title={MEANING[doing(row.rule)]}>
              <Status kind={KINDS[doing(row.rule)]} word={doing(row.rule)} />
            </span>
          ),
        },
        {
          key: "source",
          title: "While such an alert fires",
          cell: (row) => <Side matchers={row.rule.sourceMatchers} count={row.rule.sources} />,
        },
        {
          key: "target",
          title: "Such alerts are not told",
          cell: (row) => <Side matchers={row.rule.targetMatchers} count={row.rule.targets} />,
        },
        {
          key: "equal",
          title: "With the same",
          cell: (row) => row.rule.equal.join(", ") || <span class="dim">no label</span>,
        },
        {
          key: "inhibited",
          title: "Kept back",
          align: "end",
          sort: (row) => row.rule.inhibited,
          cell: (row) => row.rule.inhibited,
        },
      ]}
    />
  );
}

function Side({ matchers, count }: { matchers: string[]; count: number }) {
  const filter = asFilter(matchers);
  const text = count === 1 ? "1 alert" : `${count} alerts`;
  return (
    <span class="inhibitions-side">
      {matchers.length === 0 ? <span class="dim">any alert</span> : null}
      {matchers.map((one) => (
        <code key={one}>{one}</code>
      ))}
      {filter === null ? text : <Link to={`/alerts?filter=${encodeURIComponent(filter)}`}>{text}</Link>}
    </span>
  );
}

/** The conditions as the list of alerts takes them. */
function asFilter(matchers: string[]): string | null {
  try {
    return formatMatchers(matchers.flatMap(parseMatchers));
  } catch {
    return null;
  }
}
