// The tab with curves: the result over the range, what it was some time ago, and exemplars.

import { useMemo } from "preact/hooks";
import { legend, type Point } from "../../api/promql";
import { Chart, type ChartSeries } from "../../charts/chart";
import { Button } from "../../components/button";
import { Notice } from "../../components/notice";
import { number } from "../../format";
import { formatDuration } from "../../time";
import type { Answer } from "./ask";
import { Differences } from "./differences";
import { type Exemplar, ExemplarList } from "./exemplars";
import { LogGraph } from "./log-graph";
import { type Pair, paired } from "./offset";
import { unitOf } from "./unit";

export interface GraphProps {
  answer: Answer;
  /** The same some time ago, when it is compared. */
  before: Answer | undefined;
  /** Milliseconds. */
  offset: number;
  offsetText: string | null;
  isStacked: boolean;
  isLog: boolean;
  exemplars: readonly Exemplar[] | undefined;
  name: string;
  /** The curves that alone are drawn; none for all of them. */
  only: readonly string[];
  onOnly(names: string[]): void;
}

export function Graph(props: GraphProps) {
  const { answer, before, offset, offsetText, isStacked, isLog, exemplars, name, only, onOnly } = props;
  const { question, series } = answer;
  const { from, to, expression } = question;
  const pairs = useMemo(
    () => (before === undefined ? null : paired(series, before.series, offset, (question.step ?? 60) * 1000)),
    [series, before, offset, question.step],
  );
  const all = useMemo(() => curvesOf(answer, pairs, offsetText), [answer, pairs, offsetText]);
  const curves = useMemo(() => drawnOf(all, only, exemplars ?? []), [all, only, exemplars]);
  const histograms = series.filter((one) => one.points.length === 0 && (one.histograms?.length ?? 0) > 0);
  if (histograms.length === series.length && series.length > 0) {
    return (
      <Notice>The result consists of native histograms, which have no single value: the heat map shows them.</Notice>
    );
  }
  const shared = {
    name,
    series: curves,
    unit: unitOf(expression, series),
    height: 280,
    range: { from, to },
    onPick: (picked: ChartSeries) => onOnly(only.length > 0 || all.length < 2 ? [] : [nameOf(picked)]),
  };
  return (
    <>
      {only.length > 0 && (
        <p class="row">
          <span>Only {only.join(", ")}</span>
          <Button small onPress={() => onOnly([])}>
            Show all {number(all.length)}
          </Button>
        </p>
      )}
      {isLog ? <LogGraph {...shared} /> : <Chart {...shared} stacked={isStacked} evidence={expression} />}
      {pairs !== null && offsetText !== null && (
        <Differences expression={expression} pairs={pairs} unit={unitOf(expression, series)} offset={offsetText} />
      )}
      {exemplars !== undefined && (
        <div class="explore-exemplars">
          <ExemplarList exemplars={exemplars} />
        </div>
      )}
      {question.step !== null && <p class="unseen">One point every {formatDuration(question.step)}.</p>}
    </>
  );
}

/** The name of a curve in the URL: it does not change with the others that are there. */
function nameOf(curve: ChartSeries): string {
  return "name" in curve ? curve.name : legend(curve.labels);
}

/** The wanted ones of all curves, and exemplars as single points: what is no number between them draws no line. */
function drawnOf(all: readonly ChartSeries[], only: readonly string[], exemplars: readonly Exemplar[]): ChartSeries[] {
  const wanted = new Set(only);
  const found = all.filter((curve) => wanted.has(nameOf(curve)));
  // A link may name curves that are gone.
  const curves = found.length === 0 ? [...all] : found;
  if (exemplars.length === 0) return curves;
  const points = [...exemplars]
    .sort((a, b) => a.at - b.at)
    .flatMap(({ at, value }): Point[] => [
      [at, value],
      [at + 1, Number.NaN],
    ]);
  return [...curves, { name: "Exemplars", points, color: EXEMPLAR_COLOR }];
}

/** One that the first curves do not have. */
const EXEMPLAR_COLOR = 4;

/** Curves of now, each with the colour of its dashed one of before. */
function curvesOf(answer: Answer, pairs: readonly Pair[] | null, offsetText: string | null): ChartSeries[] {
  const { series, question } = answer;
  const [first] = series;
  // Without labels the expression is what tells it from the others on the page.
  const isBare = series.length === 1 && first !== undefined && Object.keys(first.labels).length === 0;
  if (pairs === null && isBare) return [{ name: question.expression, points: first.points }];
  if (pairs === null) return [...series];
  return pairs.flatMap((pair, index): ChartSeries[] => {
    const name = isBare ? question.expression : legend(pair.labels);
    const color = (index % 8) + 1;
    const curves: ChartSeries[] = [];
    if (pair.now.length > 0) curves.push({ name, labels: pair.labels, points: pair.now, color });
    if (pair.before.length > 0)
      curves.push({ name: `${name} ${offsetText} ago`, points: pair.before, dashed: true, color });
    return curves;
  });
}
