// What this server is and has. Asked once; what it does not have is not shown.

import { createStore, type Store } from "../hooks/store";
import { get } from "./client";

export interface ServerState {
  version: string;
  revision: string;
  kind: "server" | "alertmanager";
  has: Partial<Record<"alerting" | "slos" | "gateway" | "rules" | "hosts" | "decisions", boolean>>;
  startedAt: string;
  now: string;
  externalUrl: string;
}

/** Null until it answered. */
export const serverState: Store<ServerState | null> = createStore<ServerState | null>(null);

/** Asks; a server that does not answer this is asked again by the caller, and everything is shown meanwhile. */
export async function loadServerState(signal?: AbortSignal): Promise<void> {
  serverState.set(await get<ServerState>("/api/v1/ui/state", undefined, signal));
}
