/** The courses of a host's measures; those that were never there are named, not drawn empty. */

import { RangeChart } from "../gateway/range-chart";
import { type Answers, hostKey as keyText } from "./answers";
import { type HostKey, MEASURES, type Measure, select } from "./measures";
import { chartUnit } from "./values";

/** The charts, in the order of resources: by device or mode where there are several. */
export const DRAWN = [
  "cpu_busy",
  "cpu_load",
  "cpu_pressure",
  "memory_used",
  "memory_pressure",
  "memory_swapping",
  "disk_busy",
  "disk_queue",
  "disk_pressure",
  "filesystem_full",
  "filesystem_inodes",
  "network_bytes",
  "network_drops",
  "network_retransmitted",
  "kernel_conntrack",
  "kernel_files",
];

/** Resources as headings have them. */
export const TITLES: Record<string, string> = {
  cpu: "CPU",
  memory: "Memory",
  disk: "Disks",
  filesystem: "File systems",
  network: "Network",
  kernel: "Kernel",
};

export function HostCharts({ hostKey, answers }: { hostKey: HostKey; answers: Answers | undefined }) {
  const key = keyText(hostKey);
  const drawn = MEASURES.filter((measure) => DRAWN.includes(measure.id));
  // While it is not known which are there all are drawn.
  const isThere = (measure: Measure) => answers === undefined || answers.get(measure.id)?.values.has(key) !== false;
  const absent = MEASURES.filter((measure) => !isThere(measure));
  return (
    <>
      <div class="columns">
        {drawn.filter(isThere).map((measure) => (
          <div key={measure.id} id={measure.id} class="hosts-chart">
            <RangeChart
              name={`${TITLES[measure.resource]}: ${measure.title}`}
              unit={chartUnit(measure.unit)}
              query={(measure.detail ?? measure.query)(select(hostKey))}
              label={measure.detail === undefined ? measure.title : undefined}
              stacked={measure.id === "cpu_busy"}
              lines={linesOf(measure)}
            />
          </div>
        ))}
      </div>
      {absent.length > 0 && answers !== undefined && (
        <p class="dim">
          No data of this host: {absent.map((one) => `${TITLES[one.resource]} ${one.title}`).join(", ")}. Its exporter
          does not tell, or its kernel does not count it.
        </p>
      )}
    </>
  );
}

/** The thresholds as lines. */
function linesOf(measure: Measure) {
  const lines = [];
  if (measure.warning !== undefined) lines.push({ at: measure.warning, text: "warning", kind: "warning" as const });
  if (measure.critical !== undefined && measure.critical !== measure.warning) {
    lines.push({ at: measure.critical, text: "critical", kind: "critical" as const });
  }
  return lines;
}
