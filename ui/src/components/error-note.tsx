import { ApiError } from "../api/error";
import { Button } from "./button";
import { Icon } from "./icon";
import "./error-note.css";

export interface ErrorNoteProps {
  error: Error;
  /** Shows a button that does it again. */
  again?: () => void;
}

/** What happened, where, and what to do. */
export function ErrorNote({ error, again }: ErrorNoteProps) {
  const { caret, hint } = error instanceof ApiError ? error : { caret: undefined, hint: undefined };
  return (
    <div class="error-note" role="alert">
      <p class="error-note-what">
        <Icon name="critical" />
        <span>{sentence(error.message)}</span>
      </p>
      {caret !== undefined && <pre>{caret}</pre>}
      {hint !== undefined && <p>{hint}</p>}
      {again !== undefined && (
        <div>
          <Button small icon="again" onPress={() => again()}>
            Retry
          </Button>
        </div>
      )}
    </div>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
