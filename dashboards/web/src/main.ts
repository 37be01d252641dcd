import { mount } from "svelte";
import "./app.css";
import App from "./App.svelte";

const page = document.getElementById("page")!;
page.replaceChildren(); // what was there to be seen first
mount(App, { target: page });
