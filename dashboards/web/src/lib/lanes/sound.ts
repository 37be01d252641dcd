// The kept sound of a call, brought to its player: fetched whole, since a token goes with a request and not with an address.
import { request } from "../api";
import { Mixer } from "./mixer";
import { SoundKeeper } from "./player";
import type { Scene } from "./scene.svelte";

export interface Sound {
  /** None where legs cannot be heard apart. */
  mixer: Mixer | null;
  close(): void;
}

/** Have the scene play these bytes; `legs` are their channels, none where that is not known. Rejects where the browser cannot. */
export function playBlob(scene: Scene, blob: Blob, legs: readonly string[]): Promise<Sound> {
  return playAddress(scene, URL.createObjectURL(blob), legs);
}

/** As `playBlob`, from an address. */
export async function playAddress(scene: Scene, address: string, legs: readonly string[]): Promise<Sound> {
  const audio = new Audio();
  audio.preload = "auto";
  await new Promise<void>((resolve, reject) => {
    audio.addEventListener("loadedmetadata", () => resolve(), { once: true });
    audio.addEventListener("error", () => reject(new Error(audio.error?.message || "?")), { once: true });
    audio.src = address;
  });
  const mixer = legs.length ? new Mixer(audio, legs) : null;
  scene.beforePlay = mixer && (() => mixer.connect());
  scene.player.use(new SoundKeeper(audio, () => scene.player.tell()));
  return {
    mixer,
    close: () => {
      audio.pause();
      mixer?.close();
      URL.revokeObjectURL(address);
    },
  };
}

/** Fetch what was kept of the legs of a call. */
export async function fetchSound(scene: Scene, call: string, legs: readonly string[]): Promise<Sound> {
  const answer = await request("GET", `/calls/${encodeURIComponent(call)}/sound`, { leg: legs.length > 1 ? "both" : legs[0]! });
  return playBlob(scene, await answer.blob(), legs);
}
