// One page to take home: verdict, gap, effect, promises, and where the figures come from.

import { button, embedded, h, patch, setup, sign, t } from "./live.js";
import { curves, dumbbell, gapOf } from "./draw.js";
import { answerWord, changeWords, effectSentence, shareRange, signedRange, reasons } from "./say.js";

const state = embedded("state");
const reveal = state.host?.preview?.reveal ?? state.reveal;
const effect = state.host?.preview?.effect ?? state.effect;
const commitments = state.host?.commitments ?? state.commitments;
const many = state.departments.length > 9 || commitments.length > 6;

const verdicts = () => {
	const found = (reveal?.verdicts ?? []).filter((one) => one.would);
	if (!found.length) return h("p", null, t("h.verdict.none"));
	return h(
		"table",
		{ "data-testid": "print-verdicts" },
		h(
			"thead",
			null,
			h(
				"tr",
				null,
				[t("h.department"), t("h.would"), t("h.share.stay"), t("h.decides"), t("h.should"), t("h.square.if")].map(
					(one) => h("th", { scope: "col" }, one),
				),
			),
		),
		h(
			"tbody",
			null,
			[...found]
				.sort((a, b) => (b.department === state.focus) - (a.department === state.focus))
				.map(({ department, would, should }) =>
					h(
						"tr",
						{ class: department === state.focus ? "focus" : null },
						h("th", { scope: "row" }, department),
						h("td", null, sign(would.answer), " ", answerWord(would.answer), would.basis === "model" ? " *" : ""),
						h("td", null, shareRange(would.share)),
						h("td", null, reasons(would)),
						h("td", null, should ? [sign(should.answer), " ", answerWord(should.answer)] : "–"),
						h("td", null, should ? signedRange(should.external) : "–"),
					),
				),
		),
		found.some((one) => one.would.basis === "model") &&
			h("tfoot", null, h("tr", null, h("td", { colspan: 6 }, t("h.print.model")))),
	);
};

const gap = () => {
	const rows = (reveal?.totals ?? []).map((one) => ({
		label: one.department,
		given: one.given?.overall ?? null,
		received: one.received?.overall ?? null,
		givenN: one.given?.n,
		receivedN: one.received?.n,
		spread: one.received?.spread,
		detail:
			one.given || one.received
				? t(!one.received ? "h.gap.n.given" : !one.given ? "h.gap.n.received" : "h.gap.n", {
						given: one.given?.n,
						received: one.received?.n,
					})
				: null,
		hidden: one.given || one.received ? null : t("c.hidden", { minimum: state.minimum }),
	}));
	if (!rows.length) return h("p", null, t("h.reveal.nothing"));
	return dumbbell({
		id: "gap",
		title: t("h.gap.all"),
		told: t("c.gap.told"),
		rows: rows.sort((a, b) => (gapOf(a) ?? 9) - (gapOf(b) ?? 9)),
		words: { given: t("c.given"), received: t("c.received") },
		ends: [t("c.low"), t("c.high")],
		wide: 560,
		size: many ? 10.5 : 13,
	});
};

const change = () =>
	!effect || !(effect.changes?.length || effect.pinned?.length)
		? h("p", null, t("h.print.none"))
		: [
				state.changes.length > 0 &&
					h("p", null, h("b", null, state.changes.map((one) => changeWords(one, state.levers)).join("; "))),
				h("p", null, effectSentence(effect)),
				effect.curve &&
					curves({
						id: "curve",
						title: t("c.curve.title"),
						told: effectSentence(effect),
						curve: effect.curve,
						lag: effect.external.lag,
						wide: 520,
						high: 230,
						size: 13,
						words: { before: t("c.before"), after: t("c.after"), axis: t("c.day.axis"), lag: t("c.lag") },
					}),
			];

const promised = () =>
	commitments.length
		? h(
				"ol",
				{ class: "promised" },
				commitments.map((one) =>
					h("li", null, h("b", null, one.what), " ", [one.who, one.when].filter(Boolean).join(" · ")),
				),
			)
		: h("p", null, t("h.commit.none"));

/** Make the sheet smaller until it fits one page of A4 (297 mm less margins, at 96 pixels an inch). */
const fit = () => {
	const sheet = document.querySelector(".sheet");
	const most = ((297 - 2 * 12 - 2) / 25.4) * 96 + 2 * (10 / 25.4) * 96;
	for (let size = 1; size > 0.45; size -= 0.03) {
		sheet.style.setProperty("--fit", size.toFixed(2));
		if (sheet.getBoundingClientRect().height <= most) return;
	}
};

const settings = state.settings ?? state.host?.settings ?? {};
patch(
	document.getElementById("app"),
	h(
		"div",
		{ class: "toolbar" },
		button(t("h.print.go"), () => print(), { class: "primary", "data-testid": "print-now" }),
	),
	h(
		"main",
		{ class: many ? "sheet dense" : "sheet", "data-testid": "sheet" },
		h(
			"header",
			null,
			h("i", { class: "mark", "aria-hidden": "true" }),
			h("div", null, h("h1", null, t("h.print.title")), h("p", null, state.title || state.organisation)),
		),
		h("section", { class: "full" }, h("h2", null, t("h.print.verdict")), verdicts()),
		h("section", null, h("h2", null, t("h.print.gap")), gap()),
		h("section", null, h("h2", null, t("h.print.effect")), change()),
		h("section", { class: "full" }, h("h2", null, t("h.print.commit")), promised()),
		h(
			"footer",
			{ class: "full" },
			t("h.print.provenance", {
				version: state.version,
				organisation: state.organisation || "–",
				seed: String(settings.seed ?? effect?.seed ?? "–"),
				runs: effect?.runs ?? settings.runs ?? "–",
				minimum: state.minimum,
				joined: state.joined,
				date: new Date().toLocaleDateString(setup.language === "de" ? "de" : "en", { dateStyle: "long" }),
				code: state.code,
			}),
		),
	),
);
fit();
