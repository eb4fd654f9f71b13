import { Shell } from "./shell/shell";

export function App() {
  return <Shell />;
}
