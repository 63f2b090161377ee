// Pictures for the laptop and the wall: would × should, the chain, bars with intervals, the room's guess beside the answer.

import { h, number, percent, t } from "./live.js";
import { disc, figure, label, lines, ring, round, scale, ticks } from "./draw.js";
import { answerWord, shareRange, signedRange } from "./say.js";

const between = (low, value, high) => Math.min(high, Math.max(low, value));

/**
 * Bars or points from a base line with 95 % intervals. Rows: {label, detail, value, low, high, mark, mild}; `points` draws a disc
 * in place of a bar, `middle` a line to compare with.
 */
export const bars = ({
	id,
	title,
	told,
	rows,
	low,
	high,
	wide = 760,
	size = 15,
	write,
	points,
	middle,
	head,
	axis,
	note,
	most = 14,
}) => {
	const drawn = rows.slice(0, most);
	const values = drawn
		.flatMap((one) => [one.value, one.low ?? one.value, one.high ?? one.value])
		.filter((one) => one != null);
	let from = low ?? Math.min(0, ...values),
		to = high ?? Math.max(0, ...values);
	if (from === to) to = from + 1;
	const left = wide * 0.33,
		right = wide - size * 5.2,
		step = size * 2.35;
	const x = scale(from, to, left, right);
	const top = size * (middle ? 1.6 : 0.5),
		bottom = top + drawn.length * step;
	return figure(
		{
			id,
			title,
			told,
			wide,
			high: bottom + size * (axis ? 3 : 1.8),
			note,
			head: head ?? [t("h.department"), t("h.value"), t("c.interval")],
			rows: rows.map((one) =>
				[
					one.label,
					one.value == null ? (one.detail ?? "–") : write(one.value),
					one.low == null ? "–" : `${write(one.low)} – ${write(one.high)}`,
				].slice(0, head?.length ?? 3),
			),
		},
		ticks(from, to, 4).map((one) =>
			h(
				"g",
				{ key: `t${one}` },
				h("line", { class: "grid", x1: x(one), x2: x(one), y1: top, y2: bottom }),
				h(
					"text",
					{ class: "quiet", x: x(one), y: bottom + size * 1.1, "font-size": size * 0.85, "text-anchor": "middle" },
					write(one),
				),
			),
		),
		axis &&
			label(axis, right, bottom + size * 2.35, {
				size: size * 0.85,
				width: wide,
				most: 1,
				anchor: "end",
				cls: "quiet",
			}),
		middle &&
			h(
				"g",
				{ key: "middle" },
				h("line", { class: "lag", x1: x(middle.at), x2: x(middle.at), y1: top - size * 0.2, y2: bottom }),
				label(middle.text, x(middle.at), top - size * 0.8, {
					size: size * 0.8,
					width: 260,
					most: 1,
					anchor: "middle",
					cls: "quiet",
				}),
			),
		drawn.map((one, place) => {
			const y = round(top + (place + 0.5) * step);
			const value = one.value == null ? null : between(from, one.value, to);
			return h(
				"g",
				{ key: one.label },
				label(one.label, 0, y, { size, width: left - size * 1.4, most: 1, cls: one.mark ? "strong" : "" }),
				value == null
					? label(one.detail ?? "–", left + size * 0.4, y, { size: size * 0.85, width: right - left, cls: "quiet" })
					: [
							!points &&
								h("rect", {
									class: one.mild ? "block mild" : "block",
									x: Math.min(x(0), x(value)),
									y: round(y - size * 0.5),
									width: Math.max(1.5, round(Math.abs(x(value) - x(Math.max(from, 0))))),
									height: size,
									rx: 2,
								}),
							one.low != null &&
								one.high != null && [
									h("line", {
										class: "whisker",
										x1: x(between(from, one.low, to)),
										x2: x(between(from, one.high, to)),
										y1: y,
										y2: y,
									}),
									[one.low, one.high].map((end) =>
										h("line", {
											class: "whisker",
											x1: x(between(from, end, to)),
											x2: x(between(from, end, to)),
											y1: y - size * 0.3,
											y2: y + size * 0.3,
										}),
									),
								],
							points && disc(x(value), y, size * 0.42),
							h(
								"text",
								{ class: "strong", x: wide - 2, y: y + size * 0.36, "font-size": size, "text-anchor": "end" },
								one.text ?? write(one.value),
							),
							one.mark &&
								h(
									"text",
									{
										class: "accent-text",
										x: left - size * 1.1,
										y: y + size * 0.36,
										"font-size": size,
										"aria-hidden": "true",
									},
									"◆",
								),
						],
			);
		}),
	);
};

