// Times and shares as people read them, the same in all languages.

/** Seconds as m:ss.t, or h:mm:ss.t. */
export function stamp(seconds: number, digits = 1): string {
  const whole = Number(Math.max(0, seconds).toFixed(digits));
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  const rest = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export const signed = (value: number): string => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
export const percent = (share: number): string => `${Math.round(share * 100)} %`;
/** Seconds to a tenth; what is something is never nothing. */
export const tenths = (seconds: number): string => Math.max(seconds, 0.1).toFixed(1);
