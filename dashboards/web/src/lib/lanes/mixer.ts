// Each leg of a recording on its own channel: silenced, or heard alone. Browsers allow an audio context after a gesture only.

const LEAN = 0.6; // how far legs sit to the left and right, so that voices are told apart

export class Mixer {
  private gains: GainNode[] = [];
  private context: AudioContext | null = null;
  private alone: number | null = null;

  constructor(private readonly audio: HTMLAudioElement, readonly legs: readonly string[]) {}

  /** To be called as playing begins. */
  async connect(): Promise<void> {
    if (!this.context) {
      const context = (this.context = new AudioContext());
      const source = context.createMediaElementSource(this.audio);
      const splitter = context.createChannelSplitter(Math.max(this.legs.length, 1));
      source.connect(splitter);
      this.gains = this.legs.map((_, channel) => {
        const gain = context.createGain();
        splitter.connect(gain, channel);
        const pan = this.legs.length > 1 ? (channel === 0 ? -LEAN : LEAN) : 0;
        gain.connect(new StereoPannerNode(context, { pan })).connect(context.destination);
        return gain;
      });
      this.mix();
    }
    await this.context.resume();
  }

  /** Hear one leg alone, or all with null. */
  solo(channel: number | null): void {
    this.alone = channel;
    this.mix();
  }

  close(): void {
    void this.context?.close();
  }

  private mix(): void {
    this.gains.forEach((gain, channel) => {
      gain.gain.setTargetAtTime(this.alone === null || this.alone === channel ? 1 : 0, gain.context.currentTime, 0.01);
    });
  }
}
