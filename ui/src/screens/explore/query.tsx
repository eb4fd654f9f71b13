// One query of the page: its editor, its result in the open tab, and its error in its own place.

import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { Button } from "../../components/button";
import { copyAndTell } from "../../components/copy";
import { ErrorNote } from "../../components/error-note";
import { Menu, type MenuItem } from "../../components/menu";
import { Notice } from "../../components/notice";
import { Skeleton } from "../../components/panel";
import { notify } from "../../components/toast";
import { format } from "../../editor/check";
import { Editor } from "../../editor/editor";
import { remember } from "../../editor/history";
import type { Problem } from "../../editor/position";
import { parseDuration, useTimeRange } from "../../time";
import { type Answer, ask } from "./ask";
import { instantCommand, instantCurl, narrowed, rangeCommand, rangeCurl } from "./copy";
import { type Exemplar, loadExemplars } from "./exemplars";
import { Explained } from "./explained";
import { Graph } from "./graph";
import { Heat } from "./heat";
import { Cost, Notes, Nothing } from "./notes";
import { QueryHistory } from "./query-history";
import { type ExploreState, letter, POINTS } from "./state";
import { Cancelled, type Running, useAnswer } from "./use-answer";
import { Values } from "./values";

export interface QueryProps {
  state: ExploreState;
  index: number;
  /** Runs the text: it becomes part of the URL. */
  onRun(expression: string): void;
  onAdd(expression: string): void;
  onRemove(): void;
  onSwitch(): void;
  onOnly(names: string[]): void;
  /** Whether its editor is to take the focus. */
  autoFocus: boolean;
}

/** What one query answers: its result, the one of some time ago, and its exemplars. */
interface Result {
  answer: Answer;
  before?: Answer;
  exemplars?: Exemplar[];
}

export function Query(props: QueryProps) {
  const { state, index, onRun } = props;
  const name = letter(index);
  const expression = state.expressions[index] ?? "";
  const [text, setText] = useState(expression);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => setText(expression), [expression]);
  const isOff = state.off.includes(name);
  const running = useResult(state, isOff ? "" : expression);
  const menu = useMenu(props, text, setText);
  const run = (wanted: string) => {
    remember(wanted);
    setText(wanted);
    if (wanted === expression) running.again();
    else onRun(wanted);
  };
  const isTold = running.error instanceof ApiError && running.error.caret !== undefined && text === expression;
  return (
    <section class="explore-query" aria-label={`Query ${name}`} aria-busy={running.isLoading}>
      <div class="explore-line">
        <Button
          kind="plain"
          class="explore-letter"
          pressed={!isOff}
          label={`Query ${name} is ${isOff ? "off" : "on"}`}
          onPress={props.onSwitch}
        >
          {name}
        </Button>
        <Editor
          value={text}
          label={`Query ${name}`}
          onChange={setText}
          onRun={run}
          onProblem={setProblem}
          autoFocus={props.autoFocus}
        />
        <div class="explore-buttons">
          {running.isLoading && expression !== "" && !isOff ? (
            <Button onPress={running.cancel} icon="close">
              Cancel
            </Button>
          ) : (
            <Button
              kind={text === expression ? "normal" : "primary"}
              onPress={() => run(text)}
              disabled={text.trim() === ""}
            >
              Run
            </Button>
          )}
          <QueryHistory onPick={run} />
          <Menu kind="plain" icon="more" label={`More of query ${name}`} items={menu} />
        </div>
      </div>
      {problem !== null && !isTold && text.trim() !== "" && <Wrong problem={problem} />}
      {isOff ? (
        <p class="dim">Off. Press {name} to run it again.</p>
      ) : (
        <Shown {...props} running={running} onTry={run} />
      )}
    </section>
  );
}

/** What the parser says while one writes: calm, because the reader is not done yet. */
function Wrong({ problem }: { problem: Problem }) {
  return (
    <div class="explore-wrong" role="status">
      <p>{problem.message}</p>
      {problem.caret !== undefined && <pre>{problem.caret}</pre>}
    </div>
  );
}

function useResult(state: ExploreState, expression: string): Running<Result | null> {
  const range = useTimeRange();
  const step = state.step ?? range.step(POINTS[state.resolution]);
  const { tab, offset } = state;
  const wantsExemplars = state.hasExemplars && tab === "graph";
  const compares = tab === "graph" ? offset : null;
  const key = JSON.stringify([expression, tab === "table", tab === "explain", compares, wantsExemplars, step]);
  const load = async (signal: AbortSignal): Promise<Result | null> => {
    if (expression.trim() === "") return null;
    const { from, to } = range;
    const question = { expression, from, to, step: tab === "table" ? null : step, wantsPlan: tab === "explain" };
    const moved = (parseDuration(compares ?? "") ?? 0) * -1;
    const [answer, before, exemplars] = await Promise.all([
      ask(question, signal),
      moved === 0 ? undefined : ask({ ...question, from: from + moved, to: to + moved }, signal),
      wantsExemplars ? loadExemplars(expression, range, signal) : undefined,
    ]);
    return { answer, ...(before && { before }), ...(exemplars && { exemplars }) };
  };
  return useAnswer(key, load, [range.from, range.to]);
}

