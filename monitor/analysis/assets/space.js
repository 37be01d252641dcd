// Points in three dimensions that can be turned and chosen. What is shown comes from the JSON block; nothing is fetched.

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const canvas = at("space");
const pen = canvas.getContext("2d");
const VIRIDIS = ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"];
const START = { yaw: -0.5, pitch: 0.35, zoom: 1 };
const REACH = 14; // pixels within which a click takes a point

let view = { ...START };
let chosen = null;
let spots = [];

const middle = [0, 1, 2].map((axis) => {
  const values = data.coordinates.map((point) => point[axis]);
  return (values.reduce((a, b) => Math.min(a, b)) + values.reduce((a, b) => Math.max(a, b))) / 2;
});
const centred = data.coordinates.map((point) => point.map((value, axis) => value - middle[axis]));
const radius = centred.reduce((most, point) => Math.max(most, Math.hypot(...point)), 0) || 1;

/** The colour of a share of the time, 0 to 1. */
function ofTime(share) {
  return VIRIDIS[Math.min(VIRIDIS.length - 1, Math.floor(share * VIRIDIS.length))];
}

/** What each point looks like in the mode that is chosen: colour and sign. */
function looksOf(mode) {
  if (mode.values) {
    const [least, most] = mode.range;
    return mode.values.map((value) => [ofTime((value - least) / (most - least || 1)), "o"]);
  }
  return mode.groups.map((group) => mode.looks[group]);
}

function turned([x, y, z]) {
  const [cosYaw, sinYaw, cosPitch, sinPitch] = [Math.cos(view.yaw), Math.sin(view.yaw), Math.cos(view.pitch), Math.sin(view.pitch)];
  const across = x * cosYaw + z * sinYaw;
  const deep = -x * sinYaw + z * cosYaw;
  return [across, y * cosPitch - deep * sinPitch, y * sinPitch + deep * cosPitch];
}

/** Where a point is on the canvas, and how far behind. */
function placed(point) {
  const size = Math.min(canvas.clientWidth, canvas.clientHeight) * 0.46 * view.zoom / radius;
  const [x, y, depth] = turned(point);
  return [canvas.clientWidth / 2 + x * size, canvas.clientHeight / 2 - y * size, depth / radius];
}

const SIGNS = {
  o: (r) => pen.arc(0, 0, r, 0, 7),
  s: (r) => pen.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8),
  D: (r) => polygon(r * 1.25, 4, 0),
  "^": (r) => polygon(r * 1.3, 3, 0),
  v: (r) => polygon(r * 1.3, 3, Math.PI),
  P: (r) => cross(r * 1.2, 0),
  X: (r) => cross(r * 1.2, Math.PI / 4),
  "*": (r) => star(r * 1.5),
  ".": (r) => pen.arc(0, 0, r * 0.5, 0, 7),
};

function polygon(r, corners, turn) {
  for (let corner = 0; corner < corners; corner += 1) {
    const angle = turn + (corner * 2 * Math.PI) / corners;
    pen.lineTo(Math.sin(angle) * r, -Math.cos(angle) * r);
  }
  pen.closePath();
}

function star(r) {
  for (let corner = 0; corner < 10; corner += 1) {
    const angle = (corner * Math.PI) / 5;
    const reach = corner % 2 ? r * 0.45 : r;
    pen.lineTo(Math.sin(angle) * reach, -Math.cos(angle) * reach);
  }
  pen.closePath();
}

function cross(r, turn) {
  const t = r * 0.38;
  pen.save();
  pen.rotate(turn);
  for (const [x, y] of [[-t, -r], [t, -r], [t, -t], [r, -t], [r, t], [t, t], [t, r], [-t, r], [-t, t], [-r, t], [-r, -t], [-t, -t]]) pen.lineTo(x, y);
  pen.closePath();
  pen.restore();
}

function sign(name, x, y, r, colour) {
  pen.save();
  pen.translate(x, y);
  pen.beginPath();
  SIGNS[name](r);
  pen.restore();
  pen.fillStyle = colour;
  pen.fill();
}

function draw() {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, line] = ["--ink", "--soft", "--line"].map((name) => style.getPropertyValue(name));
  axes(soft, line);
  spots = centred.map(placed);
  if (at("ways").checked) ways(line);
  const looks = looksOf(data.modes[at("mode").value]);
  const order = spots.map((_, index) => index).sort((a, b) => spots[a][2] - spots[b][2]);
  for (const index of order) {
    const [x, y, depth] = spots[index];
    pen.globalAlpha = 0.72 + 0.28 * Math.max(-1, Math.min(1, depth));
    sign(looks[index][1], x, y, 4.6 + 1.2 * depth, looks[index][0] === "#000000" ? ink : looks[index][0]);
  }
  pen.globalAlpha = 1;
  for (const ring of data.rings) circle(ring.point, 10, 2, ink, ring.text);
  if (chosen !== null) circle(chosen, 13, 3, style.getPropertyValue("--accent"), "");
}

function circle(index, r, width, colour, text) {
  const [x, y] = spots[index];
  pen.beginPath();
  pen.arc(x, y, r, 0, 7);
  pen.lineWidth = width;
  pen.strokeStyle = colour;
  pen.stroke();
  pen.fillStyle = colour;
  pen.font = "600 13px system-ui, sans-serif";
  pen.fillText(text, x + r + 3, y - r + 4);
}

