// The pages that `emotion-monitor evaluate --pages` writes: one file each, with this script, its style and its data in it.
import { mount } from "svelte";
import "../app.css";
import CallPage from "./CallPage.svelte";
import IndexPage from "./IndexPage.svelte";
import type { CallDocument, IndexDocument } from "./document";

const data = JSON.parse(document.getElementById("data")!.textContent!) as CallDocument | IndexDocument;
const target = document.getElementById("page")!;
if ("calls" in data) mount(IndexPage, { target, props: { data } });
else mount(CallPage, { target, props: { data, sound: document.getElementById("sound")!.textContent!.trim() } });
