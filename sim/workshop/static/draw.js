// Pictures as SVG, each with a title, a description and its figures in a table beside it. Colours come from style.css by class;
// nothing is told by colour alone: what people think they give is a ring, what others say they get is a disc.

import { h, number, t } from "./live.js";

export const round = (value) => Math.round(value * 10) / 10;
const WIDTH = 0.56; // of a letter, as a share of the type's size

/** Break a text into at most so many lines of a width; what does not fit ends in an ellipsis. */
export const lines = (text, width, size, most = 2) => {
	const room = Math.max(3, Math.floor(width / (size * WIDTH)));
	const rows = [];
	let rest = String(text).trim();
	while (rest && rows.length < most) {
		if (rest.length <= room) {
			rows.push(rest);
			return rows;
		}
		const last = rows.length === most - 1;
		const space = rest.lastIndexOf(" ", room);
		const cut = !last && space > room / 3 ? space : room - 1;
		rows.push(last ? `${rest.slice(0, room - 1).trimEnd()}…` : rest.slice(0, cut) + (cut === space ? "" : "-"));
		rest = rest.slice(cut).trimStart();
	}
	return rows;
};

/** A label whose lines stand around y. */
export const label = (text, x, y, { size = 14, width = 200, anchor = "start", most = 2, cls = "" } = {}) => {
	const rows = lines(text, width, size, most);
	const up = ((rows.length - 1) * size * 1.15) / 2;
	return h(
		"text",
		{ x: round(x), y: round(y - up + size * 0.35), "font-size": size, "text-anchor": anchor, class: cls },
		rows.length < 2 && rows[0] === text
			? text
			: [
					h("title", null, text),
					rows.map((row, place) => h("tspan", { x: round(x), dy: place ? round(size * 1.15) : 0 }, row)),
				],
	);
};

/** A table of rows; the first column heads each row. */
export const table = (caption, head, rows, testid) =>
	h(
		"div",
		{ class: "wide", tabindex: 0, role: "region", "aria-label": caption },
		h(
			"table",
			{ "data-testid": testid },
			h("caption", null, caption),
			h(
				"thead",
				null,
				h(
					"tr",
					null,
					head.map((one) => h("th", { scope: "col" }, one)),
				),
			),
			h(
				"tbody",
				null,
				rows.map((row) =>
					h(
						"tr",
						null,
						row.map((cell, place) => (place ? h("td", null, cell) : h("th", { scope: "row" }, cell))),
					),
				),
			),
		),
	);

/** A picture with its table. */
export const figure = ({ id, title, told, wide, high, head, rows, note, tall }, ...marks) =>
	h(
		"figure",
		{ key: id, id: `figure-${id}`, "data-testid": `figure-${id}`, class: tall ? "tall" : null },
		h(
			"svg",
			{
				viewBox: `0 0 ${wide} ${round(high)}`,
				role: "img",
				"aria-labelledby": `${id}-title ${id}-told`,
				preserveAspectRatio: "xMinYMin meet",
			},
			h("title", { id: `${id}-title` }, title),
			h("desc", { id: `${id}-told` }, told ?? title),
			marks,
		),
		note && h("figcaption", null, note),
		rows &&
			h("details", { class: "figures" }, h("summary", null, t("c.table")), table(title, head, rows, `table-${id}`)),
	);

/** A scale from a domain to pixels. */
export const scale = (from, to, start, end) => (value) =>
	round(start + ((value - from) / (to - from || 1)) * (end - start));

/** Round steps that cover a range in about so many parts. */
export const ticks = (low, high, parts = 4) => {
	const raw = (high - low || 1) / parts;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw * 0.999);
	const found = [];
	for (let one = Math.ceil(low / step - 1e-9) * step; one <= high + step * 1e-6; one += step)
		found.push(Math.abs(one) < step / 1e6 ? 0 : Number(one.toPrecision(12)));
	return found;
};