/** Would they against should they, every department a numbered point, the one in focus with both intervals. */
export const square = ({ id, verdicts, focus, wide = 760, size = 14 }) => {
	const placed = verdicts
		.filter((one) => one.would?.share?.[0] != null)
		.map((one, place) => ({
			name: one.department,
			place: place + 1,
			would: one.would,
			should: one.should,
			focus: one.department === focus,
			across: one.would.share,
			up:
				one.should?.external?.[0] == null
					? null
					: [
							-one.should.external[0],
							one.should.external[2] == null ? null : -one.should.external[2],
							one.should.external[1] == null ? null : -one.should.external[1],
						],
		}));
	const reach =
		Math.max(2, ...placed.flatMap((one) => (one.up ?? []).filter((value) => value != null).map(Math.abs))) * 1.08;
	const left = size * 3.6,
		right = wide * 0.6,
		top = size * 1.2,
		base = top + Math.min(right - left, 420),
		waiting = placed.some((one) => !one.up);
	const x = scale(0, 1, left, right),
		y = scale(-reach, reach, base, top);
	const strip = base + size * 3.9;
	const corner = (key, cx, cy, anchor) =>
		label(t(`h.square.${key}`), cx, cy, {
			size: size * 0.92,
			width: (right - left) / 2 - size * 1.2,
			most: 2,
			anchor,
			cls: "corner",
		});
	const list = Math.max(size * 1.75, Math.min(size * 2.4, (base - top) / Math.max(1, placed.length)));
	const small = list < size * 2;
	const point = (one, cx, cy) =>
		h(
			"g",
			{ key: one.name, class: `point ${one.would.answer}${one.focus ? " focus" : ""}` },
			one.would.answer === "yes"
				? h("circle", { cx, cy, r: size * (one.focus ? 0.95 : 0.78) })
				: one.would.answer === "no"
					? h("rect", {
							x: round(cx - size * 0.72),
							y: round(cy - size * 0.72),
							width: round(size * 1.44),
							height: round(size * 1.44),
							rx: 2,
						})
					: h("path", {
							d: `M${cx} ${round(cy - size)}L${round(cx + size)} ${cy}L${cx} ${round(cy + size)}L${round(cx - size)} ${cy}Z`,
						}),
			h(
				"text",
				{ x: cx, y: round(cy + size * 0.3), "font-size": round(size * 0.82), "text-anchor": "middle" },
				one.place,
			),
			h("title", null, one.name),
		);
	const high = Math.max(strip + (waiting ? size * 2.2 : -size * 1.2), top + list * placed.length + size);
	return figure(
		{
			id,
			title: t("h.square.title"),
			told: t("h.square.told"),
			wide,
			high,
			head: [t("h.department"), t("h.would"), t("h.share.stay"), t("h.should"), t("h.square.if")],
			rows: placed.map((one) => [
				one.name,
				answerWord(one.would.answer),
				shareRange(one.would.share),
				one.should ? answerWord(one.should.answer) : t("h.pending"),
				one.should ? signedRange(one.should.external) : "–",
			]),
		},
		h(
			"g",
			{ key: "field" },
			h("rect", { class: "field-good", x: x(0.5), y: top, width: round(right - x(0.5)), height: round(y(0) - top) }),
			h("rect", { class: "frame", x: left, y: top, width: right - left, height: base - top }),
			h("line", { class: "lag", x1: x(0.5), x2: x(0.5), y1: top, y2: base }),
			h("line", { class: "lag", x1: left, x2: right, y1: y(0), y2: y(0) }),
			corner("repair", left + size * 0.6, top + size * 1.3, "start"),
			corner("keep", right - size * 0.6, top + size * 1.3, "end"),
			corner("replace", left + size * 0.6, base - size * 1.3, "start"),
			corner("habit", right - size * 0.6, base - size * 1.3, "end"),
			[0, 0.5, 1].map((one) =>
				h(
					"text",
					{ class: "quiet", x: x(one), y: base + size * 1.2, "font-size": size * 0.85, "text-anchor": "middle" },
					percent(one),
				),
			),
			label(t("h.square.across"), (left + right) / 2, base + size * 2.4, {
				size: size * 0.9,
				width: right - left + size * 3,
				most: 1,
				anchor: "middle",
			}),
			ticks(-reach, reach, 4).map((one) =>
				h(
					"text",
					{
						class: "quiet",
						x: left - size * 0.5,
						y: y(one) + size * 0.3,
						"font-size": size * 0.85,
						"text-anchor": "end",
					},
					number(one, Number.isInteger(one) ? 0 : 1, true),
				),
			),
			h(
				"g",
				{ transform: `translate(${size * 0.7} ${(top + base) / 2}) rotate(-90)` },
				label(t("h.square.up"), 0, 0, { size: size * 0.9, width: base - top, most: 1, anchor: "middle" }),
			),
		),
		placed
			.filter((one) => one.focus && one.up)
			.map((one) =>
				h(
					"g",
					{ key: "cross", class: "cross" },
					one.across[1] != null &&
						h("line", {
							class: "whisker",
							x1: x(one.across[1]),
							x2: x(one.across[2]),
							y1: y(one.up[0]),
							y2: y(one.up[0]),
						}),
					one.up[1] != null &&
						h("line", {
							class: "whisker",
							x1: x(one.across[0]),
							x2: x(one.across[0]),
							y1: y(one.up[1]),
							y2: y(one.up[2]),
						}),
				),
			),
		waiting &&
			h(
				"g",
				{ key: "waiting" },
				label(t("h.square.waiting"), left, strip - size * 0.4, {
					size: size * 0.82,
					width: right - left,
					most: 1,
					cls: "quiet",
				}),
				h("line", { class: "rail", x1: left, x2: right, y1: strip + size, y2: strip + size }),
			),
		[...placed]
			.sort((a, b) => a.focus - b.focus)
			.map((one) => point(one, x(one.across[0]), one.up ? y(one.up[0]) : round(strip + size))),
		placed.map((one, place) => {
			const cy = round(top + list * (place + 0.5));
			return h(
				"g",
				{ key: `list-${one.name}` },
				point({ ...one, focus: false, name: `key-${one.name}` }, round(right + size * 2.4), cy),
				label(one.name, right + size * 4, cy - (small ? 0 : size * 0.42), {
					size: size * (small ? 0.86 : 0.95),
					width: wide - right - size * 4 - (small ? size * 3.4 : 0),
					most: 1,
					cls: one.focus ? "strong" : "",
				}),
				small
					? h(
							"text",
							{ class: "quiet", x: wide, y: cy + size * 0.3, "font-size": size * 0.84, "text-anchor": "end" },
							percent(one.across[0]),
						)
					: label(`${answerWord(one.would.answer)} · ${percent(one.across[0])}`, right + size * 4, cy + size * 0.6, {
							size: size * 0.8,
							width: wide - right - size * 4,
							most: 1,
							cls: "quiet",
						}),
			);
		}),
	);
};

