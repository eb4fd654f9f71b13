import { formatter } from "../format";
import { Link } from "../router/link";
import "./bars.css";

export interface Bar {
  name: string;
  value: number | null;
  /** Where it leads. */
  to?: string;
  kind?: "ok" | "warning" | "critical" | "unknown";
}

export interface BarsProps {
  bars: readonly Bar[];
  unit?: string;
  /** The end of the scale; the largest value without. */
  max?: number;
  label: string;
}

/** Named values side by side, as a list that reads well without the bars. */
export function Bars({ bars, unit, max, label }: BarsProps) {
  const format = formatter(unit);
  const end = max ?? Math.max(0, ...bars.map((bar) => bar.value ?? 0));
  return (
    <ul class="bars" aria-label={label}>
      {bars.map((bar, index) => (
        <li class={bar.kind === undefined ? "bar" : `bar is-${bar.kind}`} key={`${bar.name}-${index}`}>
          <span class="bar-name">{bar.to === undefined ? bar.name : <Link to={bar.to}>{bar.name}</Link>}</span>
          <span class="bar-value">{format(bar.value)}</span>
          <span class="bar-back">
            <span class="bar-fill" style={{ width: `${share(bar.value, end) * 100}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function share(value: number | null, end: number): number {
  if (value === null || !(end > 0) || Number.isNaN(value)) return 0;
  return Math.min(1, Math.max(0, value / end));
}
