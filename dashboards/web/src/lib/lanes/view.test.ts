// @vitest-environment node
import { describe, expect, it } from "vitest";
import { NARROWEST, View } from "./view";

const view = (seconds: number, live = false) => Object.assign(new View(seconds, live), { width: 1000 });

describe("a view", () => {
  it("zooms around a moment, which stays where it is", () => {
    const one = view(600);
    const before = one.x(150);
    one.zoom(4, 150);
    expect(one.span).toBe(150);
    expect(one.x(150)).toBeCloseTo(before);
  });

  it("zooms from the whole call to a second and no further", () => {
    const one = view(3600);
    one.zoom(1e6, 1800);
    expect(one.span).toBe(NARROWEST);
    one.zoom(1e-6, 1800);
    expect([one.start, one.end, one.whole]).toEqual([0, 3600, true]);
  });

  it("goes on with a live call, the whole of it or its last stretch", () => {
    const one = view(60, true);
    one.grow(61);
    expect([one.start, one.end]).toEqual([0, 61]);
    one.zoom(6.1, 30);
    one.grow(70);
    expect([one.start, one.end]).toEqual([60, 70]);
  });

  it("stays where somebody scrolled back to, until the way back to the live edge", () => {
    const one = view(100, true);
    one.show(20, 10);
    one.grow(200);
    expect([one.start, one.end, one.following]).toEqual([20, 30, false]);
    one.backToLive();
    one.grow(201);
    expect([one.start, one.end, one.following]).toEqual([191, 201, true]);
  });

  it("scrolled to the edge by hand follows it again", () => {
    const one = view(100, true);
    one.show(20, 10);
    one.show(95, 10);
    expect(one.following).toBe(true);
  });

  it("of a call that is over follows nothing", () => {
    const one = view(100, true);
    one.stop();
    one.show(90, 10);
    expect(one.following).toBe(false);
  });

  it("marks times that have room", () => {
    expect(view(600).ticks()).toEqual({ times: [0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600], digits: 0 });
    const close = view(600);
    close.show(10, 1);
    expect(close.ticks().digits).toBe(1);
  });
});
