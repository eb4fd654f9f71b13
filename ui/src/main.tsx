import { render } from "preact";
import { App } from "./app";
import { followForeignAddress } from "./router/foreign";
import { startTheme } from "./shell/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";

const root = document.getElementById("app");
if (root !== null) {
  startTheme();
  followForeignAddress();
  render(<App />, root);
}
