// What a participant sees of the figures: how others see the own department, and what a change would do.

import { h, percent, sign, t } from "./live.js";
import { curves, dumbbell } from "./draw.js";
import { answerWord, changeWords, effectSentence, shareRange, reasons } from "./say.js";

/** How the service of a department is seen by those who get it, where that is shown. */
export const ownGap = (state, department) => {
	const { reveal } = state;
	if (!state.shown.includes("gap") || !reveal) return null;
	const cells = reveal.cells.filter((one) => one.supplier === department);
	if (!cells.length) return null;
	const rows = cells.map((one) => ({
		label: one.client,
		detail: one.received ? t("c.n", { n: one.received.n }) : null,
		given: one.given?.overall ?? null,
		received: one.received?.overall ?? null,
		givenN: one.given?.n,
		receivedN: one.received?.n,
		spread: one.received?.spread,
		hidden: one.received ? null : t("c.hidden", { minimum: state.minimum }),
	}));
	return h(
		"section",
		{ key: "gap", "data-testid": "own-gap" },
		h("h2", null, t("p.gap.title")),
		dumbbell({
			id: "own-gap",
			title: t("p.gap.title"),
			told: t("c.gap.told"),
			rows,
			wide: 343,
			size: 14,
			words: { given: t("c.given"), received: t("c.received") },
			ends: [t("c.low"), t("c.high")],
		}),
	);
};

/** Whether a department would be hired back, where that is shown. */
export const ownVerdict = (state, department) => {
	const found = state.shown.includes("verdict") && state.reveal?.verdicts?.find((one) => one.department === department);
	if (!found?.would) return null;
	const { would, should } = found;
	return h(
		"section",
		{ key: "verdict", class: "panel", "data-testid": "own-verdict" },
		h("h2", null, t("c.would.ask", { department })),
		h("p", { class: "answer" }, sign(would.answer), h("b", null, answerWord(would.answer))),
		h("p", null, t("c.would.share", { share: shareRange(would.share) })),
		would.decides && h("p", null, t("c.would.decides", { what: reasons(would) })),
		should && h("p", null, h("b", null, `${t("c.should.ask")} `), t(`c.should.${should.answer}`)),
		h("p", { class: "quiet" }, t(`c.basis.${would.basis}`, { n: would.n })),
	);
};

/** What the change that the room tries would do. */
export const effectPart = (state, department) => {
	const { effect } = state;
	if (!effect || !state.shown.includes("effect")) return null;
	const own = effect.hireback?.find((one) => one.department === department);
	return h(
		"section",
		{ key: "effect", class: "panel", "data-testid": "effect" },
		h("h2", null, t("p.effect.title")),
		state.changes.length > 0 &&
			h(
				"ul",
				null,
				state.changes.map((one) => h("li", null, changeWords(one, state.levers))),
			),
		h("p", { class: "lead" }, effectSentence(effect)),
		effect.curve &&
			curves({
				id: "effect",
				title: t("c.curve.title"),
				told: effectSentence(effect),
				curve: effect.curve,
				lag: effect.external.lag,
				wide: 343,
				high: 250,
				size: 13,
				words: { before: t("c.before"), after: t("c.after"), axis: t("c.day.axis"), lag: t("c.lag") },
			}),
		own &&
			h(
				"p",
				null,
				t("p.effect.own", {
					department,
					before: percent([].concat(own.before)[0]),
					after: percent([].concat(own.after)[0]),
				}),
			),
		!effect.final && h("p", { class: "quiet" }, t("c.running", { done: effect.runs, of: effect.of })),
	);
};
