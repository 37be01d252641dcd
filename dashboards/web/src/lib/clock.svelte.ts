// Time as people read it, and a clock for what grows older on the page.

/** Seconds of a call: 1:23, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How long something lasted or is ago: 12 s, 5 min, 3 h. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  if (whole < 100 * 60) return `${Math.round(whole / 60)} min`;
  return `${Math.round(whole / 3600)} h`;
}

/** A moment of the wall clock in the viewer's zone, as short as it can be told from others: the day only where it is not today. */
export function moment(iso: string, locale: string, today: Date = new Date()): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === today.toDateString()) return time;
  const year = at.getFullYear() === today.getFullYear() ? {} : ({ year: "numeric" } as const);
  return `${at.toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short", ...year })}, ${time}`;
}

/** Milliseconds of the wall clock, once a second. */
class Now {
  ms: number = $state(Date.now());

  constructor() {
    setInterval(() => {
      this.ms = Date.now();
    }, 1000);
  }
}

export const now = new Now();
