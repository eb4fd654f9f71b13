// Silences as `/api/v2/silences` takes and lists them, with the fields that only Plimsoll's have (docs/silences.md).

export type {
  NewSilence as PostedSilence,
  Silence,
  SilencePreview as Preview,
  SilenceState,
} from "../../api/types";
