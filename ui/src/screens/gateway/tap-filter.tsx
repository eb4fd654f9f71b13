/** The fields that choose requests of the tap. */

import { useEffect, useState } from "preact/hooks";
import type { GatewayRoute as Route } from "../../api/types";
import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { Select } from "../../components/select";
import type { TapFilter } from "./tap-lines";
import { CLASSES } from "./tap-words";

interface FilterBarProps {
  filter: TapFilter;
  routes: Route[];
  onChange: (filter: TapFilter) => void;
}

const EMPTY: TapFilter = {
  route: "",
  backend: "",
  endpoint: "",
  classes: [],
  reason: "",
  status: "",
  method: "",
  path: "",
  client: "",
  criticality: "",
  atLeast: "",
  trace: "",
};

export function TapFilterBar({ filter, routes, onChange }: FilterBarProps) {
  const [isOpen, setOpen] = useState(() => hasRare(filter));
  const set = (change: Partial<TapFilter>) => onChange({ ...filter, ...change });
  const toggle = (name: string) =>
    set({
      classes: filter.classes.includes(name) ? filter.classes.filter((one) => one !== name) : [...filter.classes, name],
    });
  const names = routes.map((route) => route.name);
  return (
    <div class="stack tap-filter">
      <div class="tap-fields">
        <Field label="Route">
          <Select
            value={filter.route}
            onChange={(route) => set({ route })}
            options={[{ value: "", label: "all routes" }, ...withOwn(names, filter.route)]}
          />
        </Field>
        <Late label="Path begins with" value={filter.path} onDone={(path) => set({ path })} placeholder="/checkout" />
        <Late label="Took at least" value={filter.atLeast} onDone={(atLeast) => set({ atLeast })} placeholder="500ms" />
        <fieldset class="tap-classes">
          <legend class="field-label">Class</legend>
          <div class="row gateway-tight">
            {CLASSES.map((name) => (
              <Button key={name} small pressed={filter.classes.includes(name)} onPress={() => toggle(name)}>
                {name}
              </Button>
            ))}
          </div>
        </fieldset>
        <div class="row tap-more">
          <Button small kind="plain" expanded={isOpen} icon={isOpen ? "up" : "down"} onPress={() => setOpen(!isOpen)}>
            More fields
          </Button>
          {hasAny(filter) && (
            <Button small kind="plain" icon="close" onPress={() => onChange(EMPTY)}>
              All requests
            </Button>
          )}
        </div>
      </div>
      {isOpen && (
        <div class="tap-fields">
          <Late label="Backend" value={filter.backend} onDone={(backend) => set({ backend })} />
          <Late label="Endpoint that was tried" value={filter.endpoint} onDone={(endpoint) => set({ endpoint })} />
          <Late label="Status" value={filter.status} onDone={(status) => set({ status })} placeholder="503" />
          <Late label="Reason" value={filter.reason} onDone={(reason) => set({ reason })} placeholder="timeout" />
          <Late label="Method" value={filter.method} onDone={(method) => set({ method })} placeholder="POST" />
          <Late label="Client" value={filter.client} onDone={(client) => set({ client })} placeholder="10.1.2.3" />
          <Field label="Criticality">
            <Select
              value={filter.criticality}
              onChange={(criticality) => set({ criticality })}
              options={[{ value: "", label: "all" }, ...withOwn(["P0", "P1", "P2", "P3"], filter.criticality)]}
            />
          </Field>
          <Late label="Trace" value={filter.trace} onDone={(trace) => set({ trace })} />
        </div>
      )}
    </div>
  );
}

function hasRare(filter: TapFilter): boolean {
  const { backend, endpoint, reason, status, method, client, criticality, trace } = filter;
  return [backend, endpoint, reason, status, method, client, criticality, trace].some((one) => one !== "");
}

function hasAny(filter: TapFilter): boolean {
  return hasRare(filter) || filter.classes.length > 0 || [filter.route, filter.path, filter.atLeast].some(Boolean);
}

/** A value that came with the address is offered, known or not. */
function withOwn(known: string[], own: string): string[] {
  return own === "" || known.includes(own) ? known : [own, ...known];
}

interface LateProps {
  label: string;
  value: string;
  onDone: (value: string) => void;
  placeholder?: string;
}

/** A field that counts when it is left or Enter is pressed: each change of the filter begins a new stream. */
function Late({ label, value, onDone, placeholder }: LateProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const done = () => {
    if (text.trim() !== value) onDone(text.trim());
  };
  return (
    <Field label={label}>
      <Input value={text} onInput={setText} onEnter={done} onBlur={done} placeholder={placeholder} />
    </Field>
  );
}
