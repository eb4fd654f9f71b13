import { formatDuration } from "../time/format";

export interface DurationProps {
  seconds: number | null | undefined;
}

export function Duration({ seconds }: DurationProps) {
  const isKnown = typeof seconds === "number" && !Number.isNaN(seconds);
  return <span title={isKnown ? `${seconds} seconds` : undefined}>{formatDuration(seconds)}</span>;
}
