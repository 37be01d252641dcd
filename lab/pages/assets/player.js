// The sound of the call, each leg on a channel of its own that can be muted or heard alone.
import { make } from "./words.js";

const LEAN = 0.35;                    // how far legs sit to the left and right, so that voices are told apart

export class Player {
  constructor(call, sound) {
    this.call = call;
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.apart = Boolean(sound);      // whether legs can be heard apart: each is a channel, in the order of the legs
    this.legs = call.legs.map(({ leg }) => ({ leg, muted: false, solo: false, gain: null, buttons: [] }));
    this.listeners = [];
    this.place = 0;                   // where the cursor is while there is no sound
    this.ready = false;
    this.audio.addEventListener("loadedmetadata", () => {
      this.ready = true;
      this.audio.currentTime = this.place;
      this.tell();
    });
    for (const event of ["play", "pause", "ended", "seeked", "error"]) this.audio.addEventListener(event, () => this.tell());
    if (sound) this.take(new Blob([Uint8Array.from(atob(sound), (letter) => letter.charCodeAt(0))], { type: "audio/ogg" }));
    else if (call.recording.link) this.audio.src = encodeURI(call.recording.link);
  }

  get playing() { return this.ready && !this.audio.paused && !this.audio.ended; }
  get time() { return this.ready ? this.audio.currentTime : this.place; }
  onChange(listener) { this.listeners.push(listener); }

  /** Play this sound from now on. */
  take(blob) {
    this.ready = false;
    this.audio.src = URL.createObjectURL(blob);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  seek(time) {
    this.place = Math.min(Math.max(time, 0), this.call.seconds);
    if (this.ready) this.audio.currentTime = this.place;
    this.tell();
  }

  async play() {
    if (!this.ready) return;
    if (this.apart && !this.context) this.connect();
    await this.context?.resume();
    await this.audio.play();
  }

  toggle() {
    if (this.playing) this.audio.pause(); else this.play();
  }

  /** Channel, gain, place between the ears, a leg each. Browsers allow this after a gesture alone. */
  connect() {
    this.context = new AudioContext();
    const source = this.context.createMediaElementSource(this.audio);
    const splitter = this.context.createChannelSplitter(this.legs.length);
    source.connect(splitter);
    this.legs.forEach((leg, channel) => {
      leg.gain = this.context.createGain();
      const lean = this.legs.length > 1 ? (channel === 0 ? -LEAN : LEAN) : 0;
      splitter.connect(leg.gain, channel);
      leg.gain.connect(new StereoPannerNode(this.context, { pan: lean })).connect(this.context.destination);
    });
    this.mix();
  }

  mix() {
    const alone = this.legs.some((leg) => leg.solo);
    for (const leg of this.legs) {
      const heard = alone ? leg.solo : !leg.muted;
      leg.gain?.gain.setTargetAtTime(heard ? 1 : 0, this.context.currentTime, 0.01);
      for (const button of leg.buttons) button.setAttribute("aria-pressed", String(leg[button.dataset.does]));
    }
    this.tell();
  }

  /** Turn `muted` or `solo` of a leg on or off. */
  flip(index, what) {
    const leg = this.legs[index];
    if (!leg || !this.apart) return;
    leg[what] = !leg[what];
    this.mix();
  }

  heard(index) {
    return this.legs.some((leg) => leg.solo) ? this.legs[index].solo : !this.legs[index].muted;
  }

  /** Buttons for a leg; none where legs cannot be heard apart. */
  buttons(index) {
    if (!this.apart) return [];
    const leg = this.legs[index];
    leg.buttons = [["muted", "Mute"], ["solo", "Solo"]].map(([does, word]) => {
      const button = make("button", "small", word);
      button.type = "button";
      button.dataset.does = does;
      button.setAttribute("aria-pressed", "false");
      button.title = does === "solo" ? `Hear ${leg.leg} alone (key ${index + 1})` : `Silence ${leg.leg}`;
      button.addEventListener("click", () => this.flip(index, does));
      return button;
    });
    return leg.buttons;
  }
}
