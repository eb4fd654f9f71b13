// What this server has, so that nothing is asked for that is not there: the browser would log each refusal as an error.

import { loadServerState, type ServerState, serverState } from "../../api/server";

/** Waits for what the shell asks as well; a server that does not say has everything, and then says no for itself. */
export async function serverHas(part: keyof ServerState["has"], signal: AbortSignal): Promise<boolean> {
  return (await known(signal))?.has[part] ?? true;
}

/** Whether it keeps samples: one that does nothing but alerting has none. */
export async function keepsSamples(signal: AbortSignal): Promise<boolean> {
  return (await known(signal))?.kind !== "alertmanager";
}

async function known(signal: AbortSignal): Promise<ServerState | null> {
  if (serverState.get() === null) await loadServerState(signal).catch(() => undefined);
  return serverState.get();
}
