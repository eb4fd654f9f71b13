// What of the list is wanted: a text in the syntax of matchers, chips for what was chosen and what could be.

import { useId, useState } from "preact/hooks";
import { Button } from "../../components/button";
import { Select } from "../../components/select";
import { formatMatcher, type Matcher, toggled } from "../silences/matchers";
import { Choices } from "./choices";
import type { Standing } from "./model";
import { STANDINGS } from "./model";
import { type Grouping, readFilter } from "./sections";
import { MEANING } from "./standing";

export interface FilterBarProps {
  matchers: Matcher[];
  onMatchers(matchers: Matcher[]): void;
  standings: Standing[];
  onStandings(standings: Standing[]): void;
  counts: Record<Standing, number>;
  suggestions: { matcher: Matcher; count: number }[];
  receiver: string;
  onReceiver(name: string): void;
  receivers: string[];
  by: Grouping;
  onBy(by: Grouping): void;
  isRouted: boolean;
}

export function FilterBar(props: FilterBarProps) {
  const { matchers, onMatchers, standings, onStandings, counts, suggestions } = props;
  const flip = (one: Standing) =>
    onStandings(standings.includes(one) ? standings.filter((other) => other !== one) : [...standings, one]);
  return (
    <div class="alerts-filter">
      <div class="alerts-filter-line">
        <FilterBox matchers={matchers} onMatchers={onMatchers} />
        <GroupChoice {...props} />
        {props.receivers.length > 1 ? <ReceiverChoice {...props} /> : null}
      </div>
      <Choices label="Show only">
        {STANDINGS.filter((one) => counts[one] > 0 || standings.includes(one)).map((one) => (
          <button
            key={one}
            type="button"
            class="alerts-chip"
            aria-pressed={standings.includes(one)}
            title={MEANING[one]}
            onClick={() => flip(one)}
          >
            {one} <span class="alerts-chip-count">{counts[one]}</span>
          </button>
        ))}
        <Chosen matchers={matchers} onMatchers={onMatchers} />
        {suggestions.map(({ matcher, count }) => (
          <button
            key={formatMatcher(matcher)}
            type="button"
            class="alerts-chip alerts-chip-offer"
            onClick={() => onMatchers(toggled(matchers, matcher))}
          >
            {formatMatcher(matcher)} <span class="alerts-chip-count">{count}</span>
          </button>
        ))}
      </Choices>
    </div>
  );
}

function FilterBox({ matchers, onMatchers }: Pick<FilterBarProps, "matchers" | "onMatchers">) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const id = useId();
  const add = (event: Event) => {
    event.preventDefault();
    try {
      const found = readFilter(text);
      onMatchers([...matchers, ...found.filter((one) => !matchers.some((other) => isSame(other, one)))]);
      setText("");
      setWrong(null);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form class="alerts-filter-box" onSubmit={add}>
      <label class="unseen" for={id}>
        Filter by labels
      </label>
      <input
        id={id}
        class="input alerts-filter-input"
        data-search
        value={text}
        placeholder='severity="page", team=~"a|b", or a part of a name'
        spellcheck={false}
        autocomplete="off"
        aria-invalid={wrong !== null}
        aria-describedby={wrong === null ? undefined : `${id}-wrong`}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setWrong(null);
        }}
      />
      {wrong === null ? null : (
        <p id={`${id}-wrong`} class="alerts-filter-wrong" role="alert">
          {wrong}. A condition looks like severity="page" or instance=~"web.*".
        </p>
      )}
    </form>
  );
}

function isSame(a: Matcher, b: Matcher): boolean {
  return formatMatcher(a) === formatMatcher(b);
}

function Chosen({ matchers, onMatchers }: Pick<FilterBarProps, "matchers" | "onMatchers">) {
  return (
    <>
      {matchers.map((one) => (
        <button
          key={formatMatcher(one)}
          type="button"
          class="alerts-chip alerts-chip-chosen"
          aria-label={`Take the condition ${formatMatcher(one)} away`}
          onClick={() => onMatchers(matchers.filter((other) => other !== one))}
        >
          {formatMatcher(one)} <span aria-hidden="true">&times;</span>
        </button>
      ))}
      {matchers.length > 1 ? (
        <Button kind="plain" small onPress={() => onMatchers([])}>
          Clear all
        </Button>
      ) : null}
    </>
  );
}

function GroupChoice({ by, onBy, isRouted }: FilterBarProps) {
  const options = [
    ...(isRouted ? [{ value: "group" as Grouping, label: "by receiver and group" }] : []),
    { value: "rule" as Grouping, label: "by rule" },
    { value: "flat" as Grouping, label: "flat" },
  ];
  return <Select label="Grouped" value={by} options={options} onChange={onBy} />;
}

function ReceiverChoice({ receiver, onReceiver, receivers }: FilterBarProps) {
  const options = [{ value: "", label: "all receivers" }, ...receivers.map((name) => ({ value: name, label: name }))];
  return <Select label="Told to" value={receiver} options={options} onChange={onReceiver} />;
}
