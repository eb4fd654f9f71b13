/** A request that is asked about: from the address, for the server, and as a command. */

import { shellWord } from "../../components/evidence";

/** A request in words. */
export interface Question {
  method: string;
  host: string;
  path: string;
  client: string;
  listener: string;
  /** `Name: value` each. */
  headers: string[];
}

/** Reads the question that the address of the page has; null when it has none. */
export function questionOf(query: URLSearchParams): Question | null {
  const path = query.get("q.path");
  if (path === null) return null;
  return {
    method: query.get("q.method") ?? "GET",
    host: query.get("q.host") ?? "",
    path,
    client: query.get("q.client") ?? "",
    listener: query.get("q.listener") ?? "",
    headers: query.getAll("q.header"),
  };
}

/** The question as the server takes it; what is empty is left to its defaults. */
export function parametersOfQuestion(question: Question): URLSearchParams {
  const parameters = new URLSearchParams({ method: question.method, path: question.path });
  for (const name of ["host", "client", "listener"] as const) {
    const value = question[name].trim();
    if (value !== "") parameters.set(name, value);
  }
  for (const header of question.headers) {
    if (header.trim() !== "") parameters.append("header", header.trim());
  }
  return parameters;
}

/** The question as a command. */
export function explainCommand(question: Question): string {
  const words = ["plimsoll", "gateway", "explain"];
  if (question.method !== "GET") words.push("-X", shellWord(question.method));
  const path = question.path.startsWith("/") ? question.path : `/${question.path}`;
  words.push(shellWord(question.host === "" ? path : `http://${question.host}${path}`));
  for (const header of question.headers) {
    if (header.trim() !== "") words.push("-H", shellWord(header.trim()));
  }
  if (question.client !== "") words.push("--client", shellWord(question.client));
  if (question.listener !== "") words.push("--listener", shellWord(question.listener));
  return words.join(" ");
}
