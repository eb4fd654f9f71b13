/** Has the server read its configuration again. Its answer is plain text, with the place of what is wrong. */

/** What became of a reload. */
export interface ReloadAnswer {
  ok: boolean;
  title: string;
  /** What the server said; places have a caret below them. */
  text: string;
}

/** Answers are some lines; what is longer is cut. */
const TEXT_LENGTH_MAX = 20_000;

export async function reload(ask: typeof fetch = fetch): Promise<ReloadAnswer> {
  let response: Response;
  try {
    response = await ask("/-/reload", { method: "POST" });
  } catch {
    return { ok: false, title: "The server cannot be reached. Nothing is known of the reload.", text: "" };
  }
  const text = (await response.text()).trim().slice(0, TEXT_LENGTH_MAX);
  if (response.ok) {
    return {
      ok: true,
      title: text === "" ? "It was read and is in force." : "It was read and is in force, but:",
      text,
    };
  }
  if (response.status === 400) {
    return { ok: false, title: "It was refused. What was read before stays in force.", text };
  }
  return { ok: false, title: `It was not read: the server answered with status ${response.status}.`, text };
}
