// What `/api/v1/services` answers.

export interface Red {
  /** PromQL; null where no metric tells. */
  rate: string | null;
  errors: string | null;
  p99: string | null;
}

export interface Service {
  name: string;
  /** From where it is known: `slo`, `route`, `job`. */
  sources: string[];
  /** Ids. */
  slos: string[];
  routes: string[];
  jobs: string[];
  backends: string[];
  /** That fire and that nothing keeps back. */
  alerts: { page: number; ticket: number; other: number };
  worst: { slo: string; remaining: number | null; state: string } | null;
  red: Red;
  /** PromQL for a share from 0 to 1. */
  saturation: string | null;
}

export interface Dependency {
  name: string;
  kind: "backend" | "route";
  endpointsUp: number;
  endpoints: number;
  /** The service at the other end. */
  to?: string;
}

export interface ServiceDetail extends Service {
  dependencies: { upstream: Dependency[]; downstream: Dependency[] };
}
