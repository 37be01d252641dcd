// The strip of the whole call, with the part that is in sight, which is moved by hand, and the cursor.
import { MARKS, drawStrip } from "./strip.js";
import { penOf, theme } from "./words.js";

export class Overview {
  constructor(canvas, call, view, seek) {
    this.canvas = canvas;
    this.call = call;
    this.view = view;
    this.now = 0;
    const at = (event) => (event.offsetX / canvas.clientWidth) * view.seconds;
    let grip = null;                  // seconds from the start of what is in sight to where it was taken
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const time = at(event);
      const inside = time >= view.start && time <= view.end && view.span < view.seconds;
      grip = inside ? time - view.start : view.span / 2;
      if (inside) return;
      view.show(time - grip, view.span);
      seek(time);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (grip !== null && canvas.hasPointerCapture(event.pointerId)) view.show(at(event) - grip, view.span);
    });
    canvas.addEventListener("pointerup", () => { grip = null; });
  }

  draw() {
    const { call, view } = this;
    const { pen, width, height } = penOf(this.canvas);
    const x = (time) => (time / view.seconds) * width;
    drawStrip(pen, width, height, call);
    pen.fillStyle = theme("--card");
    pen.globalAlpha = 0.72;
    pen.fillRect(0, MARKS - 2, x(view.start), height);
    pen.fillRect(x(view.end), MARKS - 2, width, height);
    pen.globalAlpha = 1;
    pen.strokeStyle = theme("--accent");
    pen.lineWidth = 2;
    if (view.span < view.seconds) pen.strokeRect(x(view.start) + 1, MARKS - 2, x(view.end) - x(view.start) - 2, height - MARKS + 1);
    pen.fillStyle = theme("--accent");
    pen.fillRect(Math.round(x(this.now)) - 1, 0, 2, height);
  }
}
