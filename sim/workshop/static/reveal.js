// The pictures of the reveal: the room's guess, the gap, the verdict, the chain, the bottleneck, where the room disagrees.

import { DIMENSIONS, h, number, percent, sign, t } from "./live.js";
import { dumbbell, gapOf } from "./draw.js";
import { bars, chain, guess, square } from "./pictures.js";
import { answerWord, dimension, mean, shareRange, signedRange, reasons } from "./say.js";

/** What stands where there is nothing to show. */
export const nothing = (text) => h("p", { class: "nothing" }, text);
const words = () => ({ given: t("c.given"), received: t("c.received") });
const ends = () => [t("c.low"), t("c.high")];

/** Room for a picture: on the wall as wide as the rows are high, so that it fills the wall. */
const room = (wall, rows, step) =>
	wall
		? { size: 20, wide: Math.max(1050, Math.min(2000, 2.45 * (rows * step * 20 + 150))) }
		: { size: rows > 12 ? 14 : 15, wide: 838 };

const gapPart = (state, reveal, wall) => {
	const hidden = t("c.hidden", { minimum: state.minimum });
	const row = (name, given, received) => ({
		label: name,
		given: given?.overall ?? null,
		received: received?.overall ?? null,
		givenN: given?.n,
		receivedN: received?.n,
		spread: received?.spread,
		detail: counts(given, received),
		hidden: given || received ? null : hidden,
	});
	const counts = (given, received) =>
		given || received
			? t(!received ? "h.gap.n.given" : !given ? "h.gap.n.received" : "h.gap.n", {
					given: given?.n,
					received: received?.n,
				})
			: null;
	if (!state.focus) {
		const rows = reveal.totals
			.map((one) => row(one.department, one.given, one.received))
			.sort((a, b) => (gapOf(a) ?? 9) - (gapOf(b) ?? 9));
		if (rows.every((one) => one.hidden)) return [nothing(t("h.gap.hidden", { minimum: state.minimum }))];
		return [
			dumbbell({
				id: "gap",
				title: t("h.gap.all"),
				told: t("c.gap.told"),
				rows,
				words: words(),
				ends: ends(),
				...room(wall, rows.length, 2.15),
				note: t("h.gap.note", { minimum: state.minimum }),
			}),
		];
	}
	const mine = reveal.cells.filter((one) => one.supplier === state.focus),
		theirs = reveal.cells.filter((one) => one.client === state.focus);
	const total = reveal.totals.find((one) => one.department === state.focus);
	const byDimension = total?.received
		? DIMENSIONS.map((name) => ({
				label: dimension(name),
				given: total.given?.mean?.[name] ?? null,
				received: total.received.mean?.[name] ?? null,
				hidden: total.received.mean?.[name] == null && total.given?.mean?.[name] == null ? hidden : null,
			}))
		: [];
	const gives = mine.length
		? [
				{ heading: t("h.gap.gives", { department: state.focus }) },
				...mine.map((one) => row(one.client, one.given, one.received)),
			]
		: [];
	const gets = theirs.length
		? [
				{ heading: t("h.gap.gets", { department: state.focus }) },
				...theirs.map((one) => row(one.supplier, one.given, one.received)),
			]
		: [];
	const asked = byDimension.length ? [{ heading: t("h.gap.dimensions") }, ...byDimension] : [];
	const drawn = (id, rows, size) =>
		dumbbell({
			id,
			title: t("h.gap.one", { department: state.focus }),
			told: t("c.gap.told"),
			rows,
			words: words(),
			ends: ends(),
			...size,
			note: id === "gap" && t("h.gap.note", { minimum: state.minimum }),
		});
	if (wall && asked.length)
		return [
			h(
				"div",
				{ key: "gaps", class: "halves" },
				drawn("gap", [...gives, ...gets], { size: 17, wide: Math.max(760, (gives.length + gets.length) * 42) }),
				drawn("gap-dimensions", asked, { size: 17, wide: 760 }),
			),
		];
	return [drawn("gap", [...gives, ...asked, ...gets], room(wall, gives.length + asked.length + gets.length, 2.15))];
};
const verdictCard = (found, state, wall) => {
	const { would, should } = found;
	return h(
		"div",
		{ class: "card-verdict", "data-testid": "verdict" },
		h("h2", null, t("c.would.ask", { department: found.department })),
		h(
			"p",
			{ class: "answer", "data-testid": "would" },
			sign(would.answer, "large"),
			h("b", null, answerWord(would.answer)),
		),
		h("p", null, t("c.would.share", { share: shareRange(would.share) })),
		would.decides && h("p", null, t("c.would.decides", { what: reasons(would) })),
		h("h2", null, t("c.should.ask")),
		should
			? [
					h(
						"p",
						{ class: "answer small", "data-testid": "should" },
						sign(should.answer),
						h("b", null, answerWord(should.answer)),
					),
					wall
						? h("p", null, t(`c.should.${should.answer}`).replace(/^[^.]*\. /, ""))
						: [
								h(
									"p",
									null,
									t("h.should.means", {
										external: signedRange(should.external),
										internal: signedRange(should.internal),
									}),
								),
								h(
									"p",
									null,
									t("h.should.cost", { cost: signedRange(should.cost, 0), currency: state.currency ?? "" }),
									should.dip_days
										? ` ${t("h.should.dip", { dip: number(Math.abs(mean(should.dip) ?? 0), 1), days: Math.round(should.dip_days) })}`
										: "",
								),
							],
				]
			: h("p", { class: "quiet" }, t("h.pending.long")),
		h("p", { class: "quiet" }, t(`c.basis.${would.basis}`, { n: would.n })),
	);
};

