// What the room looks at: the same on the facilitator's laptop and, larger, on the wall.

import { h, number, percent, t } from "./live.js";
import { curves } from "./draw.js";
import { changeWords, effectSentence, hirebackMoves, signedRange } from "./say.js";
import { nothing, part } from "./reveal.js";

export const PARTS = ["prediction", "gap", "verdict", "chain", "bottleneck", "disagree"];
export const PHASES = ["join", "score", "predict", "reveal", "change", "commit", "close"];
export const MINUTES = { join: 5, score: 12, predict: 5, reveal: 18, change: 10, commit: 7, close: 3 };

// --- join ----------------------------------------------------------------------------------------------------------------

const ATTRIBUTES = new Set([
	"viewBox",
	"d",
	"transform",
	"width",
	"height",
	"x",
	"y",
	"fill",
	"stroke",
	"stroke-width",
	"shape-rendering",
	"class",
	"fill-opacity",
]);
let drawnCode = { text: null, node: null };

/** The QR code that came as SVG text, taken apart into shapes: no markup is ever put into the page. */
const codePicture = (text) => {
	if (drawnCode.text === text) return drawnCode.node;
	const read = (element) =>
		h(
			element.localName,
			Object.fromEntries(
				[...element.attributes].filter((one) => ATTRIBUTES.has(one.name)).map((one) => [one.name, one.value]),
			),
			[...element.children].map(read),
		);
	const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
	if (root.localName !== "svg") return null;
	const node = read(root);
	node.props.viewBox ??= `0 0 ${parseFloat(node.props.width)} ${parseFloat(node.props.height)}`;
	delete node.props.width;
	delete node.props.height;
	node.props.role = "img";
	node.props["aria-label"] = t("h.qr");
	drawnCode = { text, node };
	return node;
};

