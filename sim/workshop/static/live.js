// Words, a small patcher of the page, the stream of states, and answers that wait until the laptop can be reached.

export const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
export const setup = document.body.dataset;
const words = embedded("messages");
const language = setup.language === "de" ? "de" : "en";

// --- words and numbers -------------------------------------------------------------------------------------------

const format = (digits, extra) =>
	new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits, ...extra });
const formats = {};
export const number = (value, digits = 0, signed = false) => {
	if (value == null || !Number.isFinite(value)) return "–";
	const key = `${digits}${signed}`;
	formats[key] ??= format(digits, signed ? { signDisplay: "exceptZero" } : {});
	return formats[key].format(value).replace("-", "−");
};
export const percent = (share) => (share == null ? "–" : `${number(100 * share)}\u00a0%`);

export const known = (key) => key in words;
export const t = (key, values = {}) => {
	const text = (values.n === 1 && words[`${key}.one`]) || words[key] || key;
	return text.replace(/\{(\w+)\}/g, (all, name) => {
		if (!(name in values)) return all;
		return typeof values[name] === "number"
			? number(values[name], Number.isInteger(values[name]) ? 0 : 1)
			: values[name];
	});
};

// --- the page as a function of the state ----------------------------------------------------------------------------
// h() describes an element, patch() makes the page match. What stays is left alone, so focus and typing survive; text only
// ever becomes a text node.

export const h = (tag, props, ...kids) => ({
	tag,
	props: props ?? {},
	kids: kids.flat(Infinity).filter((kid) => kid != null && kid !== false && kid !== ""),
});

const SVG = "http://www.w3.org/2000/svg";
const LIVE = new Set(["value", "checked", "disabled", "selected", "hidden", "required", "readOnly", "indeterminate"]);

// Marks that turn a line around, as a file from elsewhere may hold them in a name, are shown instead of obeyed.
const plain = (text) => String(text).replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

const make = (node, space) => {
	if (typeof node !== "object") return document.createTextNode(plain(node));
	const within = node.tag === "svg" ? SVG : space;
	const element = within ? document.createElementNS(within, node.tag) : document.createElement(node.tag);
	element.now = {};
	update(element, node, within);
	return element;
};

const update = (element, node, space) => {
	const { props } = node;
	element.now ??= {}; // an element that came with the page
	const type = props.type; // before value: a range forgets a value that it got as text
	if (type && element.now.type !== type) element.setAttribute("type", type);
	for (const name in element.now) if (!(name in props)) set(element, name, null);
	for (const name in props) if (name !== "key" && name !== "value" && name !== "type") set(element, name, props[name]);
	children(element, node.kids, space);
	if ("value" in props) set(element, "value", props.value); // after min, max, step and a select's options
	element.now = props;
};

const typing = (element) =>
	element === document.activeElement &&
	(element.tagName === "TEXTAREA" ||
		(element.tagName === "INPUT" && !["radio", "checkbox", "range"].includes(element.type)));

const set = (element, name, value) => {
	if (name.startsWith("on")) element[name] = value;
	else if (LIVE.has(name)) {
		if ((name === "value" && (typing(element) || element.dragged)) || element.held) return;
		const wanted = name === "value" ? String(value ?? "") : Boolean(value);
		if (element[name] !== wanted) element[name] = wanted;
	} else if (name === "css") {
		for (const key in value ?? {}) element.style.setProperty(key, value[key]);
	} else if (name === "open") {
		if (element.now.open !== value) element.open = Boolean(value);
	} else if (element.now[name] !== value) {
		if (value == null || value === false) element.removeAttribute(name);
		else element.setAttribute(name, value === true ? "" : value);
	}
};

const children = (parent, kids, space) => {
	const old = [...parent.childNodes];
	const keyed = new Map(old.filter((one) => one.key != null).map((one) => [one.key, one]));
	const loose = old.filter((one) => one.key == null);
	const chosen = kids.map((kid) => {
		const key = kid.props?.key;
		let found = key != null ? keyed.get(key) : null;
		if (key != null) keyed.delete(key);
		else {
			const place = loose.findIndex((one) =>
				typeof kid === "object" ? one.localName === kid.tag : one.nodeType === 3,
			);
			if (place >= 0) [found] = loose.splice(place, 1);
		}
		return found && (typeof kid !== "object" || found.localName === kid.tag) ? found : null;
	});
	const kept = new Set(chosen);
	for (const one of old) if (!kept.has(one)) one.remove();
	kids.forEach((kid, place) => {
		let element = chosen[place];
		if (!element) {
			element = make(kid, space);
			if (kid.props?.key != null) element.key = kid.props.key;
		} else if (typeof kid === "object") update(element, kid, kid.tag === "svg" ? SVG : space);
		else if (element.data !== plain(kid)) element.data = plain(kid);
		if (parent.childNodes[place] !== element) parent.insertBefore(element, parent.childNodes[place] ?? null);
	});
};

export const patch = (element, ...kids) => {
	element.now ??= {};
	children(element, h("", null, ...kids).kids);
};

// --- the stream -----------------------------------------------------------------------------------------------------