const verdictPart = (state, reveal, wall) => {
	const { verdicts } = reveal;
	if (!verdicts.length) return [nothing(t("h.verdict.none"))];
	const found = verdicts.find((one) => one.department === state.focus && one.would);
	const clients = found?.would.clients ?? [];
	return [
		h(
			"div",
			{ class: found ? "two-up" : "", key: "verdict" },
			found && h("div", null, verdictCard(found, state, wall)),
			h(
				"div",
				null,
				!verdicts.some((one) => one.should)
					? bars({
							id: "would",
							title: t("h.would.title"),
							told: t("h.would.told"),
							rows: verdicts
								.filter((one) => one.would?.share?.[0] != null)
								.sort((a, b) => b.would.share[0] - a.would.share[0])
								.map((one) => ({
									label: one.department,
									value: one.would.share[0],
									low: one.would.share[1],
									high: one.would.share[2],
									text: percent(one.would.share[0]),
									mark: one.department === state.focus,
								})),
							low: 0,
							high: 1,
							write: percent,
							points: true,
							...(found ? { size: 15, wide: 600 } : room(wall, verdicts.length, 2.35)),
							middle: { at: 0.5, text: t("h.half") },
							head: [t("h.department"), t("h.share.stay"), t("c.interval")],
							note: t("h.would.pending"),
							most: 40,
						})
					: square({
							id: "square",
							verdicts,
							focus: state.focus,
							size: wall ? 17 : 14,
							wide: wall ? (found ? 1000 : 1250) : found ? 600 : 820,
						}),
				clients.length > 0 &&
					bars({
						id: "clients",
						title: t("h.clients"),
						told: t("h.clients.told"),
						rows: clients.map((one) => ({
							label: one.client,
							value: mean(one.share),
							low: one.share?.[1],
							high: one.share?.[2],
							text: percent(mean(one.share)),
						})),
						low: 0,
						high: 1,
						write: percent,
						points: true,
						size: 15,
						wide: found ? 600 : 820,
						middle: { at: 0.5, text: t("h.half") },
						head: [t("h.client"), t("h.share.stay"), t("c.interval")],
					}),
			),
		),
	];
};

const chainPart = (state, reveal) =>
	reveal.chain
		? [chain({ id: "chain", ...reveal.chain, focus: state.focus, size: 15 })]
		: [nothing(t("h.pending.long"))];

const bottleneckPart = (state, reveal, wall) => {
	const found = reveal.bottleneck;
	if (!found?.departments?.length)
		return [nothing(state.running ? t("h.running", state.running) : t("h.pending.long"))];
	const [first] = found.departments;
	const clear = first.effect[1] > 0;
	return [
		h(
			"p",
			{ key: "says", class: "says" },
			t(clear ? "h.bottleneck.says" : "h.bottleneck.close", {
				department: first.department,
				effect: signedRange(first.effect),
			}),
		),
		bars({
			id: "bottleneck",
			title: t("h.bottleneck"),
			told: t("h.bottleneck.told"),
			rows: found.departments.map((one, place) => ({
				label: one.department,
				value: mean(one.effect),
				low: one.effect[1],
				high: one.effect[2],
				mark: !place && clear,
				mild: !(one.effect[1] > 0),
			})),
			write: (value) => number(value, Math.abs(mean(first.effect)) < 0.5 ? 2 : 1, true),
			...room(wall, found.departments.length + 2, 2.35),
			axis: t("h.bottleneck.axis"),
			note: t("h.bottleneck.note", { n: found.runs }),
		}),
	];
};

