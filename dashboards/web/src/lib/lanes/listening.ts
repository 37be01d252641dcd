// Listening in: the sound of a live call, legs left and right, a second behind at most. Nothing of it is kept.
import { subprotocols } from "../token";
import { RATE } from "./ring";
import worklet from "./listening.worklet.ts?worker&url";

export interface Heard {
  /** Legs in the order of the channels, once the server has said them. */
  begun(legs: readonly string[]): void;
  /** Seconds of sound that wait to be played. */
  behind(seconds: number): void;
  /** It is over; why, in the server's words, "" where it was asked for. */
  ended(reason: string): void;
}

const HEADER = 5; // bytes before the samples: leg, tick
const TICK_SAMPLES = RATE / 10;

export class Listening {
  private socket: WebSocket | null = null;
  private node: AudioWorkletNode | null = null;
  private context: AudioContext | null = null;
  private over = false;

  constructor(private readonly call: string, private readonly heard: Heard) {}

  /** Begin; to be called by a gesture, since browsers play nothing without one. */
  async start(): Promise<void> {
    const context = (this.context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" }));
    await context.audioWorklet.addModule(worklet);
    if (this.over) return;
    this.node = new AudioWorkletNode(context, "listening", { numberOfInputs: 0, outputChannelCount: [2] });
    this.node.port.onmessage = ({ data }: MessageEvent<{ behind: number }>) => this.heard.behind(data.behind);
    this.node.connect(context.destination);
    await context.resume();
    const url = new URL("/ws/v1/listen", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("call", this.call);
    const socket = (this.socket = new WebSocket(url, subprotocols()));
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.take(data as string | ArrayBuffer));
    socket.addEventListener("close", ({ reason }) => this.finish(reason));
  }

  /** Hear one leg alone on both ears, or all with null. */
  solo(leg: number | null): void {
    this.node?.port.postMessage({ alone: leg });
  }

  stop(): void {
    this.finish("");
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      const message = JSON.parse(data) as { type: string; legs?: string[]; reason?: string; message?: string };
      if (message.type === "listening") this.heard.begun(message.legs ?? []);
      if (message.type === "ended") this.finish(message.reason ?? "");
      if (message.type === "error") this.finish(message.message ?? "");
      return;
    }
    const view = new DataView(data);
    const samples = Float32Array.from(new Int16Array(data.slice(HEADER)), (value) => value / 32768);
    this.node?.port.postMessage({ leg: view.getUint8(0), first: view.getUint32(1, true) * TICK_SAMPLES, samples }, [samples.buffer]);
  }

  private finish(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.socket?.close();
    void this.context?.close();
    this.heard.ended(reason);
  }
}
