/**
 * What is asked about hosts: utilisation, saturation and errors of each resource, by Brendan Gregg's USE method, from the
 * metrics of node_exporter, which our own job `node` has the names of.
 */

/** A resource of a host, in the order in which they are shown. */
export type Resource = "cpu" | "memory" | "disk" | "filesystem" | "network" | "kernel";

/** Which of the three questions a measure answers. */
export type Aspect = "utilisation" | "saturation" | "errors";

/** How a value is written. */
export type Unit = "share" | "per second" | "bytes per second" | "count" | "ratio" | "seconds";

/** Which hosts: all, or one by its job and instance. */
export interface HostKey {
  job: string;
  instance: string;
}

/** One number of each host. */
export interface Measure {
  id: string;
  resource: Resource;
  aspect: Aspect;
  /** A few words. */
  title: string;
  unit: Unit;
  /** The query; its result has `job` and `instance` and nothing else. `s` begins a selector's braces. */
  query(s: Select): string;
  /** The same by device, where there are several: drawn, not judged. */
  detail?(s: Select): string;
  /** From these values on it warns or is critical; absent where no value is bad by itself. */
  warning?: number;
  critical?: number;
  /** What the number says and what to look at. */
  why: string;
}

/** Writes a selector: a metric's name with further matchers, narrowed to the host that is asked about. */
export type Select = (metric: string, ...matchers: string[]) => string;

/** How far back rates look: some scrapes at the usual intervals. */
export const RATE_WINDOW = "5m";

const BY = "by (job, instance)";
/** File systems that hold no data of their own: full or read-only by design. */
const NO_DISK =
  'fstype!~"(auto|tmp|ram|squash|dev(tmp)?|proc|sys|cgroup2?|ns)fs|overlay|iso9660|rootfs|fuse.lxcfs|erofs"';
/** Interfaces without a wire: loopback, containers, bridges, tunnels that repeat what others count. */
const WIRED = 'device!~"lo|veth.*|docker.*|br-.*|cni.*|cali.*|flannel.*|ifb.*|dummy.*|virbr.*"';

const rate = (selector: string) => `rate(${selector}[${RATE_WINDOW}])`;

const cores = (s: Select) => `count ${BY} (${s("node_cpu_seconds_total", 'mode="idle"')})`;

