// Which part of the call is in sight. All lanes share one view, so that a moment is at the same place in each.

const NARROWEST = 2;                  // seconds in sight at the closest
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const ROOM = 90;                      // pixels that a time mark needs

export class View {
  constructor(seconds) {
    this.seconds = Math.max(seconds, NARROWEST);
    this.start = 0;
    this.end = this.seconds;
    this.width = 1;                   // pixels
    this.listeners = [];
  }

  get span() { return this.end - this.start; }
  x(time) { return ((time - this.start) / this.span) * this.width; }
  time(x) { return this.start + (x / this.width) * this.span; }
  onChange(listener) { this.listeners.push(listener); }

  /** Show `span` seconds from `start` on, as far as the call goes. */
  show(start, span) {
    const width = Math.min(Math.max(span, NARROWEST), this.seconds);
    this.start = Math.min(Math.max(start, 0), this.seconds - width);
    this.end = this.start + width;
    for (const listener of this.listeners) listener();
  }

  /** Bring closer by `factor`, `around` staying where it is. */
  zoom(factor, around) {
    const span = Math.min(Math.max(this.span / factor, NARROWEST), this.seconds);
    this.show(around - ((around - this.start) / this.span) * span, span);
  }

  /** Move so that `time` is in sight, with what follows it. */
  reveal(time) {
    if (time < this.start || time > this.end - this.span * 0.04) this.show(time - this.span * 0.12, this.span);
  }

  /** Times to be marked on the axis, and whether they need tenths. */
  ticks() {
    const step = STEPS.find((each) => (each / this.span) * this.width >= ROOM) ?? 7200;
    const times = [];
    for (let k = Math.ceil(this.start / step - 1e-9); k * step <= this.end; k += 1) times.push(k * step);
    return { times, digits: step < 1 ? 1 : 0 };
  }
}
