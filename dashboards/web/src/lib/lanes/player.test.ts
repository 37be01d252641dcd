// @vitest-environment node
import { expect, it } from "vitest";
import { Player, SilentKeeper } from "./player";

const silent = (seconds = 60) => {
  const clock = { now: 100 };
  return { clock, player: new Player(seconds, new SilentKeeper(() => clock.now)) };
};

it("without a sound the timeline plays by the clock, at the speed that was chosen", async () => {
  const { clock, player } = silent();
  await player.play();
  clock.now += 2;
  player.speed = 4;
  clock.now += 3;
  expect(player.time).toBe(14);
  player.pause();
  clock.now += 9;
  expect(player.time).toBe(14);
});

it("stops at the end of the call and begins again from its start", async () => {
  const { clock, player } = silent(10);
  await player.play();
  clock.now += 20;
  player.step();
  expect([player.playing, player.time]).toEqual([false, 10]);
  await player.play();
  expect(player.time).toBe(0);
});

it("jumps over silence where that is wished", async () => {
  const { clock, player } = silent();
  player.silences = [{ start: 5, end: 15 }];
  player.skipSilence = true;
  await player.play();
  clock.now += 5.1;
  player.step();
  expect(player.time).toBeCloseTo(5.1);
  clock.now += 0.5;
  player.step();
  expect(player.time).toBeCloseTo(14.7);
  player.step();
  expect(player.time).toBeCloseTo(14.7);
});

it("goes on from the same moment when the sound has come", async () => {
  const { player } = silent();
  player.seek(12);
  player.speed = 1.5;
  player.use(new SilentKeeper(() => 0));
  expect([player.time, player.speed]).toEqual([12, 1.5]);
});

it("seeks no further than the call goes", () => {
  const { player } = silent();
  player.seek(1e9);
  expect(player.time).toBe(60);
  player.seek(-1);
  expect(player.time).toBe(0);
});
