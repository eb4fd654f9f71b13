/// <reference types="vitest/config" />
import { defineConfig } from "vite";

declare const process: { env: Record<string, string | undefined> };

// The address of a running binary; the dev server hands everything to it that is not the interface itself.
const server = {
  target: process.env.PLIMSOLL_SERVER ?? "http://127.0.0.1:9880",
  // The server refuses writes of another origin: it must see the host that the browser sees.
  changeOrigin: false,
};

/**
 * Few chunks: what every screen needs, what draws charts, and the libraries that only some screens need, each by itself so
 * that a browser keeps it when a screen changes.
 */
function chunk(id: string): string | undefined {
  if (
    /\/node_modules\/preact\/|\/src\/(api|components|hooks|router|time)\/|\/src\/format\.ts|preload-helper/.test(id)
  ) {
    return "core";
  }
  if (id.includes("/node_modules/uplot/")) return "uplot";
  if (/\/node_modules\/(@?codemirror|@lezer|@prometheus-io|@marijn|style-mod|crelt|w3c-keyname|lru-cache)\b/.test(id)) {
    return "editor";
  }
  return undefined;
}

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    // Nothing may be inlined and no polyfill may be needed: the policy of the pages is default-src 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // What each chunk needs: the budget is counted from it.
    manifest: true,
    target: "es2022",
    cssCodeSplit: true,
    rollupOptions: { output: { manualChunks: chunk } },
  },
  server: { proxy: { "/api": server, "/-/": server } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
  },
});
