// What all parts of the picture of a call share: the model, what is in sight, where the cursor is, and which finding is chosen.
// The model and the view are plain; here they become values that components read, renewed once a picture at most.
import { CallModel } from "./call";
import type { Conversation } from "./conversation";
import { Player } from "./player";
import { View } from "./view";

export type Chosen = { kind: "alert" | "change" | "note"; id: string } | null;

export class Scene {
  readonly view: View;
  readonly player: Player;
  /** Count up when the call, or what is in sight, has become another. */
  told = $state(0);
  sight = $state(0);
  seconds = $state(0);
  live = $state(false);
  following = $state(false);
  /** Seconds of the call at the cursor. */
  time = $state(0);
  playing = $state(false);
  speed = $state(1);
  /** Where the pointer is. */
  hover: number | null = $state(null);
  chosen: Chosen = $state(null);
  conversation: Conversation = $state.raw({ turns: {}, talk: {}, share: {}, silences: [], talkOver: [], interruptions: [] });
  skipSilence = $state(false);
  /** Done before playing begins: browsers give sound to a gesture alone. */
  beforePlay: (() => Promise<void>) | null = null;
  private drawing = 0;
  private changed: { told?: boolean; sight?: boolean } = { told: true };
  private readonly ends: (() => void)[] = [];
  /** Whether the cursor goes with the live edge. */
  private atEdge: boolean;

  constructor(readonly model: CallModel) {
    this.view = new View(model.seconds, model.live);
    this.player = new Player(model.seconds);
    this.atEdge = model.live;
    this.ends.push(
      model.onChange(() => this.schedule({ told: true })),
      this.view.onChange(() => this.schedule({ sight: true })),
      this.player.onChange(() => this.schedule({})),
    );
    this.renew();
  }

  /** The moment that is looked at: under the pointer, else at the cursor. */
  get moment(): number {
    return this.hover ?? this.time;
  }

  seek(time: number): void {
    this.atEdge = false;
    this.player.seek(time);
    this.time = this.player.time; // at once: the next key may come before the next picture
  }

  /** Put the cursor at a moment and have it in sight. */
  show(time: number): void {
    this.seek(time);
    const { view } = this;
    if (time < view.start || time > view.end) view.show(time - view.span / 3, view.span);
  }

  step(seconds: number): void {
    this.seek(this.time + seconds);
    this.view.reveal(this.player.time);
  }

  async toggle(): Promise<void> {
    this.atEdge = false;
    if (!this.player.playing) await this.beforePlay?.();
    await this.player.toggle();
    if (this.player.playing) this.run();
  }

  backToLive(): void {
    this.player.pause();
    this.atEdge = this.model.live;
    this.view.backToLive();
    if (!this.model.live) this.seek(this.seconds);
  }

  setSpeed(speed: number): void {
    this.player.speed = speed;
  }

  setSkipSilence(wanted: boolean): void {
    this.player.skipSilence = this.skipSilence = wanted;
  }

  close(): void {
    cancelAnimationFrame(this.drawing);
    this.player.pause();
    for (const end of this.ends) end();
  }

  private run(): void {
    this.player.step();
    if (this.player.playing) {
      this.view.reveal(this.player.time);
      requestAnimationFrame(() => this.run());
    }
    this.time = this.player.time;
    this.playing = this.player.playing;
  }

  private schedule(changed: { told?: boolean; sight?: boolean }): void {
    Object.assign(this.changed, changed);
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      this.renew();
    });
  }

  private renew(): void {
    const { model, view, player, changed } = this;
    this.changed = {};
    const seconds = model.seconds;
    if (!model.live && view.live) view.stop();
    view.grow(seconds);
    player.seconds = seconds;
    if (this.atEdge && model.live) player.seek(seconds);
    this.conversation = model.conversation();
    player.silences = this.conversation.silences;
    this.seconds = seconds;
    this.live = model.live;
    this.following = view.following && this.atEdge;
    this.time = player.time;
    this.playing = player.playing;
    this.speed = player.speed;
    if (changed.told) this.told += 1;
    if (changed.told || changed.sight) this.sight += 1;
  }
}