function axes(soft, line) {
  pen.font = "12px system-ui, sans-serif";
  pen.lineWidth = 1;
  data.axes.forEach((name, axis) => {
    const end = [0, 0, 0];
    end[axis] = radius;
    const [x, y] = placed(end);
    const [u, v] = placed(end.map((value) => -value));
    pen.strokeStyle = line;
    pen.beginPath();
    pen.moveTo(u, v);
    pen.lineTo(x, y);
    pen.stroke();
    pen.fillStyle = soft;
    const wide = pen.measureText(name).width;
    pen.fillText(name, Math.max(8, Math.min(x + 5, canvas.clientWidth - wide - 8)), Math.max(16, Math.min(y + 4, canvas.clientHeight - 8)));
  });
}

function ways(line) {
  pen.strokeStyle = line;
  pen.lineWidth = 1;
  for (const way of data.lines) {
    pen.beginPath();
    way.forEach((index) => pen.lineTo(spots[index][0], spots[index][1]));
    pen.stroke();
  }
}

function choose(index) {
  chosen = index;
  const name = at("name");
  name.hidden = index === null;
  at("chosen").textContent = index === null ? "Click a point" : `Point ${index + 1} of ${data.names.length}`;
  name.value = index === null ? "" : data.names[index];
  at("facts").replaceChildren(...(index === null ? [] : Object.entries(data.facts).flatMap(([key, values]) => pair(key, values[index]))));
  draw();
}

function pair(key, value) {
  if (value === "") return [];
  const [term, told] = [document.createElement("dt"), document.createElement("dd")];
  [term.textContent, told.textContent] = [key, value];
  return [term, told];
}

/** The point nearest to a place on the canvas, within reach; of several the one in front. */
function nearest(x, y) {
  let best = null;
  let least = REACH;
  spots.forEach(([u, v, depth], index) => {
    const far = Math.hypot(u - x, v - y) - depth;
    if (far < least) [best, least] = [index, far];
  });
  return best;
}

function legend() {
  const mode = data.modes[at("mode").value];
  at("scale").textContent = at("mode").value;
  const rows = mode.values
    ? VIRIDIS.map((colour, step) => [[colour, "o"], `from ${(mode.range[0] + ((mode.range[1] - mode.range[0]) * step) / VIRIDIS.length).toFixed(1)} ${mode.unit}`])
    : Object.keys(mode.looks).filter((group) => mode.groups.includes(group)).map((group) => [mode.looks[group], mode.told?.[group] || group || "no label"]);
  at("legend").replaceChildren(...rows.map(([look, text]) => {
    const item = document.createElement("li");
    item.append(swatch(look), text);
    return item;
  }));
  draw();
}

function swatch([colour, name]) {
  const names = { o: "●", s: "■", D: "◆", "^": "▲", v: "▼", P: "✚", X: "✖", "*": "★", ".": "·" };
  const mark = document.createElement("span");
  mark.textContent = names[name];
  mark.style.color = colour === "#000000" ? "var(--ink)" : colour;
  mark.setAttribute("aria-hidden", "true");
  return mark;
}

let held = null;
canvas.addEventListener("pointerdown", (event) => {
  held = { x: event.offsetX, y: event.offsetY, moved: false };
  canvas.setPointerCapture(event.pointerId);
  canvas.classList.add("held");
});
canvas.addEventListener("pointermove", (event) => {
  if (held === null) {
    const under = nearest(event.offsetX, event.offsetY);
    canvas.title = under === null ? "" : data.names[under];
    return;
  }
  const [x, y] = [event.offsetX - held.x, event.offsetY - held.y];
  if (!held.moved && Math.hypot(x, y) < 4) return;
  view.yaw += x * 0.008;
  view.pitch = Math.max(-1.57, Math.min(1.57, view.pitch + y * 0.008));
  held = { x: event.offsetX, y: event.offsetY, moved: true };
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  if (held && !held.moved) choose(nearest(event.offsetX, event.offsetY));
  held = null;
  canvas.classList.remove("held");
});
canvas.addEventListener("pointercancel", () => { held = null; });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * 0.0015));
}, { passive: false });

function zoom(factor) {
  view.zoom = Math.max(0.3, Math.min(20, view.zoom * factor));
  draw();
}

function step(by) {
  const count = data.names.length;
  choose(chosen === null ? 0 : (chosen + by + count) % count);
}

const KEYS = {
  ArrowLeft: () => { view.yaw -= 0.1; draw(); },
  ArrowRight: () => { view.yaw += 0.1; draw(); },
  ArrowUp: () => { view.pitch = Math.max(-1.57, view.pitch - 0.1); draw(); },
  ArrowDown: () => { view.pitch = Math.min(1.57, view.pitch + 0.1); draw(); },
  "+": () => zoom(1.2),
  "-": () => zoom(1 / 1.2),
  n: () => step(1),
  p: () => step(-1),
  Escape: () => choose(null),
};
canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

at("title").textContent = data.title;
at("note").textContent = data.note;
at("mode").append(...Object.keys(data.modes).map((name) => new Option(name)));
at("mode").value = data.mode;
at("mode").addEventListener("change", legend);
at("ways").addEventListener("change", draw);
at("ways").parentElement.hidden = data.lines.length === 0;
at("whole").addEventListener("click", () => { view = { ...START }; draw(); });
at("name").addEventListener("focus", () => at("name").select());
at("ringed").hidden = data.rings.length === 0;
at("rings-title").textContent = data.ringed;
at("rings").append(...data.rings.map((ring) => {
  const [item, button] = [document.createElement("li"), document.createElement("button")];
  button.type = "button";
  button.textContent = `${ring.text}: ${data.names[ring.point]}`;
  button.addEventListener("click", () => choose(ring.point));
  item.append(button);
  return item;
}));
new ResizeObserver(draw).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
legend();
