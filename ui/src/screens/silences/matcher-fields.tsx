// Conditions, one a line, in one or several sets.

import { useMemo } from "preact/hooks";
import { get } from "../../api/client";
import { Button } from "../../components/button";
import { Icon } from "../../components/icon";
import { useLoad } from "../../hooks/load";
import { optional } from "../alerts/load";
import type { RoutedAlert } from "../alerts/types";
import { EMPTY_MATCHER, type FormErrors, type SilenceForm } from "./form";
import { type Matcher, matcher, OPERATORS, operator } from "./matchers";

export interface FieldsProps {
  form: SilenceForm;
  errors: FormErrors;
  onChange(part: Partial<SilenceForm>): void;
}

const MEANING: Record<string, string> = {
  "=": "is",
  "!=": "is not",
  "=~": "matches",
  "!~": "does not match",
};

export function MatcherFields({ form, errors, onChange }: FieldsProps) {
  const known = useKnownLabels();
  const setSet = (index: number, set: Matcher[] | null) => {
    const sets = form.sets.flatMap((old, at) => (at !== index ? [old] : set === null || set.length === 0 ? [] : [set]));
    onChange({ sets: sets.length === 0 ? [[{ ...EMPTY_MATCHER }]] : sets });
  };
  return (
    <fieldset class="silence-fieldset">
      <legend>Silence alerts that fulfil all of this</legend>
      {form.sets.map((set, index) => (
        <div key={index} class="silence-set">
          {index === 0 ? null : <p class="dim">or all of this</p>}
          {set.map((one, at) => (
            <MatcherLine
              key={at}
              one={one}
              known={known}
              isWrong={errors.matchers !== undefined}
              onChange={(next) =>
                setSet(index, next === null ? set.filter((_, other) => other !== at) : set.with(at, next))
              }
            />
          ))}
          <div class="row">
            <Button small kind="plain" icon="plus" onPress={() => setSet(index, [...set, { ...EMPTY_MATCHER }])}>
              Condition
            </Button>
            {index === form.sets.length - 1 ? (
              <Button
                small
                kind="plain"
                icon="plus"
                onPress={() => onChange({ sets: [...form.sets, [{ ...EMPTY_MATCHER }]] })}
              >
                Or
              </Button>
            ) : null}
          </div>
        </div>
      ))}
      <Wrong text={errors.matchers} />
      <Suggestions known={known} sets={form.sets} />
    </fieldset>
  );
}

/** What is wrong with a group of controls. */
export function Wrong({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p class="field-error" role="alert">
      <Icon name="critical" size={14} />
      <span>{text}</span>
    </p>
  );
}

interface LineProps {
  one: Matcher;
  known: Map<string, Set<string>>;
  isWrong: boolean;
  onChange(next: Matcher | null): void;
}

function MatcherLine({ one, known, isWrong, onChange }: LineProps) {
  const isUnknown = one.name !== "" && known.size > 0 && !known.has(one.name);
  return (
    <div class="silence-line">
      <input
        class="input"
        aria-label="Name of a label"
        list="silence-names"
        value={one.name}
        placeholder="label"
        spellcheck={false}
        autocomplete="off"
        aria-invalid={isWrong && one.name === ""}
        title={isUnknown ? "No alert that fires now has this label" : undefined}
        onInput={(event) => onChange({ ...one, name: event.currentTarget.value })}
      />
      <select
        class="input silence-operator"
        aria-label="Comparison"
        value={operator(one)}
        onChange={(event) => {
          const next = OPERATORS.find((each) => each === event.currentTarget.value) ?? "=";
          onChange(matcher(one.name, next, one.value));
        }}
      >
        {["=", "!=", "=~", "!~"].map((each) => (
          <option key={each} value={each} selected={each === operator(one)}>
            {each} {MEANING[each]}
          </option>
        ))}
      </select>
      <input
        class="input"
        aria-label={`Value of ${one.name || "the label"}`}
        list={`silence-values-${one.name}`}
        value={one.value}
        placeholder={one.isRegex ? "expression for the whole value" : "value"}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => onChange({ ...one, value: event.currentTarget.value })}
      />
      <Button kind="plain" icon="close" label="Take this condition away" onPress={() => onChange(null)} />
    </div>
  );
}

/** Labels and values of alerts that are there: what one most likely wants to silence. */
function useKnownLabels(): Map<string, Set<string>> {
  const load = useLoad((signal) => optional(get<RoutedAlert[]>("/api/v2/alerts", undefined, signal)), []);
  return useMemo(() => knownLabels(load.data ?? []), [load.data]);
}

/** Values of a label that are offered. */
const VALUES_MAX = 500;

export function knownLabels(alerts: { labels: Record<string, string> }[]): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  for (const { labels } of alerts) {
    for (const [name, value] of Object.entries(labels)) {
      const values = known.get(name) ?? new Set();
      known.set(name, values);
      if (values.size < VALUES_MAX) values.add(value);
    }
  }
  return known;
}

function Suggestions({ known, sets }: { known: Map<string, Set<string>>; sets: Matcher[][] }) {
  const used = [...new Set(sets.flat().map((one) => one.name))];
  return (
    <>
      <datalist id="silence-names">
        {[...known.keys()].sort().map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {used.map((name) => (
        <datalist key={name} id={`silence-values-${name}`}>
          {[...(known.get(name) ?? [])].sort().map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      ))}
    </>
  );
}
