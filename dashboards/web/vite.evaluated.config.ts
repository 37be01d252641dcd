import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The pages of evaluated calls: one script and one style, which the laboratory puts into each page with its data (lab/pages).
export default defineConfig({
  plugins: [svelte()],
  publicDir: false,
  build: {
    outDir: "../dist/evaluated",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      input: "src/evaluated/main.ts",
      output: { entryFileNames: "evaluated.js", assetFileNames: "evaluated[extname]", codeSplitting: false },
    },
  },
});
