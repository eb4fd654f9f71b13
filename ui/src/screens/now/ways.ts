// The ways to send data, each with the address of this server, and how one sees that something came that way.

import { instant } from "../../api/promql";
import { keepsSamples } from "./has";

export type WayId = "scrape" | "remote_write" | "push" | "gateway";

export interface Way {
  id: WayId;
  title: string;
  /** What it is good for. */
  line: string;
  language: string;
  text: string;
  /** What to do with the text. */
  after: string;
  /** PromQL that has a value once something came that way. */
  arrived: string;
}

/** What this program watches without being told to. */
const OWN_JOBS = "plimsoll|node|gateway";

/** `origin` is where the reader reached this server, such as `http://127.0.0.1:9880`. */
export function waysOf(origin: string): Way[] {
  const address = origin.replace(/^https?:\/\//, "");
  return [
    {
      id: "scrape",
      title: "Scrape a target",
      line: "For whatever has a /metrics page: your Prometheus configuration is read as it is.",
      language: "YAML",
      text: 'scrape_configs:\n  - job_name: shop\n    static_configs:\n      - targets: ["127.0.0.1:9100"]\n',
      after: `Save it as prometheus.yml and start with: plimsoll serve --listen ${address} --config prometheus.yml`,
      arrived: `up{job!~"${OWN_JOBS}"} == 1`,
    },
    {
      id: "remote_write",
      title: "Write from a Prometheus",
      line: "For a Prometheus, an agent or a collector that runs already.",
      language: "YAML",
      text: `remote_write:\n  - url: ${origin}/api/v1/write\n`,
      after: "Put it into the configuration of that Prometheus and reload it.",
      arrived: 'plimsoll_push_requests_total{protocol=~"remote_write.*",outcome="stored"} > 0',
    },
    {
      id: "push",
      title: "Push a number",
      line: "For a script, a cron job, or to see that it works.",
      language: "shell",
      text: `echo 'hello_total 1' | curl --data-binary @- '${origin}/api/v1/import/prometheus?extra_label=job=hello'\necho 'hello_total 2' | plimsoll push metrics --label job=hello --server ${origin}\n`,
      after: "Either of the two, in a shell of this machine.",
      arrived:
        'plimsoll_push_requests_total{protocol!~"remote_write.*",outcome="stored"} > 0 or last_over_time(hello_total{job="hello"}[1h])',
    },
    {
      id: "gateway",
      title: "Put the gateway before a service",
      line: "For something that answers HTTP and has no metrics: rate, errors and durations without a change of it.",
      language: "shell",
      text: `plimsoll gateway --listen 127.0.0.1:8080 --to http://127.0.0.1:8000 --api ${address}\n`,
      after: `In the place of this server, with its data: then send requests to http://127.0.0.1:8080. Beside scrapes: plimsoll serve --gateway-listen 127.0.0.1:8080 --gateway-to http://127.0.0.1:8000`,
      arrived: "plimsoll_gateway_requests_total > 0",
    },
  ];
}

export type Arrived = Record<WayId, boolean>;

const NUMBER = "plimsoll_way";

/** All ways in one question. */
export function arrivedQuery(ways: readonly Way[]): string {
  return ways.map((way, index) => `label_replace(count(${way.arrived}), "${NUMBER}", "${index}", "", "")`).join(" or ");
}

export async function loadArrived(ways: readonly Way[], signal: AbortSignal): Promise<Arrived> {
  // One that does nothing but alerting takes no samples: it has nothing to teach here.
  if (!(await keepsSamples(signal))) return { scrape: true, remote_write: true, push: true, gateway: true };
  const found = await instant(arrivedQuery(ways), undefined, signal);
  const arrived: Arrived = { scrape: false, remote_write: false, push: false, gateway: false };
  for (const { labels } of found) {
    const way = ways[Number(labels[NUMBER])];
    if (way !== undefined) arrived[way.id] = true;
  }
  return arrived;
}

/** Whether there is nothing but what the program watches by itself. */
export function isUntouched(arrived: Arrived): boolean {
  return !Object.values(arrived).some(Boolean);
}
