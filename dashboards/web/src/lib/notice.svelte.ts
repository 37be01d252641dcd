// Sound and desktop notifications of alerts: off until somebody asks for them on this machine. An alert that rests is quiet
// until its time, and is told again then where it still stands and nobody took note of it.
import type { LiveCalls, StandingAlert } from "./calls.svelte";
import type { Hello, Listener, ServerMessage } from "./connection.svelte";
import type { Severity } from "./palette";

const KEYS = { sound: "notice.sound", desktop: "notice.desktop" } as const;
/** Hertz of two notes: what is graver is higher. */
const NOTES: Record<Severity, readonly [number, number]> = { critical: [880, 1175], warning: [660, 880], info: [523, 523] };
/** The longest that a timer of a browser can wait. */
const LONGEST = 2 ** 31 - 1;

export interface Told {
  id: string;
  call: string;
  severity: Severity;
  message: string;
}

/** Decides which alerts are told, and when. */
export class Notice implements Listener {
  #present: ReadonlySet<unknown> = new Set();
  readonly #resting = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly calls: LiveCalls,
    private readonly tell: (alert: Told) => void,
  ) {}

  /** What stood before is no news. */
  greeted(hello: Hello): void {
    this.#present = new Set(hello.present);
  }

  take(message: ServerMessage): void {
    if ("replay" in message && message.replay) return;
    if (message.type === "alert_snoozed") this.#rest(message.id, Date.parse(message.until));
    else if (message.type === "alert" && message.status === "raised" && !this.#present.has(message)) this.tell(message);
  }

  forget(): void {
    this.#resting.forEach((timer) => clearTimeout(timer));
    this.#resting.clear();
  }

  #rest(id: string, until: number): void {
    clearTimeout(this.#resting.get(id));
    const left = until - Date.now();
    if (left <= 0) return;
    this.#resting.set(
      id,
      setTimeout(() => {
        this.#resting.delete(id);
        const alert: StandingAlert | undefined = this.calls.alerts().find((one) => one.id === id);
        if (alert && !alert.acknowledged.length) this.tell(alert);
      }, Math.min(left, LONGEST)),
    );
  }
}

/** Tells them, as this machine is asked to. */
class Herald {
  sound: boolean = $state(localStorage.getItem(KEYS.sound) === "1");
  desktop: boolean = $state(localStorage.getItem(KEYS.desktop) === "1" && allowed() === "granted");
  /** Whether the browser lets no notification be shown, whoever asks. */
  denied: boolean = $state(allowed() === "denied");
  #context: AudioContext | null = null;

  constructor() {
    // Browsers let a page sound only after somebody has touched it.
    const touched = () => this.sound && this.#ready();
    for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, touched, { once: true });
  }

  setSound(on: boolean): void {
    this.sound = on;
    localStorage.setItem(KEYS.sound, on ? "1" : "");
    if (on) this.#play("info");
  }

  /** Asks for the browser's permission where it was not given. */
  async setDesktop(on: boolean): Promise<void> {
    const may = on && allowed() === "default" ? await Notification.requestPermission() : allowed();
    this.denied = may === "denied";
    this.desktop = on && may === "granted";
    localStorage.setItem(KEYS.desktop, this.desktop ? "1" : "");
  }

  tell(alert: Told, title: string): void {
    if (this.sound) this.#play(alert.severity);
    if (!this.desktop || allowed() !== "granted") return;
    try {
      const shown = new Notification(title, { body: alert.message, tag: alert.id, icon: "/icon.svg" });
      shown.onclick = () => {
        window.focus();
        shown.close();
      };
    } catch {
      this.desktop = false; // telephones have the permission, and yet no notification without a worker
    }
  }

  #ready(): AudioContext {
    const context = (this.#context ??= new AudioContext());
    if (context.state === "suspended") void context.resume();
    return context;
  }

  #play(severity: Severity): void {
    const context = this.#ready();
    NOTES[severity].forEach((hertz, place) => {
      const at = context.currentTime + place * 0.16;
      const note = context.createOscillator(), volume = context.createGain();
      note.frequency.value = hertz;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.16, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.15);
      note.connect(volume).connect(context.destination);
      note.start(at);
      note.stop(at + 0.16);
    });
  }
}

function allowed(): NotificationPermission {
  return "Notification" in window ? Notification.permission : "denied";
}

export const herald = new Herald();
