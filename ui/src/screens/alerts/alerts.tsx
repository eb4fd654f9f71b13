// What fires, is pending or is kept back, and the explanation of one of them.

import "./alerts.css";
import { useMemo } from "preact/hooks";
import { Button } from "../../components/button";
import { Copy } from "../../components/copy";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { Page } from "../../components/page";
import { csv, download } from "../../hooks/download";
import { setQuery, useQueryState } from "../../router";
import { formatMatchers, type Matcher, parseMatchers, toggled } from "../silences/matchers";
import { listCommand } from "./cli";
import { ExplainDrawer } from "./explain/drawer";
import { FilterBar } from "./filter-bar";
import { AlertList } from "./list";
import { type AlertData, useAlerts } from "./load";
import { type AlertRow, STANDINGS, type Standing } from "./model";
import { alertTable } from "./rows-csv";
import { counts, type Filter, type Grouping, passes, receiversOf, sections, suggestions } from "./sections";

export default function Alerts() {
  const data = useAlerts();
  const [id] = useQueryState("alert", "");
  const { filter, wrong, setMatchers, setStandings, setReceiver } = useFilter();
  const isRouted = data.groups.data !== null && data.groups.data !== undefined;
  const [chosen, setBy] = useQueryState("by", isRouted ? "group" : "rule");
  const by = groupingOf(chosen, isRouted);
  const matched = useMemo(
    () => data.rows.filter((row) => passes(row, { ...filter, standings: [] })),
    [data.rows, filter],
  );
  const shown = useMemo(() => matched.filter((row) => passes(row, filter)), [matched, filter]);
  const list = useMemo(() => sections(shown, data.groups.data ?? null, by), [shown, data.groups.data, by]);
  const receivers = useMemo(() => [...new Set(data.rows.flatMap(receiversOf))].sort(), [data.rows]);
  return (
    <Page
      title="Alerts"
      sub={subtitle(data)}
      actions={
        <>
          <Button kind="plain" small icon="download" onPress={() => download("alerts.csv", csv(alertTable(shown)))}>
            CSV
          </Button>
          <Copy text={listCommand(filter.matchers)} label="command">
            Copy as CLI
          </Copy>
        </>
      }
    >
      <FilterBar
        matchers={filter.matchers}
        onMatchers={setMatchers}
        standings={filter.standings}
        onStandings={setStandings}
        counts={counts(matched)}
        suggestions={suggestions(shown, filter.matchers)}
        receiver={filter.receiver}
        onReceiver={setReceiver}
        receivers={receivers}
        by={by}
        onBy={setBy}
        isRouted={isRouted}
      />
      {wrong === null ? null : <ErrorNote error={new Error(wrong)} />}
      <Failures data={data} />
      {list.length > 0 ? (
        <AlertList
          sections={list}
          openId={id}
          onOpen={(row: AlertRow) => setQuery({ alert: row.id }, { replace: id !== "" })}
          onPick={(one: Matcher) => setMatchers(toggled(filter.matchers, one))}
          isRouted={isRouted}
        />
      ) : (
        <Nothing data={data} isFiltered={data.rows.length > 0} onClear={() => setQuery(CLEARED)} />
      )}
      {id === "" ? null : <ExplainDrawer id={id} data={data} onClose={() => setQuery({ alert: null })} />}
    </Page>
  );
}

const CLEARED = { filter: null, state: null, receiver: null };

/** The filter of the address: conditions, standings and a receiver. */
function useFilter() {
  const [text, setText] = useQueryState("filter", "");
  const [states, setStates] = useQueryState("state", "");
  const [receiver, setReceiver] = useQueryState("receiver", "");
  const { matchers, wrong } = useMemo(() => readable(text), [text]);
  const filter = useMemo<Filter>(() => {
    const standings = states.split(",").filter((one): one is Standing => STANDINGS.includes(one as Standing));
    return { matchers, standings, receiver };
  }, [matchers, states, receiver]);
  return {
    filter,
    wrong,
    setMatchers: (all: Matcher[]) => setText(formatMatchers(all)),
    setStandings: (all: Standing[]) => setStates(all.join(",")),
    setReceiver,
  };
}

/** The conditions of an address, which anybody may have written. */
function readable(text: string): { matchers: Matcher[]; wrong: string | null } {
  try {
    return { matchers: parseMatchers(text), wrong: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { matchers: [], wrong: `the filter ${text} cannot be read, so all alerts are shown: ${reason}` };
  }
}

function groupingOf(text: string, isRouted: boolean): Grouping {
  if (text === "flat" || text === "rule") return text;
  return isRouted ? "group" : "rule";
}

function subtitle(data: AlertData): string {
  if (data.isLoading) return "";
  const all = counts(data.rows);
  // Without an answer of who routes them nobody knows which of them are kept back.
  if (data.groups.data === undefined) return `${all.firing} firing, ${all.pending} pending; who is told is not known`;
  const words = [`${all.firing} firing`];
  if (data.rules.data === undefined) words.push("pending ones are not known");
  else if (data.rules.data !== null) words.push(`${all.pending} pending`);
  if (data.groups.data !== null) words.push(`${all.silenced + all.inhibited + all.muted} kept back`);
  return words.join(", ");
}

function Failures({ data }: { data: AlertData }) {
  return (
    <>
      {data.rules.error === undefined ? null : <ErrorNote error={data.rules.error} again={data.rules.again} />}
      {data.groups.error === undefined ? null : <ErrorNote error={data.groups.error} again={data.groups.again} />}
    </>
  );
}

function Nothing({ data, isFiltered, onClear }: { data: AlertData; isFiltered: boolean; onClear(): void }) {
  if (data.isLoading) return <p class="dim">Asking what fires.</p>;
  if (data.rules.error !== undefined || data.groups.error !== undefined) return null;
  if (isFiltered) {
    return (
      <Empty
        title="No alert fulfils the filter"
        lines={["Others are there: take a condition away, or all of them."]}
        actions={<Button onPress={onClear}>Show all</Button>}
      />
    );
  }
  const hasRules = (data.rules.data ?? []).length > 0;
  return hasRules || data.groups.data !== null ? (
    <Empty title="Nothing fires" lines={["No alert is pending, fires, or is kept back."]} />
  ) : (
    <Empty
      title="No alerting rules yet"
      lines={[
        "Name rule files in prometheus.yml, and they are evaluated here:",
        "rule_files: [rules/*.yml]",
        "To page people as well: plimsoll serve --config prometheus.yml --alertmanager-config alertmanager.yml",
      ]}
    />
  );
}
