// What the monitor told: alerts as flags, change points as pins, and a card for each, by which a person judges it.
import { make, setText, stamp } from "./words.js";

const VERDICTS = ["right", "wrong", "unsure"];
const NARROW = 18;                    // pixels of a flag whose name has no room

const later = (seconds) => `${seconds < 0 ? "−" : "+"}${Math.abs(seconds).toFixed(1)} s`;

/** A card's and a mark's words for an alert or a change point. */
function described(kind, data) {
  if (kind === "alert") {
    const over = data.cleared_at === null ? "still open at the end" : `cleared ${stamp(data.cleared_at)}`;
    const grew = data.updates ? `, grew ${data.updates} ×` : "";
    return {
      head: data.severity,
      name: data.rule,
      text: data.message,
      times: `began ${stamp(data.time)}, raised ${stamp(data.raised_at)}${grew}, ${over}`,
      proof: Object.entries(data.evidence).map(([name, value]) => `${name} ${value}`).join(" · "),
      known: data.raised_at,
    };
  }
  const settled = data.settled_at === null ? "" : `, ${data.status} ${stamp(data.settled_at)} (${later(data.settled_at - data.time)})`;
  return {
    head: "change point",
    name: data.status,
    text: `${data.before} → ${data.after}`,
    times: `located ${stamp(data.time)}, first told ${stamp(data.known_at)} (${later(data.known_at - data.time)})${settled}`,
    proof: `strength ${data.strength}`,
    known: data.known_at,
  };
}

class Finding {
  constructor(kind, data, page) {
    this.kind = kind;
    this.data = data;
    this.words = described(kind, data);
    this.time = data.time;
    this.known = this.words.known;
    this.verdict = "";
    this.page = page;
    this.card = this.makeCard();
    this.mark = make("button", kind === "alert" ? "flag" : "pin", kind === "alert" ? data.rule : "");
    this.mark.type = "button";
    this.mark.title = `${this.words.head}, ${this.words.name}\n${this.words.text}\n${this.words.times}`;
    this.mark.setAttribute("aria-label", `${this.words.head} ${this.words.name}, ${data.leg ?? "call"}, ${this.words.times}`);
    this.mark.addEventListener("click", () => page.choose(this));
    this.stretch = make("div", kind === "alert" ? "stretch" : "lag");
    this.stem = make("div", "stem");
    for (const node of [this.mark, this.stretch, this.stem, this.card]) {
      if (kind === "alert") node.dataset.severity = data.severity; else node.dataset.status = data.status;
    }
  }

  makeCard() {
    const card = make("li", `finding card ${this.kind}`);
    const line = make("p", "line");
    line.append(make("span", "severity", this.words.head), make("span", "", [this.words.name, this.data.leg ?? "both"].join(" · ")));
    line.append(make("span", "when", stamp(this.time)));
    const foot = make("div", "foot");
    const listen = make("button", "", "Listen");
    listen.type = "button";
    listen.title = "From a few seconds before";
    listen.addEventListener("click", () => this.page.listen(this));
    this.verdicts = make("span", "verdicts");
    this.verdicts.setAttribute("role", "group");
    this.verdicts.setAttribute("aria-label", "Your judgement");
    for (const verdict of VERDICTS) {
      const button = make("button", "small", verdict);
      button.type = "button";
      button.dataset.verdict = verdict;
      button.addEventListener("click", () => this.page.judge(this, this.verdict === verdict ? "" : verdict));
      this.verdicts.append(button);
    }
    foot.append(listen, this.verdicts);
    card.append(line, make("p", "text", this.words.text), make("p", "times", this.words.times));
    if (this.words.proof) card.append(make("p", "times", this.words.proof));
    card.append(foot);
    return card;
  }

  show() {
    for (const button of this.verdicts.children) {
      button.setAttribute("aria-pressed", String(button.dataset.verdict === this.verdict));
    }
    this.mark.dataset.verdict = this.verdict;
  }

