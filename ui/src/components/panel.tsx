import type { ComponentChildren } from "preact";
import type { Loaded } from "../hooks/load";
import { ErrorNote } from "./error-note";
import { Evidence } from "./evidence";
import "./panel.css";

export interface PanelProps<T = unknown> {
  title?: ComponentChildren;
  /** What `useLoad` answers: the panel shows the wait, and the error in its own place. */
  state?: Loaded<T>;
  actions?: ComponentChildren;
  /** The PromQL that reproduces what is shown. */
  evidence?: string | null;
  /** A function gets what was loaded, and is only called once there is something. */
  children?: ComponentChildren | ((data: T) => ComponentChildren);
  class?: string;
  id?: string;
}

/** A part of a screen that lives and fails on its own. */
export function Panel<T = unknown>({ title, state, actions, evidence, children, class: extra, id }: PanelProps<T>) {
  return (
    <section class={extra === undefined ? "panel" : `panel ${extra}`} id={id} aria-busy={state?.isLoading}>
      {(title !== undefined || actions !== undefined) && (
        <header class="panel-head">
          <h2 class="panel-title">{title}</h2>
          {state?.isLoading && state.data !== undefined && <span class="panel-loading" title="Loading" />}
          <div class="panel-actions">
            {actions}
            {evidence && <Evidence query={evidence} />}
          </div>
        </header>
      )}
      <div class="panel-body">
        {state?.error !== undefined && <ErrorNote error={state.error} again={state.again} />}
        {content(state, children)}
      </div>
    </section>
  );
}

function content<T>(state: Loaded<T> | undefined, children: PanelProps<T>["children"]): ComponentChildren {
  if (state === undefined) return typeof children === "function" ? null : children;
  if (state.data === undefined) return state.error === undefined ? <Skeleton /> : null;
  return typeof children === "function" ? children(state.data) : children;
}

/** The place of something that is about to come. */
export function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      <span />
      <span />
      <span />
    </div>
  );
}