export const ring = (x, y, r, key) => h("circle", { key, class: "ring", cx: x, cy: y, r });
export const disc = (x, y, r, key) => h("circle", { key, class: "disc", cx: x, cy: y, r });

/**
 * Two values by row on one scale. Rows: {label, detail, given, received, spread, hidden, heading}; given and received are numbers or
 * null, hidden says why nothing is shown. The keys above say which mark is which.
 */
export const dumbbell = ({
	id,
	title,
	told,
	rows,
	low = 1,
	high = 5,
	wide = 760,
	size = 15,
	ends,
	note,
	words,
	testHead,
}) => {
	const narrow = wide < 500;
	const noted = !narrow && rows.some((one) => one.detail);
	const left = narrow ? 8 : Math.min(wide * 0.3, size * 17),
		right = wide - size * (narrow ? 3.6 : noted ? 17.5 : 5);
	const x = scale(low, high, left + size, right - size);
	const step = size * (narrow ? 3.7 : 2.15),
		top = size * 3.6;
	let y = top - step * 0.35;
	const marks = [];
	for (const [place, row] of rows.entries()) {
		const part = [];
		if (row.heading) {
			y += step * 1.05;
			marks.push(
				h(
					"g",
					{ key: `h-${row.heading}` },
					label(row.heading, narrow ? 8 : 0, y + size * 0.35, { size: size * 0.9, width: wide, most: 1, cls: "head" }),
				),
			);
			continue;
		}
		y += step;
		const at = narrow ? y + size * 0.55 : y;
		if (place && !rows[place - 1].heading && !narrow)
			part.push(h("line", { class: "rule", x1: 0, x2: wide, y1: round(y - step / 2), y2: round(y - step / 2) }));
		part.push(
			label(row.label, narrow ? 8 : 0, narrow ? y - size * 0.75 : y, {
				size: narrow ? size * 0.95 : size,
				width: narrow ? wide * 0.62 : left - size * 0.5,
				most: 1,
			}),
		);
		if (row.detail)
			part.push(
				label(row.detail, narrow ? wide - 2 : right + size * 0.4, narrow ? y - size * 0.75 : y, {
					size: size * 0.78,
					width: narrow ? wide * 0.38 : size * 14,
					most: 1,
					anchor: narrow ? "end" : "start",
					cls: "quiet",
				}),
			);
		if (row.hidden)
			part.push(label(row.hidden, left + size, at, { size: size * 0.85, width: right - left, cls: "quiet" }));
		else {
			part.push(h("line", { class: "rail", x1: x(low), x2: x(high), y1: at, y2: at }));
			if (row.received != null && row.spread)
				part.push(
					h("line", {
						class: "spread",
						x1: x(Math.max(low, row.received - row.spread)),
						x2: x(Math.min(high, row.received + row.spread)),
						y1: at,
						y2: at,
						"stroke-width": size * 0.55,
					}),
				);
			if (row.given != null && row.received != null)
				part.push(h("line", { class: "bar", x1: x(row.given), x2: x(row.received), y1: at, y2: at }));
			if (row.received != null) part.push(disc(x(row.received), at, size * 0.48, "disc"));
			if (row.given != null) part.push(ring(x(row.given), at, size * 0.48, "ring"));
			const gap = gapOf(row);
			if (gap != null)
				part.push(
					h(
						"text",
						{
							x: wide - 2,
							y: at + size * 0.35,
							"font-size": size * 1.1,
							"text-anchor": "end",
							class: gap <= -0.5 ? "strong signal" : "strong",
						},
						number(gap, 1, true),
					),
				);
		}
		marks.push(h("g", { key: `${row.heading ?? ""}${place}-${row.label}` }, part));
	}
	const bottom = y + step * 0.62;
	const axis = [];
	for (let one = low; one <= high; one += 1) {
		axis.push(h("line", { class: "grid", x1: x(one), x2: x(one), y1: top - size * 0.4, y2: bottom }));
		axis.push(
			h(
				"text",
				{ class: "quiet", x: x(one), y: bottom + size * 1.1, "font-size": size * 0.85, "text-anchor": "middle" },
				number(one),
			),
		);
	}
	const half = narrow ? wide / 2 : Math.min(size * 20, (wide - left) / 2);
	const legend = [
		ring((narrow ? 8 : left) + size * 0.6, size * 1.1, size * 0.45),
		label(words.given, (narrow ? 8 : left) + size * 1.5, size * 1.1, {
			size: size * 0.85,
			width: half - size * 2,
			most: 2,
		}),
		disc((narrow ? 8 : left) + half + size * 0.6, size * 1.1, size * 0.45),
		label(words.received, (narrow ? 8 : left) + half + size * 1.5, size * 1.1, {
			size: size * 0.85,
			width: half - size * 2,
			most: 2,
		}),
	];
	if (ends)
		axis.push(
			h("text", { class: "quiet", x: x(low) - size * 0.6, y: bottom + size * 2.3, "font-size": size * 0.78 }, ends[0]),
			h(
				"text",
				{
					class: "quiet",
					x: x(high) + size * 0.6,
					y: bottom + size * 2.3,
					"font-size": size * 0.78,
					"text-anchor": "end",
				},
				ends[1],
			),
		);
	return figure(
		{
			id,
			title,
			told,
			wide,
			high: bottom + size * (ends ? 2.8 : 1.7),
			note,
			head: testHead ?? [t("c.pair"), words.given, words.received, t("c.gap"), t("c.spread")],
			rows: rows
				.filter((row) => !row.heading)
				.map((row) =>
					row.hidden
						? [row.label, row.hidden, "", "", ""]
						: [
								row.label,
								withCount(row.given, row.givenN),
								withCount(row.received, row.receivedN),
								number(gapOf(row), 1, true),
								row.spread == null ? "–" : number(row.spread, 1),
							],
				),
		},
		axis,
		legend,
		marks,
	);
};
/** What others get less what is thought to be given: below 0, less arrives than people think. */
export const gapOf = (row) => (row.given != null && row.received != null ? row.received - row.given : null);
const withCount = (value, n) => (value == null ? "–" : n == null ? number(value, 1) : `${number(value, 1)} (n = ${n})`);

