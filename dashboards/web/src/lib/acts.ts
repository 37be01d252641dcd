// What a person does about alerts and moments of calls. Who acts is whom the service knows by the token, or else who said a name.
import { post, remove } from "./api";
import { session } from "./session.svelte";

const by = (): Record<string, string> => (session.me.name === null && session.name ? { by: session.name } : {});
const alert = (id: string, act: string) => `/alerts/${encodeURIComponent(id)}/${act}`;
const notes = (call: string) => `/calls/${encodeURIComponent(call)}/notes`;

/** Whether the service would know who acts. */
export const named = (): boolean => session.name !== "";

export const acknowledge = (id: string, note = ""): Promise<unknown> => post(alert(id, "acknowledge"), { note, ...by() });
export const assign = (id: string, to: string): Promise<unknown> => post(alert(id, "assign"), { to, ...by() });
export const snooze = (id: string, seconds: number, reason: string): Promise<unknown> => post(alert(id, "snooze"), { seconds, reason, ...by() });
export const judge = (id: string, right: boolean, reason = ""): Promise<unknown> => post(alert(id, "judge"), { right, reason, ...by() });
export const writeNote = <T>(call: string, time: number, leg: string | null, text: string, label: string): Promise<T> => post<T>(notes(call), { time, leg, text, label, ...by() });
export const eraseNote = (call: string, id: string): Promise<unknown> => remove(`${notes(call)}/${encodeURIComponent(id)}?${new URLSearchParams(by()).toString()}`);
