// Elements and words that all parts of the page share. Text from outside becomes text, never markup.

/** An element with a class and text; text is never parsed. */
export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== "") node.textContent = String(text);
  return node;
}

/** Replace the text of a node where it is another. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Seconds as m:ss.t, or h:mm:ss.t. */
export function stamp(seconds, digits = 1) {
  const whole = Math.max(0, seconds).toFixed(digits);
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  const rest = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
export const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
export const percent = (share) => `${Math.round(share * 100)} %`;

/** What the page was given: the JSON block of an id. */
export const given = (id) => JSON.parse(document.getElementById(id).textContent);

/** The value of a custom property of the theme. */
export const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A canvas sized to its place and the screen's pixels, cleared; its pen counts in CSS pixels. */
export function penOf(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width, height };
}
