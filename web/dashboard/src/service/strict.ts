// SPDX-License-Identifier: GPL-2.0-only
// strict.ts - xterm.js under a policy without 'unsafe-inline'
//
// Theory of operation
// xterm.js puts style elements into the page and style attributes onto its letters. Our policy refuses
// both, as it should: they are how markup that got in somehow would dress up. What scripts do through
// the CSSOM is not refused. So the terminal gets a document of its own to make style elements with,
// which are sheets that the page adopts; and a script that sets a style attribute declares a style.
// Everything else is the page's own document.

function styleElement(): HTMLElement {
	const element = document.createElement("span");
	const sheet = new CSSStyleSheet();
	element.hidden = true;
	document.adoptedStyleSheets.push(sheet);
	Object.defineProperty(element, "textContent", { set: (css: string) => sheet.replaceSync(css), get: () => "" });
	element.remove = () => {
		document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
		Element.prototype.remove.call(element);
	};
	return element;
}

/* Of all elements, for the terminal makes its letters with the page's own document */
function declareStyles(): void {
	const setAttribute = Element.prototype.setAttribute;
	Element.prototype.setAttribute = function (name: string, value: string): void {
		if (name === "style" && this instanceof HTMLElement)
			this.style.cssText = value;
		else
			setAttribute.call(this, name, value);
	};
}
let declares = false;

/** The page's document, but for how it makes style elements. */
export function strictDocument(): Document {
	if (!declares)
		declareStyles();
	declares = true;
	return new Proxy(document, {
		get(target, name) {
			if (name === "createElement")
				return (tag: string) => tag === "style" ? styleElement() : document.createElement(tag);
			const value: unknown = Reflect.get(target, name, target);
			return typeof value === "function" ? (value as () => unknown).bind(target) : value;
		},
		set: (target, name, value) => Reflect.set(target, name, value, target),
	});
}
