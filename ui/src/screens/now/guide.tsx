import { useEffect } from "preact/hooks";
import { Button } from "../../components/button";
import { Code } from "../../components/code";
import { ErrorNote } from "../../components/error-note";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import type { Loaded } from "../../hooks/load";
import { useIsLive } from "../../time";
import type { Arrived, Way } from "./ways";

export interface GuideProps {
  ways: readonly Way[];
  arrived: Loaded<Arrived>;
  /** Back to what is here. */
  onClose: () => void;
}

/** Self-scrapes may be that far apart; asked more often than that nothing new is learned. */
const EVERY_MS = 5000;

/** How to send the first data; each way turns green when something came. */
export function Guide({ ways, arrived, onClose }: GuideProps) {
  const isLive = useIsLive();
  const { again } = arrived;
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => {
      if (document.visibilityState !== "hidden") again();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [isLive, again]);
  const came = ways.filter((way) => arrived.data?.[way.id]).length;
  return (
    <div class="stack">
      <div class="now-guide-head">
        <p>
          This server keeps its data and watches itself and its host. Four ways to send it more; each turns green when
          something arrives.
        </p>
        <p aria-live="polite">
          {came} of {ways.length} arrived.{" "}
          <Button small kind={came > 0 ? "primary" : "normal"} onPress={onClose}>
            Show what is here
          </Button>
        </p>
      </div>
      {arrived.error !== undefined && <ErrorNote error={arrived.error} again={again} />}
      <div class="now-ways">
        {ways.map((way, index) => (
          <WayPanel key={way.id} way={way} index={index} hasArrived={arrived.data?.[way.id]} />
        ))}
      </div>
      <Panel title="Or look at it with everything in it">
        <p>
          A small shop behind the gateway, its customers, objectives, and an outage, on this machine only. Ctrl-C leaves
          nothing behind.
        </p>
        <Code language="shell" text={"plimsoll demo\n"} />
      </Panel>
    </div>
  );
}

function WayPanel({ way, index, hasArrived }: { way: Way; index: number; hasArrived: boolean | undefined }) {
  const status =
    hasArrived === undefined
      ? ({ kind: "unknown", word: "asking" } as const)
      : hasArrived
        ? ({ kind: "ok", word: "data arrives" } as const)
        : ({ kind: "muted", word: "nothing yet" } as const);
  return (
    <Panel
      class={hasArrived ? "now-way has-arrived" : "now-way"}
      title={`${index + 1}. ${way.title}`}
      actions={<Status {...status} />}
    >
      <p class="dim">{way.line}</p>
      <Code language={way.language} text={way.text} wrap={way.language === "shell"} />
      <p class="dim">{way.after}</p>
    </Panel>
  );
}
