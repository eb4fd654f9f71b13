import { useEffect, useRef } from "preact/hooks";
import { Copy } from "./copy";
import "./code.css";

export interface CodeProps {
  text: string;
  /** What it is, for the name of the copy button: "YAML", "PromQL", "shell". */
  language?: string;
  /** A place in it, both from 1: the line is marked, with a caret below the column, and scrolled to. */
  mark?: { line: number; column?: number };
  /** Numbers before the lines; on by itself with a mark. */
  lines?: boolean;
  /** Long lines go on in the next one. */
  wrap?: boolean;
}

/** Text of a file or a command, as it is. */
export function Code({ text, language = "text", mark, lines = mark !== undefined, wrap = false }: CodeProps) {
  const marked = useRef<HTMLSpanElement>(null);
  useEffect(() => marked.current?.scrollIntoView?.({ block: "nearest" }), [mark?.line, text]);
  const isPlain = !lines && mark === undefined;
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable with the keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a section would take the line breaks of the text away */}
      <pre class={wrap ? "code-text is-wrapped" : "code-text"} tabIndex={0} role="region" aria-label={language}>
        {isPlain
          ? text
          : text.split("\n").map((line, index) => {
              const isMarked = mark?.line === index + 1;
              return (
                <span
                  key={index}
                  class={isMarked ? "code-line is-marked" : "code-line"}
                  ref={isMarked ? marked : undefined}
                >
                  {lines && <span class="code-number">{index + 1}</span>}
                  {line}
                  {isMarked && mark.column !== undefined && <Caret column={mark.column} lines={lines} />}
                </span>
              );
            })}
      </pre>
      <div class="code-copy">
        <Copy text={text} label={language} />
      </div>
    </div>
  );
}

function Caret({ column, lines }: { column: number; lines: boolean }) {
  return (
    <span class="code-caret" aria-hidden="true">
      {" ".repeat((lines ? 6 : 0) + Math.max(0, column - 1))}^
    </span>
  );
}
