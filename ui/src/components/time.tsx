import { useNow } from "../time/clock";
import { formatRelative, formatTime, type Instant, toMilliseconds } from "../time/format";
import { useZone } from "../time/zone";

export interface TimeProps {
  /** Milliseconds since 1970, or RFC 3339; nothing is shown as "no data". */
  at: Instant | null | undefined;
  /** `4m ago` instead of the time; the time itself is told to who points at it. */
  relative?: boolean;
}

export function Time({ at, relative = false }: TimeProps) {
  const zone = useZone();
  const value = toMilliseconds(at);
  if (Number.isNaN(value)) return <span class="dim">no data</span>;
  const text = formatTime(value, zone);
  const machine = new Date(value).toISOString();
  return relative ? (
    <time dateTime={machine} title={text}>
      <Age at={value} />
    </time>
  ) : (
    <time dateTime={machine}>{text}</time>
  );
}

function Age({ at }: { at: number }) {
  return <>{formatRelative(at, useNow())}</>;
}