interface ShownProps extends QueryProps {
  running: Running<Result | null>;
  onTry(expression: string): void;
}

function Shown({ state, index, running, onTry, onOnly }: ShownProps) {
  const { error, data, isLoading } = running;
  const expression = state.expressions[index] ?? "";
  if (expression.trim() === "") return null;
  return (
    <div class="explore-result">
      <Failure error={error} again={running.again} />
      {data === undefined || data === null || data.answer.question.expression !== expression ? (
        isLoading && <Skeleton />
      ) : (
        <div class={error === undefined ? "explore-result" : "explore-result is-old"}>
          <Notes answer={data.answer} />
          {data.answer.series.length === 0 && data.answer.text === null && (
            <Nothing expression={expression} range={data.answer.question} onTry={onTry} />
          )}
          {(data.answer.series.length > 0 || data.answer.text !== null || state.tab === "explain") && (
            <Tabbed state={state} index={index} result={data} onTry={onTry} onOnly={onOnly} />
          )}
          <Cost answer={data.answer} />
        </div>
      )}
    </div>
  );
}

function Failure({ error, again }: { error: Error | undefined; again(): void }) {
  if (error === undefined) return null;
  // What cannot be parsed will not be parsed the next time either.
  const isWrong = error instanceof ApiError && error.caret !== undefined;
  if (!(error instanceof Cancelled)) return <ErrorNote error={error} again={isWrong ? undefined : again} />;
  return (
    <Notice kind="muted">
      Cancelled after {(error.after / 1000).toFixed(1)} s. The server was told to stop.{" "}
      <Button small onPress={again}>
        Run again
      </Button>
    </Notice>
  );
}

const NOBODY: readonly string[] = [];

interface TabbedProps extends Pick<QueryProps, "state" | "index" | "onOnly"> {
  result: Result;
  onTry(expression: string): void;
}

function Tabbed({ state, index, result, onTry, onOnly }: TabbedProps) {
  const { answer, before, exemplars } = result;
  const name = `Query ${letter(index)}`;
  const { expression, to } = answer.question;
  // An answer of another tab is still here for a moment, while that of this one loads.
  const isMoment = answer.question.step === null;
  if ((state.tab === "table") !== isMoment) return <Skeleton />;
  if (state.tab === "table") {
    const pick = (label: string, value: string) => {
      const wanted = narrowed(expression, label, value);
      if (wanted === undefined) void copyAndTell(`${label}=${JSON.stringify(value)}`, "Condition");
      else onTry(wanted);
    };
    const cli = instantCommand(expression, to, window.location.origin);
    return <Values answer={answer} name={`table${letter(index)}`} cli={cli} onPick={pick} />;
  }
  if (state.tab === "heatmap") return <Heat answer={answer} name={name} onTry={onTry} />;
  if (state.tab === "explain") return <Explained answer={answer} />;
  return (
    <Graph
      answer={answer}
      before={before}
      offset={parseDuration(state.offset ?? "") ?? 0}
      offsetText={state.offset}
      isStacked={state.isStacked}
      isLog={state.isLog}
      exemplars={exemplars}
      name={name}
      only={state.only[letter(index)] ?? NOBODY}
      onOnly={onOnly}
    />
  );
}

/** What else can be done with a query. */
function useMenu(props: QueryProps, text: string, setText: (text: string) => void): MenuItem[] {
  const { state } = props;
  const { from, to, step: stepFor } = useTimeRange();
  const server = window.location.origin;
  const asked = { expression: text, from, to, step: state.step ?? stepFor(POINTS[state.resolution]) };
  const isMoment = state.tab === "table";
  const copy = (what: string, label: string) => () => void copyAndTell(what, label);
  const tidy = () => {
    format(text).then(setText, (error: Error) => notify(`Not formatted: ${error.message}`, "warning"));
  };
  const curl = isMoment ? instantCurl(text, to, server) : rangeCurl(asked, server);
  const command = isMoment ? instantCommand(text, to, server) : rangeCommand(asked, server);
  return [
    { title: "Format", onPick: tidy },
    { title: "Copy PromQL", icon: "copy", onPick: copy(text, "PromQL") },
    { title: "Copy as curl", icon: "copy", onPick: copy(curl, "curl command") },
    { title: "Copy as command", icon: "copy", onPick: copy(command, "Command") },
    { title: "Duplicate", icon: "plus", onPick: () => props.onAdd(text) },
    { title: "Remove", icon: "close", onPick: props.onRemove },
  ];
}