const shade = (level) => (level == null ? "level-none" : `level-${between(0, Math.floor(level / 20), 4)}`);

/** The service chain from left to right; colour, a bar and a number say how satisfied those are who are served. */
export const chain = ({ id, nodes, links, focus, wide = 1000, size = 14 }) => {
	const columns = [...new Set(nodes.map((one) => one.x))].sort((a, b) => a - b);
	const merged = columns.reduce((found, one) => {
		// columns closer than a box are one
		const last = found.at(-1);
		if (last && one - last.from < 0.9 / Math.max(5, 1)) last.members.push(one);
		else found.push({ from: one, members: [one] });
		return found;
	}, []);
	const room = wide / merged.length,
		boxWide = Math.min(210, room * 0.74);
	const two = nodes.some((one) => lines(one.name, boxWide - size * 1.4, size * 0.92, 9).length > 1),
		boxHigh = size * (two ? 4.5 : 3.5);
	const tallest = Math.max(...merged.map((one) => nodes.filter((node) => one.members.includes(node.x)).length));
	const high = Math.max(wide * 0.42, tallest * (boxHigh + size * 1.1));
	const at = {};
	merged.forEach((column, place) => {
		const inside = nodes.filter((node) => column.members.includes(node.x)).sort((a, b) => a.y - b.y);
		const cx = merged.length === 1 ? wide / 2 : boxWide / 2 + (place * (wide - boxWide)) / (merged.length - 1);
		inside.forEach(
			(node, row) => (at[node.name] = { x: round(cx), y: round(((row + 0.5) * high) / inside.length), place }),
		);
	});
	const path = (from, to) => {
		const a = at[from],
			b = at[to],
			half = boxWide / 2;
		if (a.place === b.place) {
			const side = a.place === merged.length - 1 ? -1 : 1,
				out = boxWide * 0.2 + Math.abs(a.y - b.y) * 0.14;
			return `M${a.x + side * half} ${a.y}C${round(a.x + side * (half + out))} ${a.y} ${round(b.x + side * (half + out))} ${b.y} ${b.x + side * half} ${b.y}`;
		}
		const way = a.place < b.place ? 1 : -1,
			bend = Math.abs(b.x - a.x) * 0.4;
		return `M${a.x + way * half} ${a.y}C${round(a.x + way * (half + bend * 0.6))} ${a.y} ${round(b.x - way * (half + bend * 0.6))} ${b.y} ${b.x - way * half} ${b.y}`;
	};
	const touches = (link) => !focus || link.supplier === focus || link.client === focus;
	const known = links.filter((one) => at[one.supplier] && at[one.client]);
	const legend = high + size * 1.6;
	return figure(
		{
			id,
			title: t("h.chain.title"),
			told: t("h.chain.told"),
			wide,
			high: legend + size * 1.4,
			head: [t("c.pair"), t("h.level")],
			rows: known.map((one) => [
				`${one.supplier} → ${one.client}`,
				one.level == null ? t("h.unknown") : number(one.level),
			]),
		},
		[...known]
			.sort((a, b) => touches(a) - touches(b))
			.map((one) =>
				h("path", {
					key: `${one.supplier}→${one.client}`,
					class: `flow ${shade(one.level)}${touches(one) ? "" : " faint"}${at[one.supplier].place > at[one.client].place ? " back" : ""}`,
					d: path(one.supplier, one.client),
					"stroke-width": round(1.5 + 6 * one.width),
				}),
			),
		nodes.map((node) => {
			const { x, y } = at[node.name],
				left = x - boxWide / 2,
				top = y - boxHigh / 2;
			const gauge = boxWide - size * 4.2;
			return h(
				"g",
				{ key: node.name, class: `node ${node.kind} ${shade(node.level)}${node.name === focus ? " focus" : ""}` },
				h("rect", {
					class: "box",
					x: left,
					y: top,
					width: boxWide,
					height: boxHigh,
					rx: node.kind === "segment" ? boxHigh / 2 : 8,
				}),
				label(node.name, node.kind === "segment" ? x : left + size * 0.8, top + size * (two ? 1.6 : 1.15), {
					size: size * 0.92,
					width: boxWide - size * 1.4,
					most: 2,
					anchor: node.kind === "segment" ? "middle" : "start",
					cls: "name",
				}),
				h("rect", {
					class: "gauge",
					x: left + size * 1.2,
					y: top + boxHigh - size * 1.05,
					width: gauge,
					height: 5,
					rx: 2.5,
				}),
				node.level != null &&
					h("rect", {
						class: "gauge full",
						x: left + size * 1.2,
						y: top + boxHigh - size * 1.05,
						width: round((gauge * node.level) / 100),
						height: 5,
						rx: 2.5,
					}),
				h(
					"text",
					{
						class: "name",
						x: left + boxWide - size * 1.1,
						y: top + boxHigh - size * 0.6,
						"font-size": size,
						"text-anchor": "end",
					},
					node.level == null ? "–" : number(node.level),
				),
			);
		}),
		h(
			"g",
			{ key: "legend" },
			[0, 1, 2, 3, 4].map((one) =>
				h(
					"g",
					{ class: `node level-${one}` },
					h("rect", {
						class: "box",
						x: one * size * 5.4,
						y: legend - size * 0.6,
						width: size * 1.4,
						height: size * 1.2,
						rx: 3,
					}),
					h(
						"text",
						{ class: "quiet", x: one * size * 5.4 + size * 1.8, y: legend + size * 0.35, "font-size": size * 0.8 },
						`${one * 20}–${one * 20 + 20}`,
					),
				),
			),
			label(t("h.chain.key"), size * 28, legend, { size: size * 0.8, width: wide - size * 29, most: 2, cls: "quiet" }),
		),
	);
};

