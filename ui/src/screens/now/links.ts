// Addresses of places on other screens.

function address(path: string, query: Record<string, string>): string {
  return `${path}?${new URLSearchParams(query)}`;
}

/** The targets of a job. */
export function targetsPath(job: string): string {
  return address("/system", { tab: "targets", "targets.f": `job:${job}` });
}

/** An endpoint with its detail. */
export function endpointPath(backend: string, endpoint: string): string {
  return address("/gateway", { tab: "endpoints", backend, endpoint });
}

/** The endpoints of a backend. */
export function endpointsPath(backend: string): string {
  return address("/gateway", { tab: "endpoints", "gateway-endpoints.f": `backend:${backend}` });
}

/** A route of the gateway with its detail. */
export function routePath(route: string): string {
  return address("/gateway", { route });
}

/** The file and line that something is written in, such as `slos/a.yml:5`. */
export function originPath(origin: string): string {
  const found = /^(.*):(\d+)$/.exec(origin);
  if (found === null) return address("/system", { tab: "config" });
  return address("/system", { tab: "config", file: found[1] ?? "", line: found[2] ?? "" });
}
