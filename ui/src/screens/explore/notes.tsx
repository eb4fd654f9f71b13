// What the engine says beside a result, what it cost, and why there may be nothing.

import { Button } from "../../components/button";
import { Empty } from "../../components/empty";
import { Notice } from "../../components/notice";
import { bytes, compact, number, seconds } from "../../format";
import { useLoad } from "../../hooks/load";
import type { Answer } from "./ask";
import { parse, reasonsFor, serverStore } from "./reasons";

const SHOWN_MAX = 5;

/** Warnings and infos of the engine, each once. */
export function Notes({ answer }: { answer: Answer }) {
  return (
    <>
      <Messages kind="warning" texts={answer.warnings} />
      <Messages kind="info" texts={answer.infos} />
    </>
  );
}

function Messages({ kind, texts }: { kind: "warning" | "info"; texts: readonly string[] }) {
  const unique = [...new Set(texts)];
  if (unique.length === 0) return null;
  return (
    <Notice kind={kind}>
      {unique.slice(0, SHOWN_MAX).map((text) => (
        <p key={text}>{text}</p>
      ))}
      {unique.length > SHOWN_MAX && <p class="dim">and {unique.length - SHOWN_MAX} more</p>}
    </Notice>
  );
}

/** One line: how much came back, and what it cost the server. */
export function Cost({ answer }: { answer: Answer }) {
  const { timings, samples } = answer.stats ?? {};
  const points = answer.series.reduce((sum, one) => sum + one.points.length + (one.histograms?.length ?? 0), 0);
  const parts: [string, string, string?][] = [
    ["series", number(answer.series.length)],
    ["points", compact(points)],
    ["server", seconds(timings?.execTotalTime), "From taking the query to the finished result, waiting included"],
    ["total", seconds(answer.took / 1000), "Until everything was read here"],
    ["samples", compact(samples?.totalQueryableSamples), "Samples that the operators looked at"],
    ["peak", samples?.peakBytes === undefined ? "no data" : bytes(samples.peakBytes), "Memory the query held at once"],
  ];
  return (
    <p class="explore-cost">
      {parts.map(([name, value, title]) => (
        <span key={name} title={title}>
          <span class="dim">{name}</span> {value}
        </span>
      ))}
    </p>
  );
}

export interface NothingProps {
  expression: string;
  range: { from: number; to: number };
  onTry(expression: string): void;
}

/** An empty result, and what the server says may be the cause. */
export function Nothing({ expression, range, onTry }: NothingProps) {
  const why = useLoad(
    async (signal) => reasonsFor(await parse(expression, signal), range, serverStore(signal)),
    // Not of the range: in live mode the reason would be looked for at every step.
    [expression],
  );
  const lines = why.data?.map((reason) => reason.text) ?? [];
  const proposals = [...new Set(why.data?.flatMap((reason) => reason.proposals) ?? [])];
  return (
    <Empty
      title="No data"
      lines={why.isLoading && why.data === undefined ? ["Looking for the reason .."] : lines}
      actions={
        proposals.length === 0
          ? undefined
          : proposals.map((proposal) => (
              <Button key={proposal} small onPress={() => onTry(proposal)}>
                <span class="mono">{proposal}</span>
              </Button>
            ))
      }
    />
  );
}
