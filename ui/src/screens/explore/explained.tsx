// The tab that explains: what the engine did and what each operator cost, and what the expression consists of.

import { useMemo, useState } from "preact/hooks";
import { Badge } from "../../components/badge";
import { Icon } from "../../components/icon";
import { Notice } from "../../components/notice";
import { Tree, type TreeNode } from "../../components/tree";
import { bytes, compact, NO_DATA, number, percent, seconds } from "../../format";
import { useLoad } from "../../hooks/load";
import type { Answer } from "./ask";
import { foldedCost, linesOf, type PlanLine, visible } from "./plan";
import { parse } from "./reasons";
import { drawn, type SyntaxLine } from "./syntax";

export function Explained({ answer }: { answer: Answer }) {
  return (
    <>
      <h3>What the engine did</h3>
      {answer.plan === null ? (
        <Notice>The server sent no plan for this query.</Notice>
      ) : (
        <Plan key={answer.question.expression} answer={answer} />
      )}
      <h3>What the expression says</h3>
      <Syntax expression={answer.question.expression} />
    </>
  );
}

function Plan({ answer }: { answer: Answer }) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const lines = useMemo(() => (answer.plan === null ? [] : linesOf(answer.plan)), [answer.plan]);
  const toggle = (id: string) => {
    const next = new Set(folded);
    if (!next.delete(id)) next.add(id);
    setFolded(next);
  };
  return (
    <div class="explore-plan">
      <table>
        <caption class="unseen">Operators with what each cost by itself</caption>
        <thead>
          <tr>
            <th scope="col">Operator</th>
            <th scope="col" class="end" title="Time of the operator itself, without what is below it">
              Time
            </th>
            <th scope="col">Share</th>
            <th scope="col" class="end" title="Series that it gave">
              Series
            </th>
            <th scope="col" class="end" title="Samples that it gave">
              Samples
            </th>
            <th scope="col" class="end" title="Samples read from the store">
              Read
            </th>
            <th scope="col" class="end" title="Blocks read and skipped">
              Blocks
            </th>
            <th scope="col" class="end" title="Memory that it held at once">
              Memory
            </th>
          </tr>
        </thead>
        <tbody>
          {visible(lines, folded).map((line) => (
            <Line key={line.id} line={line} lines={lines} isFolded={folded.has(line.id)} toggle={toggle} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface LineProps {
  line: PlanLine;
  lines: readonly PlanLine[];
  isFolded: boolean;
  toggle(id: string): void;
}

function Line({ line, lines, isFolded, toggle }: LineProps) {
  const cost = isFolded ? foldedCost(lines, line.id) : { seconds: line.seconds, samplesRead: line.samplesRead };
  return (
    <tr class={line.isSlowest ? "is-slowest" : undefined}>
      <th scope="row">
        <div class="explore-operator" style={{ "--depth": String(line.depth) }}>
          {line.hasChildren ? (
            <button
              type="button"
              class="explore-fold"
              aria-expanded={!isFolded}
              aria-label={`${isFolded ? "Unfold" : "Fold"} ${line.operator}`}
              onClick={() => toggle(line.id)}
            >
              <Icon name={isFolded ? "right" : "down"} size={14} />
            </button>
          ) : (
            <span class="explore-fold" />
          )}
          <code>{line.operator}</code>
          {line.position !== null && (
            <span class="explore-place dim" title="Line and column in the expression">
              {line.position}
            </span>
          )}
          {line.isSlowest && <Badge kind="warning">slowest</Badge>}
          {line.notes.map((note) => (
            <Badge key={note} kind="info">
              {note}
            </Badge>
          ))}
        </div>
      </th>
      <td class="end">{seconds(cost.seconds)}</td>
      <td>
        <Share of={line.share} />
      </td>
      <td class="end">{number(line.series)}</td>
      <td class="end">{compact(line.samples)}</td>
      <td class="end">{compact(cost.samplesRead)}</td>
      <td class="end">{blocksText(line)}</td>
      <td class="end">{line.peakBytes === null ? NO_DATA : bytes(line.peakBytes)}</td>
    </tr>
  );
}

function blocksText({ blocksRead, blocksSkipped }: PlanLine): string {
  if (blocksRead === null) return NO_DATA;
  return blocksSkipped ? `${number(blocksRead)} (${number(blocksSkipped)} skipped)` : number(blocksRead);
}

function Share({ of }: { of: number | null }) {
  if (of === null) return <span class="dim">{NO_DATA}</span>;
  return (
    <span class="explore-share" title={percent(of, 1)}>
      <span style={{ width: `${Math.round(of * 100)}%` }} />
    </span>
  );
}

function Syntax({ expression }: { expression: string }) {
  const tree = useLoad((signal) => parse(expression, signal), [expression]);
  const nodes = useMemo(() => (tree.data === undefined ? [] : [nodeOf(drawn(tree.data))]), [tree.data]);
  if (tree.data === undefined) return null;
  return <Tree nodes={nodes} label="Syntax tree" />;
}

function nodeOf({ id, kind, text, children }: SyntaxLine): TreeNode {
  return {
    id,
    content: (
      <span class="explore-node">
        <span class="dim">{kind}</span> <code>{text}</code>
      </span>
    ),
    children: children.map(nodeOf),
  };
}
