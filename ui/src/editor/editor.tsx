// A field for PromQL. A plain text area works at once and whatever happens; the editor with completion and checking takes
// its place when its chunk has arrived.

import "./editor.css";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EditorHandle } from "./codemirror";
import type { Problem } from "./position";

export interface EditorProps {
  value: string;
  /** What readers of the screen hear, such as "Query A". */
  label: string;
  placeholder?: string;
  onChange(text: string): void;
  /** Enter was pressed; Shift-Enter makes a new line. */
  onRun(text: string): void;
  /** What the server's parser says of the text while it is written. */
  onProblem?(problem: Problem | null): void;
  autoFocus?: boolean;
}

export function Editor(props: EditorProps) {
  const { value, label, placeholder = "An expression, such as rate(http_requests_total[5m])" } = props;
  const frame = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLSpanElement>(null);
  const handle = useRef<EditorHandle | null>(null);
  const latest = useRef(props);
  latest.current = props;
  /** Texts that were told and have not come back as the value yet. */
  const told = useRef<string[]>([]);
  const [isReady, setReady] = useState(false);

  useEffect(() => {
    let isGone = false;
    import("./codemirror").then(
      ({ mount }) => {
        const place = host.current;
        if (isGone || place === null) return;
        const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
        const hadFocus = frame.current?.contains(document.activeElement) ?? false;
        handle.current = mount(root, {
          text: latest.current.value,
          label,
          placeholder,
          onChange: (text) => {
            told.current.push(text);
            latest.current.onChange(text);
          },
          onRun: (text) => latest.current.onRun(text),
          onProblem: (problem) => latest.current.onProblem?.(problem),
          onLeave: () => end.current?.focus(),
        });
        // At once, because what is hidden cannot have the focus.
        place.hidden = false;
        setReady(true);
        if (hadFocus) handle.current.focus();
      },
      // The text area stays: a query can be written and run without the editor.
      () => {},
    );
    return () => {
      isGone = true;
      handle.current?.destroy();
      handle.current = null;
    };
  }, []);

  useEffect(() => {
    // What was told comes back as the value a moment later, when more may have been typed already.
    const echo = told.current.indexOf(value);
    if (value === handle.current?.text()) told.current = [];
    else if (echo >= 0) told.current.splice(0, echo + 1);
    else {
      told.current = [];
      handle.current?.setText(value);
    }
  }, [value]);

  return (
    <div class="editor" ref={frame}>
      <div class="editor-host" ref={host} hidden={!isReady} />
      {!isReady && <PlainField {...props} label={label} placeholder={placeholder} />}
      {/* Where Escape leads: behind the editor, so that Tab goes on to what follows. */}
      <span ref={end} class="unseen" tabIndex={-1}>
        {label}: left
      </span>
    </div>
  );
}

/** Whether the reader is writing elsewhere: then the focus is not taken. */
function isWriting(): boolean {
  return document.activeElement?.matches("input, textarea, select, dialog *") ?? false;
}

function PlainField({ value, label, placeholder, onChange, onRun, autoFocus }: EditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (autoFocus && !isWriting()) field.current?.focus();
  }, []);
  return (
    <textarea
      class="editor-plain"
      aria-label={label}
      placeholder={placeholder}
      rows={Math.min(8, value.split("\n").length)}
      spellcheck={false}
      autocapitalize="off"
      ref={field}
      value={value}
      onInput={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.blur();
        if (event.key !== "Enter" || event.shiftKey) return;
        event.preventDefault();
        onRun(event.currentTarget.value);
      }}
    />
  );
}
