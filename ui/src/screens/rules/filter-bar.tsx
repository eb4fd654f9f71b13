// Which rules are wanted: by what they do, by file, by a text.

import { Button } from "../../components/button";
import { Input } from "../../components/input";
import { Select } from "../../components/select";
import { setQuery } from "../../router";
import { Choices } from "../alerts/choices";
import { DOINGS, type Doing, type RuleFilter } from "./model";

const MEANING: Record<Doing, string> = {
  failing: "Its last evaluation failed.",
  firing: "An alert of it fires.",
  pending: "An alert of it waits for its for.",
  unknown: "It was not evaluated yet.",
  inactive: "Its condition does not hold.",
  recording: "It writes a metric.",
};

export interface RuleFilterBarProps {
  filter: RuleFilter;
  counts: Record<Doing, number>;
  files: string[];
}

export function RuleFilterBar({ filter, counts, files }: RuleFilterBarProps) {
  const flip = (one: Doing) => {
    const next = filter.doing.includes(one) ? filter.doing.filter((other) => other !== one) : [...filter.doing, one];
    setQuery({ doing: next.length === 0 ? null : next.join(",") });
  };
  const options = [{ value: "", label: "all files" }, ...files.map((file) => ({ value: file, label: file }))];
  return (
    <search class="rules-filter">
      <Input
        class="rules-search"
        type="search"
        label="Find rules by name, expression, label or annotation"
        placeholder="name, expression, label=value"
        value={filter.text}
        onInput={(text) => setQuery({ q: text === "" ? null : text })}
      />
      {files.length > 1 ? (
        <Select
          label="File"
          value={filter.file}
          options={options}
          onChange={(file) => setQuery({ file: file === "" ? null : file, group: null, rule: null })}
        />
      ) : null}
      <Choices label="Show only">
        {DOINGS.filter((one) => counts[one] > 0 || filter.doing.includes(one)).map((one) => (
          <Button key={one} small pressed={filter.doing.includes(one)} title={MEANING[one]} onPress={() => flip(one)}>
            {one} {counts[one]}
          </Button>
        ))}
      </Choices>
      {filter.rule === "" && filter.group === "" ? null : (
        <Button small icon="close" onPress={() => setQuery({ rule: null, group: null, file: null })}>
          Only {filter.rule || filter.group}
        </Button>
      )}
    </search>
  );
}
