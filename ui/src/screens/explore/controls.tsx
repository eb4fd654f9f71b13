// How the answers are asked for and drawn: step, resolution, comparison, stacking.

import { useEffect, useState } from "preact/hooks";
import { Input } from "../../components/input";
import { Select } from "../../components/select";
import { Toggle } from "../../components/toggle";
import { formatDuration, useTimeRange } from "../../time";
import { type ExploreState, isOffset, POINTS, parseStep, type Resolution, stepText } from "./state";

export interface ControlsProps {
  state: ExploreState;
  change(changes: Partial<ExploreState>): void;
}

export function Controls({ state, change }: ControlsProps) {
  if (state.tab === "table") return null;
  const isGraph = state.tab === "graph";
  return (
    <div class="explore-controls">
      <Step state={state} change={change} />
      {isGraph && (
        <>
          <Offset state={state} change={change} />
          <Toggle
            value={state.isStacked}
            onChange={(isStacked) => change({ isStacked, isLog: false })}
            label="Stacked"
          />
          <Toggle value={state.isLog} onChange={(isLog) => change({ isLog, isStacked: false })} label="Logarithmic" />
          <Toggle value={state.hasExemplars} onChange={(hasExemplars) => change({ hasExemplars })} label="Exemplars" />
        </>
      )}
    </div>
  );
}

const RESOLUTIONS: { value: Resolution; label: string }[] = [
  { value: "low", label: "Low resolution" },
  { value: "medium", label: "Medium resolution" },
  { value: "high", label: "High resolution" },
];

function Step({ state, change }: ControlsProps) {
  const range = useTimeRange();
  const automatic = range.step(POINTS[state.resolution]);
  const [text, setText] = useState(state.step === null ? "" : stepText(state.step));
  useEffect(() => setText(state.step === null ? "" : stepText(state.step)), [state.step]);
  const wanted = parseStep(text);
  const commit = () => wanted !== undefined && wanted !== state.step && change({ step: wanted });
  return (
    <>
      <Select
        label="Resolution"
        value={state.resolution}
        options={RESOLUTIONS}
        onChange={(resolution) => change({ resolution, step: null })}
      />
      <span class="explore-step">
        <span class="dim">Step</span>
        <Input
          label="Step: the time between two points"
          value={text}
          onInput={setText}
          onEnter={commit}
          onBlur={commit}
          placeholder={`auto (${formatDuration(automatic)})`}
        />
        {wanted === undefined && <span class="explore-refused">A step is a duration such as 30s or 5m.</span>}
      </span>
    </>
  );
}

const OFFSETS = ["1h", "1d", "1w", "4w"];

function Offset({ state, change }: ControlsProps) {
  const own = state.offset !== null && !OFFSETS.includes(state.offset);
  const [isWriting, setWriting] = useState(own);
  const [text, setText] = useState(state.offset ?? "");
  const commit = () => {
    if (text === "") setWriting(false);
    if (text === "" || isOffset(text)) change({ offset: text === "" ? null : text });
  };
  const options = [
    { value: "", label: "Compare with nothing" },
    { value: "1h", label: "an hour ago" },
    { value: "1d", label: "yesterday" },
    { value: "1w", label: "last week" },
    { value: "4w", label: "4 weeks ago" },
    { value: "own", label: "another time .." },
  ];
  return (
    <span class="explore-step">
      <Select
        label="Compare with"
        value={isWriting ? "own" : (state.offset ?? "")}
        options={options}
        onChange={(value) => {
          setWriting(value === "own");
          setText(value === "own" ? "" : value);
          if (value !== "own") change({ offset: value === "" ? null : value });
        }}
      />
      {isWriting && (
        <Input
          label="How long ago"
          value={text}
          onInput={setText}
          onEnter={commit}
          onBlur={commit}
          placeholder="such as 3d"
        />
      )}
      {isWriting && text !== "" && !isOffset(text) && (
        <span class="explore-refused">A duration such as 12h or 3d.</span>
      )}
    </span>
  );
}
