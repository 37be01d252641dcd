// Days of the viewer's zone, written as `2026-03-01`, and the moments at which they begin.

export const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function written(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** The day so many days after another; before it, where they are negative. */
export function shifted(day: string, by: number): string {
  const date = new Date(`${day}T12:00`);
  date.setDate(date.getDate() + by);
  return written(date);
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

/** `from` and `to` of a list, as moments: both days belong to it. What is no day is handed on, for the service to say so. */
export function moments(from: string | null, to: string | null): { from: string | null; to: string | null } {
  const begin = (day: string) => new Date(`${day}T00:00`).toISOString();
  return {
    from: from && isDay(from) ? begin(from) : from,
    to: to && isDay(to) ? begin(shifted(to, 1)) : to,
  };
}