const letters = (code) => [...code].map((letter, place) => h("span", { key: place }, letter));
const shortAddress = (url) => String(url ?? "").replace(/^https?:\/\//, "");

const joinStage = (state) => {
	const { host } = state;
	const bare = shortAddress((host.urls?.[0] ?? host.address ?? location.host).replace(/\/j\/.*$/, ""));
	return h(
		"section",
		{ class: "joining", "data-testid": "join-panel" },
		h(
			"div",
			{ class: "how" },
			h("h1", null, state.title || t("c.brand")),
			h("p", { class: "lead" }, t("h.join.how")),
			h(
				"ol",
				{ class: "ways" },
				h(
					"li",
					null,
					h("span", { class: "quiet" }, t("h.join.open")),
					h("strong", { class: "address", "data-testid": "address" }, bare),
				),
				h(
					"li",
					null,
					h("span", { class: "quiet" }, t("h.join.type")),
					h(
						"strong",
						{ class: "huge", "data-testid": "code", "aria-label": [...state.code].join(" ") },
						letters(state.code),
					),
				),
			),
			h(
				"p",
				{ class: "people", "data-testid": "joined" },
				h("b", null, number(state.joined)),
				" ",
				t("p.here", { n: state.joined }),
				state.locked && h("em", null, t("h.locked")),
			),
		),
		host.qr_svg && h("div", { class: "qr" }, codePicture(host.qr_svg), h("p", { class: "quiet" }, t("h.join.scan"))),
	);
};

// --- score and predict -------------------------------------------------------------------------------------------------------

const joinStrip = (state) =>
	h(
		"p",
		{ class: "strip quiet" },
		t("h.late"),
		" ",
		h("b", null, shortAddress((state.host.urls?.[0] ?? location.host).replace(/\/j\/.*$/, ""))),
		" · ",
		t("c.code"),
		" ",
		h("b", { class: "spaced" }, state.code),
	);

const share = (part, whole) => `${whole ? Math.min(100, (100 * part) / whole) : 0}%`;
const progressList = (state) =>
	h(
		"ul",
		{ class: "progress", "data-testid": "progress" },
		state.departments.map((one) => {
			const row = state.host.progress?.[one.name] ?? { joined: one.here ?? 0, scored: null };
			return h(
				"li",
				{ key: one.name, class: row.joined ? null : "empty" },
				h("span", { class: "name" }, one.name),
				h(
					"span",
					{ class: "track", "aria-hidden": "true" },
					h("i", { css: { width: share(row.scored ?? 0, row.joined) } }),
				),
				h(
					"span",
					{ class: "count" },
					row.scored == null
						? t("h.progress.hidden", { joined: row.joined })
						: t("h.progress", { scored: row.scored, joined: row.joined }),
				),
			);
		}),
	);

const scoreStage = (state) =>
	h(
		"section",
		{ class: "scoring" },
		h("p", { class: "kicker" }, t("phase.score")),
		h("h1", null, t("h.score.title")),
		h(
			"div",
			{ class: "meters" },
			h("div", { class: "big" }, h("b", null, number(state.scored)), " ", t("h.scored", { n: state.joined })),
			h("div", { class: "meter" }, h("i", { css: { width: share(state.scored, state.joined) } })),
		),
		progressList(state),
		h("p", { class: "note" }, t("p.anonymous", { minimum: state.minimum })),
		joinStrip(state),
	);

const predictStage = (state) =>
	h(
		"section",
		{ class: "scoring" },
		h("p", { class: "kicker" }, t("phase.predict")),
		h("h1", null, t("h.predict.title")),
		h(
			"ol",
			{ class: "questions" },
			["hired", "share", "weakest"].map((one) => h("li", null, t(`p.predict.${one}`))),
		),
		h(
			"div",
			{ class: "meters" },
			h("div", { class: "big" }, h("b", null, number(state.predicted)), " ", t("h.predicted", { n: state.joined })),
			h("div", { class: "meter" }, h("i", { css: { width: share(state.predicted, state.joined) } })),
		),
		h("p", { class: "note" }, t("p.predict.note")),
		joinStrip(state),
	);

// --- change, commit, close -----------------------------------------------------------------------------------------------------

export const effectStage = (state, effect, wall) => {
	const moves = effect
		? hirebackMoves(effect).filter((one, place) => place < (wall ? 5 : 4) || one.department === state.focus)
		: [];
	return h(
		"section",
		{
			class: "effect",
			"data-testid": "effect",
			"data-to": effect?.changes.map((one) => one.to).join(" "),
			"data-runs": effect?.runs,
			"data-final": effect ? String(effect.final) : null,
		},
		h("p", { class: "kicker" }, t("h.effect.ask")),
		h(
			"h1",
			{ "data-testid": "effect-sentence", "aria-live": "polite" },
			effect ? effectSentence(effect) : t("c.effect.none"),
		),
		state.changes.length > 0 &&
			h(
				"ul",
				{ class: "chips" },
				state.changes.map((one) => h("li", { key: `${one.lever}-${one.where}` }, changeWords(one, state.levers))),
			),
		effect &&
			h(
				"div",
				{ class: "two-up wide-left" },
				effect.curve &&
					curves({
						id: "curve",
						title: t("c.curve.title"),
						told: effectSentence(effect),
						curve: effect.curve,
						lag: effect.external.lag,
						wide: 620,
						high: 330,
						size: 15,
						words: { before: t("c.before"), after: t("c.after"), axis: t("c.day.axis"), lag: t("c.lag") },
						note: t("h.effect.note", { runs: effect.runs, of: effect.of }),
					}),
				h(
					"div",
					null,
					h(
						"dl",
						{ class: "facts" },
						h(
							"div",
							null,
							h("dt", null, t("h.effect.external")),
							h("dd", null, signedRange(effect.external.difference)),
						),
						h(
							"div",
							null,
							h("dt", null, t("h.effect.internal")),
							h("dd", null, signedRange(effect.internal?.difference)),
						),
						effect.profit &&
							h(
								"div",
								null,
								h("dt", null, t("h.effect.profit", { currency: state.currency ?? "" })),
								h("dd", null, signedRange(effect.profit, 0)),
							),
					),
					moves.length > 0 &&
						h(
							"div",
							{ class: "wide" },
							h(
								"table",
								{ "data-testid": "hireback" },
								h("caption", null, t("h.effect.hireback")),
								h(
									"thead",
									null,
									h(
										"tr",
										null,
										[t("h.department"), t("c.before"), t("c.after"), t("h.difference")].map((one) =>
											h("th", { scope: "col" }, one),
										),
									),
								),
								h(
									"tbody",
									null,
									moves.map((one) =>
										h(
											"tr",
											{ key: one.department, class: one.department === state.focus ? "focus" : null },
											h("th", { scope: "row" }, one.department),
											h("td", null, percent(one.from), span(one.before)),
											h("td", null, percent(one.to), span(one.after)),
											h("td", null, one.by[0] == null ? "–" : number(100 * one.by[0], 0, true), span(one.by, true)),
										),
									),
								),
							),
						),
				),
			),
	);
};

/** The 95 % interval of a share, small below its mean. */
const span = (three, signed = false) =>
	Array.isArray(three) &&
	three[1] != null &&
	h("small", { class: "span" }, [three[1], three[2]].map((one) => number(100 * one, 0, signed)).join(signed ? "…" : "–"));

const promiseList = (state, onRemove) =>
	state.commitments.length
		? h(
				"ol",
				{ class: "commitments", "data-testid": "commitments" },
				state.commitments.map((one) =>
					h(
						"li",
						{ key: one.id },
						h("p", { class: "what" }, one.what),
						h("p", { class: "quiet" }, [one.who, one.when].filter(Boolean).join(" · ")),
						onRemove &&
							h(
								"button",
								{
									type: "button",
									class: "link",
									onclick: () => onRemove(one.id),
									"aria-label": t("h.commit.remove.of", { what: one.what }),
									"data-testid": `remove-${one.id}`,
								},
								t("h.remove"),
							),
					),
				),
			)
		: nothing(t("h.commit.none"));

const commitStage = (state, { onRemove }) =>
	h(
		"section",
		null,
		h("p", { class: "kicker" }, t("phase.commit")),
		h("h1", null, t("p.commit.list", { n: state.commitments.length })),
		promiseList(state, onRemove),
	);

const closeStage = (state) =>
	h(
		"section",
		{ class: "closing" },
		h("p", { class: "kicker" }, t("phase.close")),
		h("h1", null, t("h.close.title")),
		h(
			"ol",
			{ class: "questions" },
			[1, 2, 3, 4, 5].map((one) => h("li", null, t(`h.debrief.${one}`))),
		),
		state.commitments.length > 0 && h("h2", null, t("p.commit.list")),
		state.commitments.length > 0 && promiseList(state),
	);

/** The stage of the phase that the room is in. `wall` leaves out what only the facilitator may see. */
export const stage = (state, { wall, picture, onRemove }) => {
	const reveal = wall ? state.reveal : (state.host.preview?.reveal ?? state.reveal);
	const effect = wall
		? state.shown.includes("effect")
			? state.effect
			: null
		: (state.host.preview?.effect ?? state.effect);
	switch (state.phase) {
		case "join":
			return joinStage(state);
		case "score":
			return scoreStage(state);
		case "predict":
			return predictStage(state);
		case "reveal":
			return picture
				? part(picture, state, reveal, wall)
				: h(
						"section",
						{ class: "closing" },
						h("p", { class: "kicker" }, t("phase.reveal")),
						h("h1", null, t("h.reveal.wait")),
					);
		case "change":
			return wall && !state.shown.includes("effect")
				? h(
						"section",
						{ class: "closing" },
						h("p", { class: "kicker" }, t("phase.change")),
						h("h1", null, t("p.change.title")),
					)
				: effectStage(state, effect, wall);
		case "commit":
			return commitStage(state, { onRemove });
		default:
			return closeStage(state);
	}
};
