import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the page as it is edited, against a service on its usual port: EMOTION_MONITOR=http://host:port npm run dev
const service = process.env["EMOTION_MONITOR"] ?? "http://127.0.0.1:8765";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    target: "es2022",
    license: { fileName: "licenses.md" }, // of what is bundled, beside it
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the Content-Security-Policy takes nothing from data: addresses
  },
  server: {
    proxy: {
      "/api": { target: service, changeOrigin: true },
      "/ws": { target: service, changeOrigin: true, ws: true, rewriteWsOrigin: true },
    },
  },
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
});
