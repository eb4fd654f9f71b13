// Explore: questions to the server, each with its answer as curves, numbers, a heat map or an explanation.

import "./explore.css";
import { useMemo, useState } from "preact/hooks";
import { Button } from "../../components/button";
import { Empty } from "../../components/empty";
import { Page } from "../../components/page";
import { Tabs } from "../../components/tabs";
import { Link, setQuery, useRoute } from "../../router";
import { Controls } from "./controls";
import { Query } from "./query";
import { EXPRESSIONS_MAX, type ExploreState, letter, read, type Tab, without, written } from "./state";

const TITLES: { id: Tab; title: string }[] = [
  { id: "graph", title: "Graph" },
  { id: "table", title: "Table" },
  { id: "heatmap", title: "Heat map" },
  { id: "explain", title: "Explain" },
];

export default function Explore() {
  const { query } = useRoute();
  const state = useMemo(() => read(query), [query]);
  const [added, setAdded] = useState(-1);
  const change = (changes: Partial<ExploreState>, replace = true) => setQuery(written(changes), { replace });
  const isEmpty = state.expressions.every((expression) => expression.trim() === "");
  const add = (expression: string) => {
    setAdded(state.expressions.length);
    change({ expressions: [...state.expressions, expression] }, false);
  };
  const run = (index: number, expression: string) =>
    // A query that was run is a place to come back to.
    change({ expressions: state.expressions.map((own, at) => (at === index ? expression : own)) }, false);
  const turn = (index: number) => {
    const name = letter(index);
    change({ off: state.off.includes(name) ? state.off.filter((other) => other !== name) : [...state.off, name] });
  };
  return (
    <Page title="Explore" actions={<Link to="/explore/metrics">Find a metric</Link>}>
      <Tabs tabs={TITLES} value={state.tab} onChange={(tab) => change({ tab })} label="How answers are shown">
        <Controls state={state} change={change} />
        {state.expressions.map((_, index) => (
          <Query
            key={index}
            state={state}
            index={index}
            autoFocus={(isEmpty && index === 0) || index === added}
            onRun={(expression) => run(index, expression)}
            onAdd={add}
            onRemove={() => change(without(state, index), false)}
            onSwitch={() => turn(index)}
            onOnly={(names) => change({ only: { ...state.only, [letter(index)]: names } })}
          />
        ))}
        <div class="row">
          <Button icon="plus" onPress={() => add("")} disabled={state.expressions.length >= EXPRESSIONS_MAX}>
            Add query
          </Button>
        </div>
        {isEmpty && <Beginning onPick={(expression) => run(0, expression)} />}
      </Tabs>
    </Page>
  );
}

const EXAMPLES = [
  ["Which targets are up", "up"],
  ["How busy the processors are", '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'],
  ["How long queries take", "histogram_quantile(0.99, sum by (le) (rate(plimsoll_query_duration_seconds_bucket[5m])))"],
] as const;

function Beginning({ onPick }: { onPick(expression: string): void }) {
  return (
    <Empty
      title="Ask something"
      lines={[
        "Write an expression and press Enter. Names, labels and functions are proposed while you write; Shift-Enter makes a new line.",
      ]}
    >
      <ul class="explore-examples">
        {EXAMPLES.map(([title, expression]) => (
          <li key={expression}>
            <Button kind="plain" onPress={() => onPick(expression)}>
              {title}
            </Button>
            <code>{expression}</code>
          </li>
        ))}
      </ul>
    </Empty>
  );
}
