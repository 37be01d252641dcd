// The kept sound of a call, brought to its player: fetched whole, since a token goes with a request and not with an address.
import { request } from "../../lib/api";
import { Mixer } from "../../lib/lanes/mixer";
import { SoundKeeper } from "../../lib/lanes/player";
import type { Scene } from "../../lib/lanes/scene.svelte";

export interface Sound {
  mixer: Mixer;
  close(): void;
}

/** Have the scene play these bytes; `legs` are its channels. Rejects where the browser cannot play them. */
export async function playBlob(scene: Scene, blob: Blob, legs: readonly string[]): Promise<Sound> {
  const audio = new Audio();
  const address = URL.createObjectURL(blob);
  audio.preload = "auto";
  await new Promise<void>((resolve, reject) => {
    audio.addEventListener("loadedmetadata", () => resolve(), { once: true });
    audio.addEventListener("error", () => reject(new Error(audio.error?.message || "?")), { once: true });
    audio.src = address;
  });
  const mixer = new Mixer(audio, legs);
  scene.beforePlay = () => mixer.connect();
  scene.player.use(new SoundKeeper(audio, () => scene.player.tell()));
  return {
    mixer,
    close: () => {
      audio.pause();
      mixer.close();
      URL.revokeObjectURL(address);
    },
  };
}

/** Fetch what was kept of the legs of a call. */
export async function fetchSound(scene: Scene, call: string, legs: readonly string[]): Promise<Sound> {
  const answer = await request("GET", `/calls/${encodeURIComponent(call)}/sound`, { leg: legs.length > 1 ? "both" : legs[0]! });
  return playBlob(scene, await answer.blob(), legs);
}
