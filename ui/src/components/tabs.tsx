import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import "./tabs.css";

export interface TabsProps<T extends string = string> {
  tabs: readonly { id: T; title: ComponentChildren; count?: number | undefined }[];
  /** Which one is open; keep it in the URL with `useQueryState`. */
  value: T;
  onChange: (id: T) => void;
  /** What the tabs are about. */
  label: string;
  /** What the open tab shows. */
  children?: ComponentChildren;
}

/** Several views of one thing. Left and Right move between them. */
export function Tabs<T extends string = string>({ tabs, value, onChange, label, children }: TabsProps<T>) {
  const base = useId();
  const onKeyDown = (event: JSX.TargetedKeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = tabs.findIndex((tab) => tab.id === value);
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    onChange(next.id);
    document.getElementById(`${base}-${next.id}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${base}-${tab.id}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={tab.id === value}
            aria-controls={children === undefined ? undefined : `${base}-panel`}
            tabIndex={tab.id === value ? 0 : -1}
            onClick={() => onChange(tab.id)}
          >
            {tab.title}
            {tab.count !== undefined && <span class="tab-count">{tab.count}</span>}
          </button>
        ))}
      </div>
      {children !== undefined && (
        <div class="stack" role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${value}`}>
          {children}
        </div>
      )}
    </>
  );
}
