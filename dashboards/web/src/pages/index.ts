// Which component draws which page. Each is fetched when it is first opened.
import type { Component } from "svelte";
import type { PageName } from "../lib/router.svelte";

type Loaded = Promise<{ default: Component }>;

export const PAGES: Record<Exclude<PageName, "unknown">, () => Loaded> = {
  wallboard: () => import("./wallboard/Wallboard.svelte"),
  calls: () => import("./calls/Calls.svelte"),
  call: () => import("./call/Call.svelte"),
  alerts: () => import("./alerts/Alerts.svelte"),
  rules: () => import("./rules/Rules.svelte"),
  insights: () => import("./insights/Insights.svelte"),
  system: () => import("./system/System.svelte"),
};
