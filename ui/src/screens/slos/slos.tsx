// All SLOs, the worst first.

import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { Button } from "../../components/button";
import { ErrorNote } from "../../components/error-note";
import { Page } from "../../components/page";
import { Panel, Skeleton } from "../../components/panel";
import { Select } from "../../components/select";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { useLoad } from "../../hooks/load";
import { useQueryList, useQueryState } from "../../router";
import { sloPath } from "../slo/budget";
import { loadBurns } from "../slo/burns";
import { stateOf } from "../slo/states";
import type { SloList } from "../slo/types";
import { columnsOf } from "./columns";
import { useDetails } from "./details";
import { FirstSlo, NoSlos } from "./no-slos";
import { chosen, grouped, groupNames, rowsOf, type SloRow, statesOf } from "./rows";
import "./slos.css";

export default function Slos() {
  const tick = useTick(["slos"]);
  const list = useLoad((signal) => get<SloList>("/api/v1/slos", undefined, signal), [tick]);
  const sub = "What was promised, what is left of the error budgets, and how fast they burn. The worst first.";
  if (list.data === undefined) {
    return (
      <Page title="SLOs">
        {list.error === undefined ? <Skeleton /> : <NoSlos error={list.error} again={list.again} />}
      </Page>
    );
  }
  if (list.data.slos.length === 0) {
    return (
      <Page title="SLOs">
        <FirstSlo />
      </Page>
    );
  }
  return (
    <Page title="SLOs" sub={sub}>
      {list.error !== undefined && <ErrorNote error={list.error} again={list.again} />}
      <List list={list.data} tick={tick} />
    </Page>
  );
}

function List({ list, tick }: { list: SloList; tick: number }) {
  const [states, setStates] = useQueryList("state");
  const [labels, setLabels] = useQueryList("label");
  const [by, setBy] = useQueryState("by", "");
  const burns = useLoad((signal) => loadBurns(signal), [tick]);
  const all = rowsOf(list.slos);
  const rows = chosen(all, { states, labels });
  const details = useDetails([...new Set(rows.map((row) => row.slo.id))]);
  const pick = (name: string, value: string) => {
    const label = `${name}=${value}`;
    if (!labels.includes(label)) setLabels([...labels, label]);
  };
  const columns = columnsOf({ burns: burns.data, details: details.data, onPick: pick });
  const shared = {
    columns,
    id: (row: SloRow) => row.key,
    to: (row: SloRow) => sloPath(row.slo.id, row.budget.objective),
  };
  return (
    <>
      <div class="row slos-bar">
        {statesOf(all).map(({ state, count }) => (
          <Button key={state} small pressed={states.includes(state)} onPress={() => setStates(toggled(states, state))}>
            <Status {...stateOf(state)} /> {count}
          </Button>
        ))}
        {labels.map((label) => (
          <Button
            key={label}
            small
            icon="close"
            title="Take this filter away"
            onPress={() => setLabels(labels.filter((one) => one !== label))}
          >
            {label}
          </Button>
        ))}
        <span class="slos-by">
          <span aria-hidden="true">Group by</span>
          <GroupBy value={by} onChange={setBy} names={groupNames(all)} />
        </span>
      </div>
      {burns.error !== undefined && <ErrorNote error={burns.error} again={burns.again} />}
      {by === "" ? (
        <Panel>
          <Table name="slos" caption="SLOs" rows={rows} {...shared} cli="plimsoll slo list" />
        </Panel>
      ) : (
        grouped(rows, by).map((group, index) => (
          <Panel key={group.value} title={<GroupTitle by={by} value={group.value} rows={group.rows} />}>
            <Table name={`slos-${index}`} bare caption={`SLOs of ${by} ${group.value}`} rows={group.rows} {...shared} />
          </Panel>
        ))
      )}
    </>
  );
}

function toggled(all: readonly string[], one: string): string[] {
  return all.includes(one) ? all.filter((other) => other !== one) : [...all, one];
}

function GroupBy({ value, onChange, names }: { value: string; onChange: (name: string) => void; names: string[] }) {
  return (
    <Select
      label="Group by"
      class="slos-select"
      value={value}
      onChange={onChange}
      options={[{ value: "", label: "nothing" }, ...names.map((name) => ({ value: name, label: name }))]}
    />
  );
}

function GroupTitle({ by, value, rows }: { by: string; value: string; rows: SloRow[] }) {
  return (
    <span class="row">
      {value === "" ? `without ${by}` : `${by}=${value}`}
      {statesOf(rows).map(({ state, count }) => (
        <span key={state} class="slos-count">
          <Status {...stateOf(state)} /> {count}
        </span>
      ))}
    </span>
  );
}
