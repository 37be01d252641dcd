// Audio that comes in pieces and is played at the pace of the sound card: a ring a leg, one position for all legs.
// No import here and no clock: the worklet runs it on the audio thread.

/** Samples a second of what the service sends. */
export const RATE = 16_000;
const ROOM = 4 * RATE;
/** Samples that wait before playing begins, so that an uneven network is not heard. */
const AHEAD = 0.3 * RATE;
/** More waiting than this, and the oldest is skipped: whoever listens in hears the present. */
const MOST = 0.9 * RATE;

export class Ring {
  private readonly rings: Float32Array[];
  /** Sample that is played next, and one past the newest that came; of the whole call. */
  private at = 0;
  private newest = 0;
  private begun = false;
  private waiting = true;

  constructor(legs: number) {
    this.rings = Array.from({ length: legs }, () => new Float32Array(ROOM));
  }

  /** Seconds of sound that wait to be played. */
  get behind(): number {
    return Math.max(this.newest - this.at, 0) / RATE;
  }

  put(leg: number, first: number, samples: Float32Array): void {
    const ring = this.rings[leg];
    if (!ring || (this.begun && first + samples.length <= this.at)) return;
    if (!this.begun) {
      this.begun = true;
      this.at = first;
    }
    if (first + samples.length - this.at > ROOM) this.jump(first + samples.length - AHEAD);
    samples.forEach((value, index) => {
      if (first + index >= this.at) ring[(first + index) % ROOM] = value;
    });
    this.newest = Math.max(this.newest, first + samples.length);
    if (this.newest - this.at > MOST) this.jump(this.newest - AHEAD);
  }

  /** The next samples of each leg, zeros where nothing has come. */
  take(out: readonly Float32Array[]): void {
    const count = out[0]?.length ?? 0;
    if (this.waiting && this.newest - this.at >= AHEAD) this.waiting = false;
    if (this.newest - this.at < count) this.waiting = true;
    if (this.waiting) {
      for (const channel of out) channel.fill(0);
      return;
    }
    out.forEach((channel, leg) => {
      const ring = this.rings[leg];
      for (let index = 0; index < count; index += 1) {
        const place = (this.at + index) % ROOM;
        channel[index] = ring?.[place] ?? 0;
        if (ring) ring[place] = 0;
      }
    });
    this.at += count;
  }

  private jump(to: number): void {
    for (const ring of this.rings) {
      for (let sample = this.at; sample < Math.min(to, this.at + ROOM); sample += 1) ring[sample % ROOM] = 0;
    }
    this.at = Math.max(this.at, Math.floor(to));
  }
}
