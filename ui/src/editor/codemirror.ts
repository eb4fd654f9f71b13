// The editor itself: CodeMirror with the PromQL of Prometheus, inside a shadow root. There its styles are adopted style
// sheets, which the policy `default-src 'self'` allows, while style elements in the page would be refused.

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionStatus,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { bracketMatching } from "@codemirror/language";
import { type Diagnostic, linter } from "@codemirror/lint";
import { Annotation, EditorState, type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder, tooltips } from "@codemirror/view";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { minimalSetup } from "codemirror";
import { check } from "./check";
import { createProposals } from "./completion";
import { queries } from "./history";
import { createNames } from "./names";
import type { Problem } from "./position";
import { theme } from "./theme";

export interface EditorOptions {
  text: string;
  /** What readers of the screen hear. */
  label: string;
  placeholder: string;
  onChange(text: string): void;
  onRun(text: string): void;
  /** Escape was pressed and there was nothing to close. */
  onLeave(): void;
  /** What the server's parser says of the text; null when nothing is wrong. */
  onProblem(problem: Problem | null): void;
}

export interface EditorHandle {
  /** Replaces the text from outside; the reader's cursor stays when the text is the same. */
  setText(text: string): void;
  text(): string;
  focus(): void;
  destroy(): void;
}

/** Marks changes that come from outside, which are not told back. */
const fromOutside = Annotation.define<boolean>();

/** Milliseconds without a key until the server is asked whether the text is right. */
const CHECK_DELAY = 350;

export function mount(root: ShadowRoot, options: EditorOptions): EditorHandle {
  const names = createNames();
  const proposals = createProposals(names);
  const language = new PromQLExtension().setComplete({ completeStrategy: proposals }).activateLinter(false);
  const checking = createChecking(options.onProblem);
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.text,
      selection: { anchor: options.text.length },
      extensions: [
        // Before the keys of the editor and of its completion.
        Prec.highest(keymap.of(keys(options))),
        minimalSetup,
        bracketMatching(),
        closeBrackets(),
        keymap.of(closeBracketsKeymap),
        autocompletion({ icons: false, maxRenderedOptions: 80, activateOnTypingDelay: 120 }),
        language.asExtension(),
        linter(checking.source, { delay: CHECK_DELAY }),
        tooltips({ position: "fixed" }),
        theme,
        EditorView.lineWrapping,
        placeholder(options.placeholder),
        EditorView.contentAttributes.of({ "aria-label": options.label, autocapitalize: "off", spellcheck: "false" }),
        listener(options),
      ],
    }),
  });
  return {
    setText(text) {
      if (text === view.state.doc.toString()) return;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: text.length },
        annotations: fromOutside.of(true),
      });
    },
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    destroy() {
      checking.stop();
      proposals.destroy();
      view.destroy();
    },
  };
}

function listener(options: EditorOptions): Extension {
  return EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    if (update.transactions.some((transaction) => transaction.annotation(fromOutside))) return;
    options.onChange(update.state.doc.toString());
  });
}

function keys(options: EditorOptions) {
  const run = (view: EditorView) => {
    closeCompletion(view);
    options.onRun(view.state.doc.toString());
    return true;
  };
  let position = -1;
  const recall = (step: number) => (view: EditorView) => {
    const entries = queries();
    position = Math.max(0, Math.min(entries.length - 1, position + step));
    const text = entries[position];
    if (text === undefined) return true;
    view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: text },
      selection: { anchor: text.length },
    });
    return true;
  };
  return [
    { key: "Mod-Enter", run },
    { key: "Enter", run: (view: EditorView) => takeProposal(view) || run(view) },
    { key: "Tab", run: (view: EditorView) => completionStatus(view.state) === "active" && acceptCompletion(view) },
    { key: "Alt-ArrowUp", run: recall(1) },
    { key: "Alt-ArrowDown", run: recall(-1) },
    {
      key: "Escape",
      run(view: EditorView) {
        if (closeCompletion(view)) return true;
        options.onLeave();
        return true;
      },
    },
  ];
}

/** Takes what is selected in the list of proposals, unless it is already there word for word. */
function takeProposal(view: EditorView): boolean {
  if (completionStatus(view.state) !== "active") return false;
  const selected = selectedCompletion(view.state);
  if (selected === null) return false;
  const cursor = view.state.selection.main.head;
  const before = view.state.sliceDoc(Math.max(0, cursor - selected.label.length), cursor);
  if (before === selected.label) return false;
  return acceptCompletion(view);
}

/** Asks the server's parser; only the newest question is waited for. */
function createChecking(onProblem: (problem: Problem | null) => void) {
  let latest = new AbortController();
  return {
    stop: () => latest.abort(),
    async source(view: EditorView): Promise<readonly Diagnostic[]> {
      latest.abort();
      const mine = new AbortController();
      latest = mine;
      const problem = await check(view.state.doc.toString(), mine.signal).catch(() => null);
      if (mine.signal.aborted) return [];
      onProblem(problem);
      if (problem === null) return [];
      const { from, to, message, hint } = problem;
      return [{ from, to, severity: "error", message: hint === undefined ? message : `${message}\n${hint}` }];
    },
  };
}
