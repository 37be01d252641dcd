// The player of listening in, on the audio thread.
import { Ring } from "./ring";

class Listening extends AudioWorkletProcessor {
  private ring = new Ring(2);
  private alone: number | null = null;
  private calls = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<{ leg: number; first: number; samples: Float32Array } | { alone: number | null }>) => {
      if ("alone" in data) this.alone = data.alone;
      else this.ring.put(data.leg, data.first, data.samples);
    };
  }

  override process(_inputs: Float32Array[][], [out]: Float32Array[][]): boolean {
    if (!out) return true;
    this.ring.take(out);
    if (this.alone !== null) {
      const heard = out[this.alone];
      if (heard) for (const channel of out) if (channel !== heard) channel.set(heard);
    }
    this.calls += 1;
    if (this.calls % 60 === 0) this.port.postMessage({ behind: this.ring.behind });
    return true;
  }
}

registerProcessor("listening", Listening);
