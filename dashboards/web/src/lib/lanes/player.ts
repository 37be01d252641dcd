// What moves the cursor: the sound of the call where it was kept, or a clock where it was not. One interface for both.

import type { Stretch } from "./conversation";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const LANDING = 0.3; // seconds before the next words at which a skipped silence ends

/** What gives the time of a call while it plays. */
export interface Timekeeper {
  readonly playing: boolean;
  time: number;
  speed: number;
  play(): Promise<void>;
  pause(): void;
}

/** Plays the timeline without a sound, by the clock of this machine. */
export class SilentKeeper implements Timekeeper {
  playing = false;
  private from = 0;
  private since = 0;
  private rate = 1;

  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  get time(): number {
    return this.playing ? this.from + (this.now() - this.since) * this.rate : this.from;
  }

  set time(time: number) {
    this.from = time;
    this.since = this.now();
  }

  get speed(): number {
    return this.rate;
  }

  set speed(rate: number) {
    this.time = this.time;
    this.rate = rate;
  }

  async play(): Promise<void> {
    this.since = this.now();
    this.playing = true;
  }

  pause(): void {
    this.from = this.time;
    this.playing = false;
  }
}

/** Plays an audio element; its pitch stays whatever the speed. */
export class SoundKeeper implements Timekeeper {
  /** `changed` is called where the element plays or stops by itself: at its end, or by a key of the keyboard for media. */
  constructor(readonly audio: HTMLAudioElement, changed: () => void) {
    audio.preservesPitch = true;
    for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, changed);
  }

  get playing(): boolean {
    return !this.audio.paused && !this.audio.ended;
  }

  get time(): number {
    return this.audio.currentTime;
  }

  set time(time: number) {
    this.audio.currentTime = time;
  }

  get speed(): number {
    return this.audio.playbackRate;
  }

  set speed(rate: number) {
    this.audio.defaultPlaybackRate = this.audio.playbackRate = rate;
  }

  play(): Promise<void> {
    return this.audio.play();
  }

  pause(): void {
    this.audio.pause();
  }
}

export class Player {
  skipSilence = false;
  private listeners = new Set<() => void>();

  constructor(public seconds: number, private keeper: Timekeeper = new SilentKeeper(), public silences: readonly Stretch[] = []) {}

  get playing(): boolean {
    return this.keeper.playing;
  }

  get time(): number {
    return Math.min(this.keeper.time, this.seconds);
  }

  get speed(): number {
    return this.keeper.speed;
  }

  set speed(rate: number) {
    this.keeper.speed = rate;
    this.tell();
  }

  /** Go on with another keeper, from the same moment at the same speed. */
  use(keeper: Timekeeper): void {
    const { time, speed } = this;
    this.keeper.pause();
    this.keeper = keeper;
    keeper.speed = speed;
    keeper.time = time;
    this.tell();
  }

  /** Call `listener` when it plays, pauses or jumps; the answer ends that. While it plays, ask for `time`. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  seek(time: number): void {
    this.keeper.time = Math.min(Math.max(time, 0), this.seconds);
    this.tell();
  }

  async play(): Promise<void> {
    if (this.time >= this.seconds - 0.05) this.keeper.time = 0;
    await this.keeper.play();
    this.tell();
  }

  pause(): void {
    this.keeper.pause();
    this.tell();
  }

  toggle(): Promise<void> {
    if (!this.playing) return this.play();
    this.pause();
    return Promise.resolve();
  }

  /** To be called as often as the picture moves: jumps over silence where that is wished, and stops at the end. */
  step(): void {
    if (!this.playing) return;
    const { time } = this;
    if (time >= this.seconds) this.pause();
    else if (this.skipSilence) {
      const silence = this.silences.find(({ start, end }) => time >= start + LANDING && time < end - 2 * LANDING);
      if (silence) this.seek(silence.end - LANDING);
    }
  }

  /** What it plays has changed. */
  tell(): void {
    for (const listener of this.listeners) listener();
  }
}
