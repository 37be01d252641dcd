// The keys of the picture of a call, the same wherever it is shown.
import type { Shortcut } from "../keys.svelte";
import { SPEEDS } from "./player";
import type { Scene } from "./scene.svelte";

const STEP = 2, LEAP = 10; // seconds

export function sceneKeys(scene: Scene): Shortcut[] {
  const speed = (by: number) => {
    const at = SPEEDS.indexOf(scene.speed) + by;
    if (SPEEDS[at] !== undefined) scene.setSpeed(SPEEDS[at]);
  };
  const zoom = (factor: number) => scene.view.zoom(factor, scene.time);
  return [
    { key: " ", does: "call.key.play", run: () => void scene.toggle() },
    { key: "ArrowLeft", does: "call.key.step", run: (event) => scene.step(event.shiftKey ? -LEAP : -STEP) },
    { key: "ArrowRight", does: "call.key.step", run: (event) => scene.step(event.shiftKey ? LEAP : STEP) },
    { key: "Home", does: "call.key.start", run: () => scene.show(0) },
    { key: "End", does: "call.key.live", run: () => scene.backToLive() },
    { key: "+", does: "call.key.zoom", run: () => zoom(1.6) },
    { key: "=", does: "call.key.zoom", run: () => zoom(1.6) },
    { key: "-", does: "call.key.zoom", run: () => zoom(1 / 1.6) },
    { key: "0", does: "call.zoom.whole", run: () => scene.view.show(0, scene.seconds) },
    { key: "]", does: "call.key.speed", run: () => speed(1) },
    { key: "[", does: "call.key.speed", run: () => speed(-1) },
    { key: "s", does: "call.skipsilence", run: () => scene.setSkipSilence(!scene.skipSilence) },
    { key: "n", does: "call.key.alert", run: () => jump(scene, 1) },
    { key: "p", does: "call.key.alert", run: () => jump(scene, -1) },
  ];
}

/** To the next alert after the chosen one, or the one before; round the end. */
export function jump(scene: Scene, by: 1 | -1): void {
  const alerts = scene.model.findings.sortedAlerts();
  if (!alerts.length) return;
  const at = alerts.findIndex((alert) => alert.id === scene.chosen?.id);
  const next = at < 0 ? (by > 0 ? 0 : alerts.length - 1) : (at + by + alerts.length) % alerts.length;
  const alert = alerts[next]!;
  scene.chosen = { kind: "alert", id: alert.id };
  scene.show(alert.time);
}
