// Which part of the call is in sight. All lanes share one view, so that a moment is at the same place in each.

export const NARROWEST = 1; // seconds in sight at the closest
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const ROOM = 90; // pixels that a time mark needs

export class View {
  start = 0;
  end: number;
  /** Pixels. */
  width = 1;
  /** Whether what is in sight moves on with the call's live edge. */
  following: boolean;
  private listeners = new Set<() => void>();

  constructor(public seconds: number, public live = false) {
    this.seconds = Math.max(seconds, NARROWEST);
    this.end = this.seconds;
    this.following = live;
  }

  get span(): number {
    return this.end - this.start;
  }

  get whole(): boolean {
    return this.span >= this.seconds - 1e-6;
  }

  x(time: number): number {
    return ((time - this.start) / this.span) * this.width;
  }

  time(x: number): number {
    return this.start + (x / this.width) * this.span;
  }

  /** Call `listener` whenever what is in sight changed; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The call has become longer. Whoever follows keeps its live edge in sight; whoever scrolled back is left where they are. */
  grow(seconds: number): void {
    if (seconds <= this.seconds) return;
    const { whole, span } = this;
    this.seconds = seconds;
    if (this.following) this.place(whole ? 0 : seconds - span, whole ? seconds : span);
    this.tell();
  }

  /** The call is over: there is no live edge any more. */
  stop(): void {
    this.live = this.following = false;
    this.tell();
  }

  /** Show `span` seconds from `start` on, as far as the call goes. Scrolled away from the live edge, it is no longer followed. */
  show(start: number, span: number): void {
    this.place(start, span);
    this.following = this.live && this.end >= this.seconds - 1e-6;
    this.tell();
  }

  backToLive(): void {
    this.following = this.live;
    this.place(this.seconds - this.span, this.span);
    this.tell();
  }

  /** Bring closer by `factor`, `around` staying where it is; the live edge stays in sight of who follows it. */
  zoom(factor: number, around: number): void {
    const span = Math.min(Math.max(this.span / factor, NARROWEST), this.seconds);
    if (this.following) this.show(this.seconds - span, span);
    else this.show(around - ((around - this.start) / this.span) * span, span);
  }

  /** Move so that `time` is in sight, with what follows it. */
  reveal(time: number): void {
    if (time < this.start || time > this.end - this.span * 0.04) this.show(time - this.span * 0.12, this.span);
  }

  /** Times to be marked on the axis, and whether they need tenths. */
  ticks(): { times: number[]; digits: number } {
    const step = STEPS.find((each) => (each / this.span) * this.width >= ROOM) ?? 7200;
    const times: number[] = [];
    for (let k = Math.max(Math.ceil(this.start / step - 1e-9), 0); k * step <= this.end; k += 1) times.push(k * step);
    return { times, digits: step < 1 ? 1 : 0 };
  }

  private place(start: number, span: number): void {
    const width = Math.min(Math.max(span, NARROWEST), this.seconds);
    this.start = Math.min(Math.max(start, 0), this.seconds - width);
    this.end = this.start + width;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
