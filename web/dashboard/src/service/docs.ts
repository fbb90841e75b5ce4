// SPDX-License-Identifier: GPL-2.0-only
// docs.ts - what the reference can do beyond being read: filter, copy, dark and light
//
// The page is whole without it (docs.mjs makes it).

import "./docs.css";
import { h, text } from "../base/dom.ts";
import { onTheme, startTheme, theme, toggleTheme } from "../base/theme.ts";

const nothing = document.querySelector<HTMLElement>(".nothing")!;
const search = h("input", { type: "search", placeholder: "Filter (/)", "aria-label": "Filter calls", input: () => filter() });
const themeButton = h("button", { type: "button", class: "button icon", "data-action": "theme", click: () => toggleTheme() });

function showTheme(): void {
	const to = theme() === "dark" ? "light" : "dark";
	themeButton.setAttribute("aria-label", `Switch to the ${to} theme`);
	themeButton.title = `Switch to the ${to} theme (t)`;
	text(themeButton, to === "light" ? "☀" : "☾");
}

/* A call stays when every word is somewhere in it */
function filter(): void {
	const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
	let left = 0;
	for (const group of document.querySelectorAll<HTMLElement>(".calls")) {
		let inside = 0;
		for (const call of group.querySelectorAll<HTMLElement>(".call")) {
			const said = call.textContent!.toLowerCase();
			call.hidden = !words.every((word) => said.includes(word));
			document.querySelector<HTMLElement>(`[data-call="${call.id}"]`)!.hidden = call.hidden;
			inside += call.hidden ? 0 : 1;
		}
		group.hidden = !inside;
		left += inside;
	}
	for (const group of document.querySelectorAll<HTMLElement>(".contents > li"))
		group.hidden = !group.querySelector("li:not([hidden])");
	nothing.hidden = !!left;
}

function copyButton(pre: HTMLElement): HTMLElement {
	const button = h("button", {
		type: "button", class: "button", "aria-label": "Copy the example",
		click: () => {
			navigator.clipboard.writeText(pre.textContent!).then(() => text(button, "Copied"), () => text(button, "Not allowed"));
			setTimeout(() => text(button, "Copy"), 1500);
		},
	}, "Copy");
	return button;
}

function mark(): void {
	const id = location.hash.slice(1);
	for (const item of document.querySelectorAll("[data-call]"))
		item.toggleAttribute("data-current", item.getAttribute("data-call") === id);
}

document.addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey)
		return;
	if (event.target === search) {
		if (event.key === "Escape") {
			search.value = "";
			filter();
			search.blur();
		}
		return;
	}
	if (event.key === "/")
		search.focus();
	else if (event.key === "t")
		toggleTheme();
	else
		return;
	event.preventDefault();
});
addEventListener("hashchange", mark);

startTheme();
onTheme(showTheme);
showTheme();
document.querySelector(".top .push")!.after(search);
document.querySelector(".top")!.append(themeButton);
for (const pre of document.querySelectorAll<HTMLElement>(".curl pre"))
	pre.after(copyButton(pre));
/* A phone has no room for the list beside the calls */
if (matchMedia("(max-width: 860px)").matches)
	document.querySelector<HTMLDetailsElement>(".side details")!.open = false;
mark();
if (location.hash)
	document.getElementById(location.hash.slice(1))?.scrollIntoView();
