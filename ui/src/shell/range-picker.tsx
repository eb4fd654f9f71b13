import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../components/button";
import { Field } from "../components/field";
import { Input } from "../components/input";
import { formatTime } from "../time/format";
import { parseTime } from "../time/parse";
import { setRange, shiftRange, type TimeRange, useTimeRange } from "../time/range";
import { useZone } from "../time/zone";
import "./range-picker.css";

const QUICK: [string, string][] = [
  ["now-15m", "Last 15 minutes"],
  ["now-1h", "Last hour"],
  ["now-3h", "Last 3 hours"],
  ["now-6h", "Last 6 hours"],
  ["now-12h", "Last 12 hours"],
  ["now-1d", "Last day"],
  ["now-2d", "Last 2 days"],
  ["now-7d", "Last 7 days"],
  ["now-30d", "Last 30 days"],
];

/** The time range of the page, with what moves it. */
export function RangePicker() {
  const range = useTimeRange();
  const zone = useZone();
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useOutside(box, isOpen, () => setOpen(false));
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>(".is-range")?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes what is open inside of it
    <div
      class="range-picker"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        close();
      }}
    >
      <Button
        class="range-shift"
        kind="plain"
        icon="left"
        label="Earlier ( [ )"
        onPress={() => shiftRange(range, -1)}
      />
      <Button
        class="is-range"
        kind="plain"
        popup="dialog"
        expanded={isOpen}
        title={`${formatTime(range.from, zone)} to ${formatTime(range.to, zone)}. Key: t`}
        onPress={() => setOpen(!isOpen)}
      >
        {rangeWords(range)}
      </Button>
      <Button class="range-shift" kind="plain" icon="right" label="Later ( ] )" onPress={() => shiftRange(range, 1)} />
      {isOpen && <Choices range={range} close={close} />}
    </div>
  );
}

/** `Last hour`, or both ends without what they share. */
export function rangeWords({
  fromText,
  toText,
  from,
  to,
}: Pick<TimeRange, "fromText" | "toText" | "from" | "to">): string {
  if (toText === "now") {
    const quick = QUICK.find(([text]) => text === fromText);
    if (quick !== undefined) return quick[1];
    if (fromText.startsWith("now-")) return `Last ${fromText.slice(4)}`;
  }
  const start = formatTime(from);
  const end = formatTime(to);
  const isSameDay = start.slice(0, 10) === end.slice(0, 10);
  return `${start.slice(5, 16)} - ${isSameDay ? end.slice(11, 16) : end.slice(5, 16)}`;
}

function Choices({ range, close }: { range: TimeRange; close: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector<HTMLElement>("button")?.focus(), []);
  const choose = (from: string, to: string) => {
    setRange(from, to);
    close();
  };
  return (
    <div class="range-choices" role="dialog" aria-label="Time range" ref={box}>
      <div class="range-quick">
        {QUICK.map(([text, words]) => (
          <button
            type="button"
            key={text}
            class="range-item"
            aria-pressed={range.fromText === text && range.toText === "now"}
            onClick={() => choose(text, "now")}
          >
            {words}
          </button>
        ))}
      </div>
      <Custom range={range} choose={choose} />
    </div>
  );
}

function Custom({ range, choose }: { range: TimeRange; choose: (from: string, to: string) => void }) {
  const [from, setFrom] = useState(range.fromText);
  const [to, setTo] = useState(range.toText);
  const now = Date.now();
  const start = parseTime(from, now);
  const end = parseTime(to, now);
  const wrong = "Not a time. Try now-6h, or 2026-11-22 08:00";
  const order = start !== null && end !== null && start >= end ? "The end has to be after the start" : null;
  const isGood = start !== null && end !== null && order === null;
  const apply = () => isGood && choose(from.trim(), to.trim());
  return (
    <div class="range-custom">
      <Field label="From" error={start === null ? wrong : null}>
        <Input value={from} onInput={setFrom} onEnter={apply} />
      </Field>
      <Field
        label="To"
        error={end === null ? wrong : order}
        hint="now-2h, 2026-11-22 08:00 (UTC), RFC 3339 or Unix time"
      >
        <Input value={to} onInput={setTo} onEnter={apply} />
      </Field>
      <div>
        <Button kind="primary" disabled={!isGood} onPress={apply}>
          Apply
        </Button>
      </div>
    </div>
  );
}

function useOutside(box: { current: HTMLElement | null }, isOpen: boolean, leave: () => void): void {
  useEffect(() => {
    if (!isOpen) return;
    const onPress = (event: Event) => {
      if (!(event.target instanceof Node) || !box.current?.contains(event.target)) leave();
    };
    document.addEventListener("pointerdown", onPress, true);
    return () => document.removeEventListener("pointerdown", onPress, true);
  }, [isOpen]);
}