/** Follow the states at this address. The newest counts; a connection that has gone quiet or broken is made anew. */
export const follow = (address, { onState, onLine }) => {
	let source, last, wait, again, slept;
	const open = () => {
		clearTimeout(again);
		source?.close();
		last = -1; // a server that came back may count from elsewhere: the first message of a connection always counts
		source = new EventSource(address);
		source.addEventListener("state", (event) => {
			const id = Number(event.lastEventId) || 0;
			if (id < last) return;
			last = id;
			wait = 0;
			onLine(true);
			onState(JSON.parse(event.data));
		});
		source.onerror = () => {
			source.close();
			onLine(false);
			clearTimeout(again);
			wait = Math.min(8000, (wait || 400) * 1.6);
			again = setTimeout(open, wait * (0.7 + 0.6 * Math.random()));
		};
	};
	document.addEventListener("visibilitychange", () => {
		if (document.visibilityState === "hidden") slept = Date.now();
		else if (source.readyState === 2 || Date.now() - slept > 15000) open(); // a phone that slept may hold a dead connection
	});
	window.addEventListener("offline", () => onLine(false));
	window.addEventListener("online", open);
	window.addEventListener("pageshow", (event) => event.persisted && open());
	window.addEventListener("pagehide", () => source.close());
	open();
};

// --- sending --------------------------------------------------------------------------------------------------------

/** Seconds by which the laptop's clock is ahead of this device's, from what it answered last. */
export const clock = { skew: 0 };
export const heard = (answer) => {
	const at = Date.parse(answer.headers.get("Date"));
	if (at) clock.skew = (at - Date.now()) / 1000;
};

/** POST once. Returns the answer; `{ok: false, offline: true}` where nobody answered. */
export const post = async (address, body) => {
	try {
		const answer = await fetch(address, {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify(body),
			credentials: "same-origin",
		});
		heard(answer);
		if (answer.status >= 500 || answer.status === 429) return { ok: false, offline: true }; // later it may be taken
		return await answer.json();
	} catch {
		return { ok: false, offline: true };
	}
};

/** What this browser remembers under a name; a browser that refuses to remember does so until the page is closed. */
export const remembered = (name, start) => {
	let value = start;
	try {
		value = JSON.parse(localStorage.getItem(name)) ?? start;
	} catch {}
	return {
		get: () => value,
		set: (next) => {
			value = next;
			try {
				if (next == null) localStorage.removeItem(name);
				else localStorage.setItem(name, JSON.stringify(next));
			} catch {}
		},
	};
};

/** Answers that are sent in order and kept until somebody took them; the newest under a key takes the older one's place. */
export const outbox = (name, { onAnswer, onChange }) => {
	const box = remembered(name, []);
	let busy = false,
		stuck = false,
		again;
	const flush = async () => {
		clearTimeout(again);
		if (busy) return;
		busy = true;
		while (box.get().length) {
			const next = box.get()[0];
			const answer = await post(next.address, next.body);
			stuck = Boolean(answer.offline);
			if (stuck) {
				onChange();
				again = setTimeout(flush, 2500);
				break;
			}
			box.set(box.get().filter((one) => one.stamp !== next.stamp));
			onAnswer(next, answer);
			onChange();
		}
		busy = false;
	};
	const send = (address, body, key) => {
		const stamp = `${Date.now()}-${Math.random()}`;
		box.set([...box.get().filter((one) => one.key !== key), { address, body, key, stamp }]);
		onChange();
		return flush();
	};
	return { send, flush, waiting: () => box.get(), stuck: () => stuck };
};

/** Call at most once in so many milliseconds, always with the newest value, never two at a time. */
export const paced = (call, pause = 60) => {
	let next,
		running = false;
	const run = async () => {
		running = true;
		while (next) {
			const wish = next;
			next = null;
			await Promise.all([call(...wish), new Promise((done) => setTimeout(done, pause))]);
		}
		running = false;
	};
	return (...wish) => {
		next = wish;
		if (!running) run();
	};
};

// --- small things that several pages share ----------------------------------------------------------------------------

export const button = (text, onclick, props) => h("button", { type: "button", onclick, ...props }, text);
export const hiddenText = (text) => h("span", { class: "unseen" }, text);

/** A group of radio buttons with a legend; choices are {value, text, spoken}. */
export const choice = (name, legend, choices, value, onpick, props = {}) =>
	h(
		"fieldset",
		{ key: props.key, class: `choice ${props.class ?? ""}` },
		h("legend", null, legend),
		h(
			"div",
			{ class: "options" },
			choices.map((one) =>
				h(
					"label",
					{ key: one.value, class: one.class },
					h("input", {
						type: "radio",
						name,
						value: one.value,
						checked: one.value === value,
						"aria-label": one.spoken,
						"data-testid": `${name}-${one.value}`,
						onchange: () => onpick(one.value),
					}),
					h("span", null, one.text),
				),
			),
			props.below,
		),
	);

export const DIMENSIONS = ["reliability", "responsiveness", "assurance", "empathy", "tangibles"];

const SHAPES = {
	yes: () => [h("circle", { cx: 12, cy: 12, r: 11 }), h("path", { class: "sign", d: "M6.8 12.6l3.6 3.6 7-8" })],
	no: () => [
		h("rect", { x: 1.5, y: 1.5, width: 21, height: 21, rx: 3 }),
		h("path", { class: "sign", d: "M7.5 7.5l9 9m0-9l-9 9" }),
	],
	close: () => [
		h("path", { d: "M12 .6L23.4 12 12 23.4.6 12z" }),
		h("path", { class: "sign", d: "M7 10.2h10M7 14.2h10" }),
	],
};
/** Yes is a disc with a tick, no a square with a cross, too close to call a diamond with two lines. */
export const sign = (answer, extra = "") =>
	h(
		"svg",
		{ class: `answer-sign ${answer} ${extra}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
		SHAPES[answer]?.() ?? SHAPES.close(),
	);

/** Minutes and seconds until a moment on the laptop's clock. */
export const left = (timer) => {
	const seconds = Math.max(0, Math.round(timer.ends - Date.now() / 1000 - clock.skew));
	return { seconds, text: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` };
};