/** All measures in the order in which they are shown. */
export const MEASURES: readonly Measure[] = [
  {
    id: "cpu_busy",
    resource: "cpu",
    aspect: "utilisation",
    title: "busy",
    unit: "share",
    // Not 1 less idle: the kernel's idle counters step back now and then.
    query: (s) => `sum ${BY} (${rate(s("node_cpu_seconds_total", 'mode!~"idle|iowait"'))}) / ${cores(s)}`,
    detail: (s) => `sum by (mode) (${rate(s("node_cpu_seconds_total", 'mode!~"idle|iowait"'))}) / scalar(${cores(s)})`,
    warning: 0.8,
    critical: 0.95,
    why: "The share of all cores' time that was neither idle nor waiting for a disk.",
  },
  {
    id: "cpu_pressure",
    resource: "cpu",
    aspect: "saturation",
    title: "pressure",
    unit: "share",
    query: (s) => `max ${BY} (${rate(s("node_pressure_cpu_waiting_seconds_total"))})`,
    warning: 0.25,
    critical: 0.6,
    why: "The share of time in which at least one task waited for a core (PSI).",
  },
  {
    id: "cpu_load",
    resource: "cpu",
    aspect: "saturation",
    title: "load per core",
    unit: "ratio",
    query: (s) => `max ${BY} (${s("node_load5")}) / ${cores(s)}`,
    warning: 1,
    critical: 2,
    why: "Tasks that ran or waited in the last 5 minutes, per core. Linux counts those that wait for a disk as well.",
  },
  {
    id: "cpu_steal",
    resource: "cpu",
    aspect: "saturation",
    title: "stolen",
    unit: "share",
    query: (s) => `avg ${BY} (${rate(s("node_cpu_seconds_total", 'mode="steal"'))})`,
    warning: 0.05,
    critical: 0.2,
    why: "The share of time in which the hypervisor ran somebody else.",
  },
  {
    id: "cpu_throttled",
    resource: "cpu",
    aspect: "errors",
    title: "throttled for heat",
    unit: "per second",
    query: (s) => `sum ${BY} (${rate(s("node_cpu_core_throttles_total"))})`,
    warning: 0.01,
    why: "How often cores were slowed down because they were too hot.",
  },
  {
    id: "memory_used",
    resource: "memory",
    aspect: "utilisation",
    title: "used",
    unit: "share",
    query: (s) => `max ${BY} (1 - ${s("node_memory_MemAvailable_bytes")} / ${s("node_memory_MemTotal_bytes")})`,
    warning: 0.85,
    critical: 0.95,
    why: "What is not available to a new program without swapping.",
  },
  {
    id: "memory_pressure",
    resource: "memory",
    aspect: "saturation",
    title: "pressure",
    unit: "share",
    query: (s) => `max ${BY} (${rate(s("node_pressure_memory_waiting_seconds_total"))})`,
    warning: 0.05,
    critical: 0.2,
    why: "The share of time in which at least one task waited for memory (PSI).",
  },
  {
    id: "memory_swapping",
    resource: "memory",
    aspect: "saturation",
    title: "swapped pages",
    unit: "per second",
    query: (s) => `max ${BY} (${rate(s("node_vmstat_pswpin"))} + ${rate(s("node_vmstat_pswpout"))})`,
    warning: 50,
    critical: 2000,
    why: "Pages written to swap and read back. A full swap does not hurt, traffic does.",
  },
  {
    id: "memory_oom",
    resource: "memory",
    aspect: "errors",
    title: "OOM kills in 1 h",
    unit: "count",
    query: (s) => `max ${BY} (increase(${s("node_vmstat_oom_kill")}[1h]))`,
    warning: 0.5,
    critical: 1.5,
    why: "Processes that the kernel killed because there was no memory.",
  },
  {
    id: "memory_edac",
    resource: "memory",
    aspect: "errors",
    title: "bit errors in 1 h",
    unit: "count",
    query: (s) =>
      `sum ${BY} (increase(${s("node_edac_correctable_errors_total")}[1h])) + sum ${BY} (increase(${s("node_edac_uncorrectable_errors_total")}[1h]))`,
    warning: 0.5,
    critical: 100,
    why: "Bit errors that ECC corrected or found. A module that has many is about to fail.",
  },
  {
    id: "disk_busy",
    resource: "disk",
    aspect: "utilisation",
    title: "busiest disk",
    unit: "share",
    query: (s) => `max ${BY} (${rate(s("node_disk_io_time_seconds_total"))})`,
    detail: (s) => `max by (device) (${rate(s("node_disk_io_time_seconds_total"))})`,
    warning: 0.7,
    critical: 0.95,
    why: "The share of time in which the disk had something to do. An SSD can do more at 100 %: look at pressure.",
  },
  {
    id: "disk_pressure",
    resource: "disk",
    aspect: "saturation",
    title: "pressure",
    unit: "share",
    query: (s) => `max ${BY} (${rate(s("node_pressure_io_waiting_seconds_total"))})`,
    warning: 0.2,
    critical: 0.5,
    why: "The share of time in which at least one task waited for a disk (PSI).",
  },
  {
    id: "disk_queue",
    resource: "disk",
    aspect: "saturation",
    title: "longest queue",
    unit: "ratio",
    query: (s) => `max ${BY} (${rate(s("node_disk_io_time_weighted_seconds_total"))})`,
    detail: (s) => `max by (device) (${rate(s("node_disk_io_time_weighted_seconds_total"))})`,
    warning: 8,
    critical: 64,
    why: "Operations that waited or ran at the same time, on average.",
  },
  {
    id: "disk_failed",
    resource: "disk",
    aspect: "errors",
    title: "failed in RAID",
    unit: "count",
    query: (s) => `sum ${BY} (${s("node_md_disks", 'state="failed"')})`,
    warning: 0.5,
    critical: 0.5,
    why: "Disks that Linux' software RAID gave up.",
  },
  {
    id: "filesystem_full",
    resource: "filesystem",
    aspect: "utilisation",
    title: "fullest",
    unit: "share",
    query: (s) =>
      `max ${BY} (1 - ${s("node_filesystem_avail_bytes", NO_DISK)} / ${s("node_filesystem_size_bytes", NO_DISK)})`,
    detail: (s) =>
      `max by (mountpoint) (1 - ${s("node_filesystem_avail_bytes", NO_DISK)} / ${s("node_filesystem_size_bytes", NO_DISK)})`,
    warning: 0.8,
    critical: 0.9,
    why: "Space that programs cannot have any more, what is kept for root included.",
  },
  {
    id: "filesystem_soon",
    resource: "filesystem",
    aspect: "saturation",
    title: "fullest in a day",
    unit: "share",
    query: (s) =>
      `max ${BY} ((1 - predict_linear(${s("node_filesystem_avail_bytes", NO_DISK)}[6h], 86400) / ${s("node_filesystem_size_bytes", NO_DISK)}) and (${s("node_filesystem_avail_bytes", NO_DISK)} offset 3h))`,
    warning: 0.9,
    critical: 1,
    why: "Where it is in a day at the pace of the last 6 hours: above 100 % it is full before that. Needs 3 hours of samples.",
  },
  {
    id: "filesystem_inodes",
    resource: "filesystem",
    aspect: "saturation",
    title: "inodes used",
    unit: "share",
    query: (s) =>
      `max ${BY} (1 - ${s("node_filesystem_files_free", NO_DISK)} / (${s("node_filesystem_files", NO_DISK)} > 0))`,
    warning: 0.8,
    critical: 0.95,
    why: "Without inodes no file can be made, however much space there is.",
  },
  {
    id: "filesystem_errors",
    resource: "filesystem",
    aspect: "errors",
    title: "unreadable or read-only",
    unit: "count",
    query: (s) =>
      `sum ${BY} (${s("node_filesystem_device_error", NO_DISK)}) + sum ${BY} (${s("node_filesystem_readonly", NO_DISK)})`,
    warning: 0.5,
    why: "File systems that cannot be asked, or that the kernel made read-only after an error.",
  },
  {
    id: "network_busy",
    resource: "network",
    aspect: "utilisation",
    title: "of line speed",
    unit: "share",
    query: (s) =>
      `max ${BY} ((${rate(s("node_network_receive_bytes_total", WIRED))} > ${rate(s("node_network_transmit_bytes_total", WIRED))} or ${rate(s("node_network_transmit_bytes_total", WIRED))}) / (${s("node_network_speed_bytes", WIRED)} > 0))`,
    warning: 0.7,
    critical: 0.9,
    why: "The fuller direction of the fullest interface. Virtual machines often do not know their speed.",
  },
  {
    id: "network_bytes",
    resource: "network",
    aspect: "utilisation",
    title: "in and out",
    unit: "bytes per second",
    query: (s) =>
      `sum ${BY} (${rate(s("node_network_receive_bytes_total", WIRED))} + ${rate(s("node_network_transmit_bytes_total", WIRED))})`,
    detail: (s) =>
      `label_replace(sum by (device) (${rate(s("node_network_receive_bytes_total", WIRED))}), "direction", "in", "", "") or label_replace(sum by (device) (${rate(s("node_network_transmit_bytes_total", WIRED))}), "direction", "out", "", "")`,
    why: "All interfaces but loopback and those of containers.",
  },
  {
    id: "network_retransmitted",
    resource: "network",
    aspect: "saturation",
    title: "retransmitted",
    unit: "share",
    query: (s) =>
      `max ${BY} (${rate(s("node_netstat_Tcp_RetransSegs"))} / (${rate(s("node_netstat_Tcp_OutSegs"))} > 0))`,
    warning: 0.01,
    critical: 0.05,
    why: "TCP segments that had to be sent again: something on the way loses packets.",
  },
  {
    id: "network_drops",
    resource: "network",
    aspect: "saturation",
    title: "dropped packets",
    unit: "per second",
    query: (s) =>
      `sum ${BY} (${rate(s("node_network_receive_drop_total", WIRED))} + ${rate(s("node_network_transmit_drop_total", WIRED))})`,
    detail: (s) =>
      `sum by (device) (${rate(s("node_network_receive_drop_total", WIRED))} + ${rate(s("node_network_transmit_drop_total", WIRED))})`,
    warning: 1,
    critical: 100,
    why: "Packets for which there was no room.",
  },
  {
    id: "network_overflows",
    resource: "network",
    aspect: "saturation",
    title: "listen overflows",
    unit: "per second",
    query: (s) => `max ${BY} (${rate(s("node_netstat_TcpExt_ListenOverflows"))})`,
    warning: 0.01,
    critical: 10,
    why: "Connections that a program was too slow to accept.",
  },
  {
    id: "network_errors",
    resource: "network",
    aspect: "errors",
    title: "bad packets",
    unit: "per second",
    query: (s) =>
      `sum ${BY} (${rate(s("node_network_receive_errs_total", WIRED))} + ${rate(s("node_network_transmit_errs_total", WIRED))})`,
    warning: 0.01,
    critical: 10,
    why: "Packets that came damaged or could not be sent: a cable, a port, a driver.",
  },
  {
    id: "kernel_files",
    resource: "kernel",
    aspect: "utilisation",
    title: "open files",
    unit: "share",
    query: (s) => `max ${BY} (${s("node_filefd_allocated")} / (${s("node_filefd_maximum")} > 0))`,
    warning: 0.75,
    critical: 0.9,
    why: "Of the files that may be open on the whole host.",
  },
  {
    id: "kernel_conntrack",
    resource: "kernel",
    aspect: "utilisation",
    title: "conntrack",
    unit: "share",
    query: (s) => `max ${BY} (${s("node_nf_conntrack_entries")} / (${s("node_nf_conntrack_entries_limit")} > 0))`,
    warning: 0.75,
    critical: 0.9,
    why: "Connections that the firewall keeps track of. When the table is full, new ones are dropped.",
  },
  {
    id: "kernel_conntrack_drops",
    resource: "kernel",
    aspect: "saturation",
    title: "conntrack drops",
    unit: "per second",
    query: (s) => `sum ${BY} (${rate(s("node_nf_conntrack_stat_drop"))})`,
    warning: 0.01,
    critical: 1,
    why: "Packets of new connections for which the table had no room.",
  },
  {
    id: "kernel_blocked",
    resource: "kernel",
    aspect: "saturation",
    title: "blocked tasks",
    unit: "count",
    query: (s) => `max ${BY} (${s("node_procs_blocked")})`,
    warning: 10,
    critical: 100,
    why: "Tasks that wait for a disk or a lock of the kernel and cannot be interrupted.",
  },
  {
    id: "kernel_clock",
    resource: "kernel",
    aspect: "errors",
    title: "clock is off by",
    unit: "seconds",
    query: (s) => `max ${BY} (abs(${s("node_timex_offset_seconds")}))`,
    warning: 0.05,
    critical: 1,
    why: "How far the clock is from its time server.",
  },
];

/** The measures of the table of hosts, one column each. */
export const COLUMNS = [
  "cpu_busy",
  "cpu_load",
  "memory_used",
  "memory_pressure",
  "disk_busy",
  "disk_pressure",
  "filesystem_full",
  "network_bytes",
  "network_drops",
  "network_errors",
] as const;

/** Returns the measure with this id. */
export function measure(id: string): Measure {
  const found = MEASURES.find((one) => one.id === id);
  if (!found) throw new Error(`there is no measure ${id}`);
  return found;
}

/** Writes selectors for one host, or for all. Names come from whoever is scraped; JSON's strings are strings of PromQL too. */
export function select(host?: HostKey): Select {
  const own = host ? [`job=${JSON.stringify(host.job)}`, `instance=${JSON.stringify(host.instance)}`] : [];
  return (metric, ...matchers) => {
    const all = [...own, ...matchers];
    return all.length === 0 ? metric : `${metric}{${all.join(", ")}}`;
  };
}