/** Two curves over days, the band of the second, and when the change was first felt. */
export const curves = ({ id, title, told, curve, lag, wide = 760, high = 380, size = 15, words, note }) => {
	const drawn = curve.day
		.map((day, place) => ({
			day,
			before: curve.before[place],
			after: curve.after[place],
			low: curve.low[place],
			high: curve.high[place],
		}))
		.filter((one) => one.before != null && one.after != null);
	if (!drawn.length) return null;
	const values = drawn.flatMap((one) => [one.before, one.after, one.low ?? one.after, one.high ?? one.after]);
	let bottom = Math.min(...values),
		top = Math.max(...values);
	const air = Math.max(1, (top - bottom) * 0.12);
	[bottom, top] = [Math.max(0, bottom - air), Math.min(100, top + air)];
	const whole = ticks(bottom, top, 4).every(Number.isInteger);
	const left = size * 3,
		right = wide - size * (wide < 500 ? 1 : 8),
		base = high - size * 3,
		head = size * 2.4;
	const x = scale(0, drawn.at(-1).day, left, right),
		y = scale(bottom, top, base, head);
	const path = (name) => drawn.map((one, place) => `${place ? "L" : "M"}${x(one.day)} ${y(one[name])}`).join("");
	const banded = drawn.filter((one) => one.low != null && one.high != null);
	const band = banded.length
		? `${banded.map((one, place) => `${place ? "L" : "M"}${x(one.day)} ${y(one.high)}`).join("")}${banded
				.reverse()
				.map((one) => `L${x(one.day)} ${y(one.low)}`)
				.join("")}Z`
		: "";
	const end = drawn.at(-1);
	const apart = y(end.before) - y(end.after);
	const push = Math.abs(apart) < size * 2.6 ? ((apart < 0 ? -1 : 1) * (size * 2.6 - Math.abs(apart))) / 2 : 0;
	const named = (word, value, cls, shift) =>
		wide < 500
			? null
			: h(
					"g",
					{ class: cls },
					label(word, right + size * 0.7, y(value) + shift - size * 0.5, {
						size: size * 0.85,
						width: size * 7.2,
						most: 1,
					}),
					h(
						"text",
						{ x: right + size * 0.7, y: y(value) + shift + size * 0.95, "font-size": size * 1.05, class: "strong" },
						number(value, 1),
					),
				);
	const key = (word, cls, place) =>
		h(
			"g",
			null,
			h("line", { class: cls, x1: left + place, x2: left + place + size * 2, y1: size * 0.8, y2: size * 0.8 }),
			label(word, left + place + size * 2.5, size * 0.8, { size: size * 0.85, width: wide / 2 - size * 4, most: 1 }),
		);
	return figure(
		{
			id,
			title,
			told,
			wide,
			high,
			note,
			head: [t("c.day"), words.before, words.after, t("c.interval")],
			rows: drawn
				.filter((one, place) => place % Math.ceil(drawn.length / 16) === 0 || one === end)
				.map((one) => [
					number(one.day),
					number(one.before, 1),
					number(one.after, 1),
					`${number(one.low, 1)} – ${number(one.high, 1)}`,
				]),
		},
		ticks(bottom, top, 4).map((one) =>
			h(
				"g",
				{ key: `y${one}` },
				h("line", { class: "grid", x1: left, x2: right, y1: y(one), y2: y(one) }),
				h(
					"text",
					{
						class: "quiet",
						x: left - size * 0.5,
						y: y(one) + size * 0.3,
						"font-size": size * 0.85,
						"text-anchor": "end",
					},
					number(one, whole ? 0 : 1),
				),
			),
		),
		ticks(0, end.day, wide < 500 ? 3 : 5).map((one) =>
			h(
				"text",
				{
					key: `x${one}`,
					class: "quiet",
					x: x(one),
					y: base + size * 1.3,
					"font-size": size * 0.85,
					"text-anchor": "middle",
				},
				number(one),
			),
		),
		h(
			"text",
			{ class: "quiet", x: right, y: base + size * 2.6, "font-size": size * 0.85, "text-anchor": "end" },
			words.axis,
		),
		band && h("path", { key: "band", class: "band", d: band }),
		lag &&
			lag[0] != null &&
			lag[0] < end.day &&
			h(
				"g",
				{ key: "lag" },
				lag[1] != null &&
					lag[2] != null &&
					h("rect", {
						class: "lag-range",
						x: x(Math.max(0, lag[1])),
						y: base - size * 0.35,
						width: Math.max(0, x(Math.min(end.day, lag[2])) - x(Math.max(0, lag[1]))),
						height: size * 0.35,
					}),
				h("line", { class: "lag", x1: x(lag[0]), x2: x(lag[0]), y1: head, y2: base }),
				label(words.lag, x(lag[0]) + (x(lag[0]) > wide * 0.6 ? -size * 0.5 : size * 0.5), head + size * 0.2, {
					size: size * 0.85,
					width: wide * 0.4,
					most: 2,
					anchor: x(lag[0]) > wide * 0.6 ? "end" : "start",
					cls: "quiet",
				}),
			),
		h("path", { key: "before", class: "before", d: path("before") }),
		h("path", { key: "after", class: "after", d: path("after") }),
		h("g", { key: "legend" }, key(words.before, "before", 0), key(words.after, "after", wide / 2 - size * 2)),
		named(words.before, end.before, "named", push),
		named(words.after, end.after, "named accent", -push),
	);
};