  /** Put the mark where the view says; `next` is where the following flag of its row begins, in pixels. */
  lay(view, next) {
    const until = this.kind === "alert" ? this.data.cleared_at ?? view.seconds : this.known;
    const at = view.x(this.kind === "alert" ? this.known : this.time);
    const left = Math.max(view.x(this.time), 0), right = Math.min(view.x(until), view.width);
    const seen = at >= 0 && at <= view.width;
    for (const node of [this.mark, this.stem]) {
      node.hidden = !seen;
      node.style.left = `${at}px`;
    }
    this.stretch.hidden = right <= left;
    this.stretch.style.left = `${left}px`;
    this.stretch.style.width = `${right - left}px`;
    if (this.kind !== "alert") return;
    const leftward = at > view.width - 8 * NARROW && next > view.width;    // at the right edge a flag flies to the left
    const room = leftward ? at : Math.min(next, view.width) - at - 3;
    this.mark.classList.toggle("leftward", leftward);
    this.mark.classList.toggle("narrow", room < 3 * NARROW);
    this.mark.style.maxWidth = `${Math.max(room, NARROW)}px`;
  }
}

export class Findings {
  /** `rows`: where marks go, by leg; `null` takes those of the call as a whole. */
  constructor(call, rows, view, { choose, listen }) {
    this.call = call;
    this.view = view;
    this.listen = listen;
    this.chosen = choose;
    this.key = `judgements\n${call.call}\n${call.engine.model}`;
    const kept = this.kept();
    this.all = [
      ...call.alerts.map((data) => new Finding("alert", data, this)),
      ...call.changes.map((data) => new Finding("change", data, this)),
    ].sort((one, other) => one.known - other.known);
    for (const finding of this.all) {
      finding.verdict = VERDICTS.includes(kept[finding.data.id]) ? kept[finding.data.id] : "";
      finding.show();
      rows.get(finding.data.leg).append(finding.stretch, finding.stem, finding.mark);
    }
  }

  /** Judgements of this call that this browser keeps; none where it keeps nothing for files. */
  kept() {
    try { return JSON.parse(localStorage.getItem(this.key)) ?? {}; } catch { return {}; }
  }

  lay() {
    const rows = new Map();           // leg: where the flag to the right begins
    for (const finding of [...this.all].reverse()) {
      finding.lay(this.view, rows.get(finding.data.leg) ?? Infinity);
      if (finding.kind === "alert") rows.set(finding.data.leg, this.view.x(finding.known));
    }
  }

  choose(finding) {
    for (const other of this.all) {
      other.card.classList.toggle("chosen", other === finding);
      other.mark.classList.toggle("chosen", other === finding);
    }
    this.current = finding;
    const list = finding.card.parentElement;  // where it scrolls, it scrolls to the card; the page stays
    list.scrollTop = finding.card.offsetTop - list.offsetTop - list.clientHeight / 3;
    this.chosen(finding);
  }

  /** The finding after (or before) the one chosen. */
  step(by) {
    if (!this.all.length) return;
    const from = this.all.indexOf(this.current);
    const next = from < 0 ? (by > 0 ? 0 : this.all.length - 1) : (from + by + this.all.length) % this.all.length;
    this.choose(this.all[next]);
  }

  judge(finding, verdict) {
    finding.verdict = verdict;
    finding.show();
    const judged = Object.fromEntries(this.all.filter((each) => each.verdict).map((each) => [each.data.id, each.verdict]));
    try { localStorage.setItem(this.key, JSON.stringify(judged)); } catch { /* kept while the page is open */ }
    this.tally();
  }

  tally() {
    const judged = this.all.filter((each) => each.verdict);
    const right = judged.filter((each) => each.verdict === "right").length;
    setText(this.note, judged.length ? `${judged.length} of ${this.all.length} judged, ${right} right` : "");
    this.save.hidden = !judged.length;
  }

  /** The cards, in columns of their kind, and how to keep the judgements. */
  cards(list, note, save) {
    this.note = note;
    this.save = save;
    list.append(...this.all.map((each) => each.card));
    save.addEventListener("click", () => this.download());
    this.tally();
  }

  download() {
    const judgements = this.all.filter((each) => each.verdict).map(({ kind, data, known, verdict }) => (
      { id: data.id, kind, leg: data.leg, name: data.rule ?? `${data.before} → ${data.after}`, time: data.time, known, verdict }
    ));
    const text = JSON.stringify({ call: this.call.call, engine: this.call.engine, judgements }, null, 2);
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `${this.call.call}.judgements.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
