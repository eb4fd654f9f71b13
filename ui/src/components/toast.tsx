// Short words about what the reader just did. They go away by themselves.

import { createStore, useStore } from "../hooks/store";
import { Status, type StatusKind } from "./status";
import "./toast.css";

interface Toast {
  id: number;
  text: string;
  kind: StatusKind;
}

const SHOWN_MS = 5000;
const AT_ONCE = 4;

const toasts = createStore<readonly Toast[]>([]);
let lastId = 0;

/** Tells the reader something that needs no answer: "Silence made". */
export function notify(text: string, kind: StatusKind = "ok"): void {
  lastId += 1;
  const id = lastId;
  toasts.set([...toasts.get(), { id, text, kind }].slice(-AT_ONCE));
  setTimeout(() => toasts.set(toasts.get().filter((toast) => toast.id !== id)), SHOWN_MS);
}

/** Where they are shown; the shell has it once. */
export function Toasts() {
  const all = useStore(toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {all.map((toast) => (
        <div class="toast" key={toast.id}>
          <Status kind={toast.kind} word={toast.text} />
        </div>
      ))}
    </div>
  );
}
