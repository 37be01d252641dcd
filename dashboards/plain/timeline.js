// The moving picture of a leg: emotions as stacked colours, speech, valence, change points. One column a value of `frames`.
import { colour } from "./palette.js";

export const WINDOW_SECONDS = 60;      // of the timeline shown
export const span = (seconds) => (seconds < 100 ? `${Math.max(0, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`);
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Draw what a leg holds up to `now` (seconds of the call); its speech pale where it is silent, change points as pins. */
export function drawTimeline(canvas, now, { points, marks, analysed }) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(document.body);
  const ink = style.getPropertyValue("--ink"), soft = style.getPropertyValue("--soft"), rule = style.getPropertyValue("--line");
  const end = Math.max(now, WINDOW_SECONDS);
  const x = (time) => width - ((end - time) / WINDOW_SECONDS) * width;
  const axis = 14, bandTop = 3, band = height * 0.48, speechTop = bandTop + band + 2, speech = 4;
  const affectTop = speechTop + speech + 3, affect = height - axis - affectTop;

  pen.fillStyle = rule;
  pen.font = "10px system-ui, sans-serif";
  for (let tick = Math.ceil((end - WINDOW_SECONDS) / 10) * 10; tick <= end; tick += 10) {
    pen.fillRect(Math.round(x(tick)), 0, 1, height);
  }
  for (const point of points) {
    const left = x(point.time), wide = Math.ceil((point.span / WINDOW_SECONDS) * width) + 0.6;
    let top = bandTop;
    pen.globalAlpha = 0.18 + 0.82 * point.speech;
    for (const [label, share] of point.posterior) {
      pen.fillStyle = colour(label);
      pen.fillRect(left, top, wide, share * band);
      top += share * band;
    }
    pen.globalAlpha = point.speech;
    pen.fillStyle = soft;
    pen.fillRect(left, speechTop, wide, speech);
  }
  pen.globalAlpha = 1;
  const middle = affectTop + affect / 2;
  pen.strokeStyle = rule;
  pen.beginPath(); pen.moveTo(0, middle); pen.lineTo(width, middle); pen.stroke();
  pen.strokeStyle = ink;
  pen.lineWidth = 1.6;
  pen.beginPath();
  let drawing = false;
  for (const point of points) {
    if (point.valence === null) { drawing = false; continue; }
    const at = [x(point.time), middle - point.valence * (affect / 2)];
    if (drawing) pen.lineTo(...at); else pen.moveTo(...at);
    drawing = true;
  }
  pen.stroke();
  for (const mark of marks) {
    const at = Math.round(x(mark.time));
    pen.fillStyle = ink;
    pen.globalAlpha = mark.status === "confirmed" ? 1 : 0.45;
    pen.fillRect(at - 1, 0, 2, height - axis);
    pen.beginPath(); pen.moveTo(at - 5, 0); pen.lineTo(at + 5, 0); pen.lineTo(at, 7); pen.fill();
  }
  pen.globalAlpha = 1;
  pen.fillStyle = soft;
  for (let tick = Math.max(10, Math.ceil((end - WINDOW_SECONDS) / 10) * 10); tick < end - 2; tick += 10) {
    pen.fillText(clock(tick), x(tick) + 3, height - 4);
  }
  if (analysed) pen.fillText("valence", 4, height - 4);
}
