// The whole of a call as a strip: what each leg was said to feel, alerts as marks above it, change points as lines.
import { colour } from "./palette.js";
import { theme } from "./words.js";

export const MARKS = 12;              // pixels above the legs

/** Draw `call` into a place of `width` and `height` pixels. */
export function drawStrip(pen, width, height, call) {
  const x = (time) => (time / call.seconds) * width;
  const tall = (height - MARKS - 2) / call.legs.length;
  call.legs.forEach((leg, row) => {
    const top = MARKS + row * tall;
    pen.fillStyle = theme("--canvas");
    pen.fillRect(0, top, width, tall - 2);
    leg.emotion.forEach(([first, label], index) => {
      const left = x(first / call.tick_rate);
      const right = x((leg.emotion[index + 1]?.[0] ?? leg.ticks) / call.tick_rate);
      pen.fillStyle = colour(label);
      pen.globalAlpha = label === "unknown" ? 0.35 : 1;
      pen.fillRect(left, top, right - left, tall - 2);
    });
    pen.globalAlpha = 1;
  });
  pen.fillStyle = theme("--ink");
  for (const change of call.changes) {
    if (change.status === "confirmed") pen.fillRect(Math.round(x(change.time)), MARKS - 6, 2, height);
  }
  const shades = { critical: theme("--bad"), warning: theme("--wait"), info: theme("--info") };
  for (const alert of call.alerts) {
    const at = x(alert.raised_at);
    pen.fillStyle = shades[alert.severity];
    pen.beginPath();
    pen.moveTo(at - 5, 1);
    pen.lineTo(at + 5, 1);
    pen.lineTo(at, 10);
    pen.fill();
  }
}
