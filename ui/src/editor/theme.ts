// How the editor looks: every colour is a token, so it follows the theme of the page without being told.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const FRAME = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "transparent", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", maxHeight: "240px", overflow: "auto" },
  ".cm-content": { padding: "5px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 8px" },
  ".cm-placeholder": { color: "var(--text-dim)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--accent-soft)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--critical-soft)" },
  // The editor's own underline is an image in a data: URL, which the policy of our pages refuses.
  ".cm-lintRange": { backgroundImage: "none", paddingBottom: "0" },
  ".cm-lintRange-error, .cm-lintRange-warning, .cm-lintRange-info, .cm-lintRange-hint": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--critical)",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "4px",
  },
  ".cm-lintPoint::after": { display: "none" },
});

const OVERLAYS = EditorView.theme({
  ".cm-tooltip": {
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    background: "var(--raised)",
    color: "var(--text)",
    boxShadow: "var(--shadow)",
    zIndex: "60",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mono)",
    fontSize: "12px",
    maxHeight: "280px",
    maxWidth: "min(640px, 92vw)",
    minWidth: "min(320px, 92vw)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "2px 8px",
    lineHeight: "20px",
    display: "flex",
    gap: "12px",
    alignItems: "baseline",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent-soft)", color: "var(--text)" },
  ".cm-completionLabel": { overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
  ".cm-completionDetail": {
    marginLeft: "auto",
    fontStyle: "normal",
    color: "var(--text-dim)",
    whiteSpace: "nowrap",
    fontFamily: "var(--font)",
  },
  ".cm-tooltip.cm-completionInfo": {
    padding: "8px",
    maxWidth: "min(360px, 92vw)",
    fontFamily: "var(--font)",
    lineHeight: "20px",
  },
  // Beside the list there is no room on a phone, and upon it the list could not be read.
  "@media (max-width: 640px)": { ".cm-tooltip.cm-completionInfo": { display: "none" } },
  ".cm-tooltip-lint": { padding: "0" },
  ".cm-diagnostic": { borderLeft: "3px solid var(--critical)", padding: "4px 8px", whiteSpace: "pre-wrap" },
});

const COLOURS = HighlightStyle.define([
  { tag: tags.comment, color: "var(--text-dim)", fontStyle: "italic" },
  { tag: tags.labelName, color: "var(--series-4)" },
  { tag: tags.string, color: "var(--series-3)" },
  { tag: tags.number, color: "var(--series-2)" },
  { tag: tags.variableName, color: "var(--text)" },
  { tag: tags.function(tags.variableName), color: "var(--series-1)" },
  { tag: [tags.operatorKeyword, tags.modifier, tags.logicOperator], color: "var(--series-6)", fontWeight: "600" },
  { tag: [tags.operator, tags.arithmeticOperator], color: "var(--series-6)" },
  { tag: [tags.paren, tags.squareBracket, tags.brace], color: "var(--text-dim)" },
]);

export const theme: Extension = [FRAME, OVERLAYS, syntaxHighlighting(COLOURS)];