/** The room's guess beside the answer, on one line from 0 to 100 %. */
export const guess = ({ id, guessed, answer, wide = 760, size = 16 }) => {
	const left = size,
		right = wide - size,
		y = size * 4;
	const x = scale(0, 1, left, right);
	const over = Math.abs(x(guessed.mean) - (answer ? x(answer[0]) : -999)) < size * 12;
	return figure(
		{
			id,
			title: t("h.guess.title"),
			told: t("h.guess.told"),
			wide,
			high: size * 8.2,
			head: ["", t("h.share.stay"), t("c.spread")],
			rows: [
				[t("h.guess.room"), percent(guessed.mean), `${percent(guessed.low)} – ${percent(guessed.high)}`],
				...(answer
					? [
							[
								t("h.guess.answer"),
								percent(answer[0]),
								answer[1] == null ? "–" : `${percent(answer[1])} – ${percent(answer[2])}`,
							],
						]
					: []),
			],
		},
		h("line", { class: "rail", x1: left, x2: right, y1: y, y2: y }),
		[0, 0.25, 0.5, 0.75, 1].map((one) =>
			h(
				"g",
				null,
				h("line", { class: "grid", x1: x(one), x2: x(one), y1: y - size * 0.8, y2: y + size * 0.8 }),
				h(
					"text",
					{
						class: "quiet",
						x: x(one),
						y: size * 7.7,
						"font-size": size * 0.8,
						"text-anchor": one === 0 ? "start" : one === 1 ? "end" : "middle",
					},
					percent(one),
				),
			),
		),
		h("line", {
			class: "spread dark",
			x1: x(guessed.low),
			x2: x(guessed.high),
			y1: y,
			y2: y,
			"stroke-width": size * 0.7,
		}),
		answer &&
			answer[1] != null &&
			h("line", { class: "spread", x1: x(answer[1]), x2: x(answer[2]), y1: y, y2: y, "stroke-width": size * 0.7 }),
		answer && h("line", { class: "bar", x1: x(guessed.mean), x2: x(answer[0]), y1: y, y2: y }),
		answer && disc(x(answer[0]), y, size * 0.6),
		ring(x(guessed.mean), y, size * 0.6),
		label(
			`${t("h.guess.room")} ${percent(guessed.mean)}`,
			between(size * 7, x(guessed.mean), wide - size * 7),
			y - size * 1.9,
			{ size, width: wide / 2, most: 1, anchor: "middle" },
		),
		answer &&
			label(
				`${t("h.guess.answer")} ${percent(answer[0])}`,
				between(size * 8, x(answer[0]), wide - size * 8),
				y + size * (over ? 1.9 : 1.9),
				{ size, width: wide / 2, most: 1, anchor: "middle", cls: "strong" },
			),
	);
};
