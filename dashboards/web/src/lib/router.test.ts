import { expect, test } from "vitest";
import { addressOf } from "./router.svelte";

const pageOf = (path: string) => addressOf(new URL(path, "http://monitor.example")).page;

test("every page has its address", () => {
  expect(["/", "/calls", "/calls/queue-7", "/alerts", "/rules", "/insights", "/system"].map(pageOf)).toEqual([
    "wallboard", "calls", "call", "alerts", "rules", "insights", "system",
  ]);
});

test("another address is no page", () => {
  expect(["/nothing", "/calls/a/b", "/alerts/x"].map(pageOf)).toEqual(["unknown", "unknown", "unknown"]);
});

test("the call and the moment are read from the address", () => {
  const { call, query } = addressOf(new URL("http://monitor.example/calls/queue-7?t=83.2"));
  expect([call, query.get("t")]).toEqual(["queue-7", "83.2"]);
});