const disagreePart = (state, reveal, wall) => {
	const found = reveal.disagree;
	if (!found.length) return [nothing(t("h.disagree.none", { minimum: state.minimum }))];
	return [
		h(
			"p",
			{ key: "says", class: "says" },
			t("h.disagree.says", { client: found[0].client, supplier: found[0].supplier }),
		),
		bars({
			id: "disagree",
			title: t("h.disagree"),
			told: t("h.disagree.told"),
			rows: found
				.slice(0, 10)
				.map((one, place) => ({
					label: `${one.client} → ${one.supplier}`,
					value: one.spread,
					mark: !place,
					text: `${number(one.spread, 1)}`,
				})),
			low: 0,
			high: 2,
			write: (value) => number(value, 1),
			...room(wall, 12, 2.35),
			axis: t("h.disagree.axis"),
			head: [t("c.pair"), t("c.spread")],
		}),
	];
};

const predictionPart = (state, reveal) => {
	const found = reveal.predictions;
	if (!found) return [nothing(t("h.prediction.none", { minimum: state.minimum }))];
	const { yes, no } = found.hired;
	const answers = reveal.verdicts.filter((one) => one.would);
	const focus = answers.find((one) => one.department === state.focus);
	const three = focus ? focus.would.share : null;
	const tally = ["yes", "close", "no"]
		.map((one) => [one, answers.filter((row) => row.would.answer === one).length])
		.filter(([, n]) => n);
	const worst = reveal.bottleneck?.departments?.[0]?.department;
	const guessed = found.share && {
		mean: found.share.mean / 100,
		low: found.share.low / 100,
		high: found.share.high / 100,
	};
	return [
		h(
			"div",
			{ key: "hired", class: "guesses" },
			h(
				"div",
				null,
				h("h2", null, t("h.prediction.hired", { n: found.n })),
				h(
					"div",
					{ class: "split" },
					h(
						"div",
						{ class: "yes", css: { "flex-grow": Math.max(yes, 0.4) } },
						sign("yes"),
						h("b", null, number(yes)),
						" ",
						t("c.yes"),
					),
					h(
						"div",
						{ class: "no", css: { "flex-grow": Math.max(no, 0.4) } },
						sign("no"),
						h("b", null, number(no)),
						" ",
						t("c.no"),
					),
				),
			),
			answers.length > 0 &&
				h(
					"div",
					null,
					h("h2", null, t("h.prediction.answer")),
					focus
						? h(
								"p",
								{ class: "answer" },
								sign(focus.would.answer),
								h("b", null, `${focus.department}: ${answerWord(focus.would.answer)}`),
							)
						: h(
								"p",
								{ class: "tally" },
								tally.map(([one, n]) => h("span", null, sign(one), h("b", null, number(n)), ` ${answerWord(one)}`)),
							),
				),
		),
		h(
			"div",
			{ key: "pictures", class: "guesses" },
			guessed &&
				h(
					"div",
					null,
					h("h2", null, t("p.predict.share.short")),
					guess({ id: "guess", guessed, answer: three, wide: 460, size: 14 }),
				),
			found.weakest.length > 0 &&
				h(
					"div",
					null,
					h("h2", null, t("h.prediction.weakest")),
					bars({
						id: "votes",
						title: t("h.prediction.weakest"),
						told: t("h.prediction.told"),
						rows: found.weakest
							.slice(0, 5)
							.map((one) => ({
								label: one.department,
								value: one.votes,
								text: number(one.votes),
								mark: one.department === worst,
							})),
						low: 0,
						write: (value) => number(value),
						wide: 460,
						size: 14,
						note: worst ? t("h.prediction.mark", { department: worst }) : null,
						head: [t("h.department"), t("h.votes")],
					}),
				),
		),
	];
};

const DRAWN = {
	gap: gapPart,
	verdict: verdictPart,
	chain: chainPart,
	bottleneck: bottleneckPart,
	disagree: disagreePart,
	prediction: predictionPart,
};

/** One part of the reveal. */
export const part = (name, state, reveal, wall) =>
	h(
		"section",
		{ key: `part-${name}`, class: `part ${name}`, "data-testid": `part-${name}` },
		h("p", { class: "kicker" }, t(`h.part.${name}.ask`)),
		h("h1", null, t(`h.part.${name}`)),
		!reveal ? nothing(t("h.reveal.nothing")) : DRAWN[name](state, reveal, wall),
	);
