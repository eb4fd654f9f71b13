// The tab with a heat map: where observations fell over time.

import { useMemo } from "preact/hooks";
import { Heatmap } from "../../charts/heatmap";
import { Button } from "../../components/button";
import { Empty } from "../../components/empty";
import { Notice } from "../../components/notice";
import type { Answer } from "./ask";
import { heatOf, rateAdvice } from "./buckets";
import { unitOf } from "./unit";

export interface HeatProps {
  answer: Answer;
  name: string;
  onTry(expression: string): void;
}

export function Heat({ answer, name, onTry }: HeatProps) {
  const { expression, from, to } = answer.question;
  const heat = useMemo(() => heatOf(answer.series), [answer.series]);
  if (heat === null) return <NoHistogram />;
  const advice = rateAdvice(expression, answer.series);
  const buckets = heat.rows.map((row, index) => ({
    ...row,
    points: heat.times.flatMap((at, column): [number, number][] => {
      const count = heat.cells[index]?.[column];
      return count === null || count === undefined ? [] : [[at, count]];
    }),
  }));
  return (
    <>
      {advice !== null && (
        <Notice>
          These buckets count since the program began. When something happened is what their rate tells:{" "}
          <Button small onPress={() => onTry(advice)}>
            <span class="mono">{advice}</span>
          </Button>
        </Notice>
      )}
      <Heatmap name={name} buckets={buckets} unit={boundUnit(expression, answer)} height={300} range={{ from, to }} />
      <p class="dim">
        {heat.kind === "classic" ? "Classic" : "Native"} histogram, {heat.rows.length} buckets
        {heat.histograms > 1 && `, ${heat.histograms} series added together`}.
      </p>
    </>
  );
}

/** Of the bounds: what is measured, whatever is done with the counts. */
function boundUnit(expression: string, answer: Answer): string | undefined {
  const name = /[a-zA-Z_:][a-zA-Z0-9_:]*_(?:seconds|bytes)(?:_bucket)?\b/.exec(expression)?.[0];
  return name === undefined ? undefined : unitOf(name.replace(/_bucket$/, ""), answer.series.slice(0, 0));
}

function NoHistogram() {
  return (
    <Empty
      title="Nothing here has buckets"
      lines={[
        <>
          A heat map needs series with the label <code>le</code>, such as{" "}
          <code>sum by (le) (rate(name_bucket[5m]))</code>,
        </>,
        <>
          or native histograms, such as <code>sum(rate(name[5m]))</code>.
        </>,
      ]}
    />
  );
}
