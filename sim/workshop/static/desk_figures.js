// The facilitator's controls of the figures: what is shown, levers, assumptions.

import { button, h, number, paced, t } from "./live.js";
import { chosen, code, focusPicker, more, panel, toggle, ui, unitWord } from "./controls.js";
import { changeWords, leverName, leverValue } from "./say.js";
import { savePicture } from "./save.js";
import { PARTS } from "./stage.js";

// --- reveal --------------------------------------------------------------------------------------------------------------

export const revealDesk = (state, tools) => {
	const { act, render } = tools;
	return [
		panel(
			"parts",
			t("h.parts"),
			h(
				"ul",
				{ class: "parts" },
				PARTS.map((name) =>
					h(
						"li",
						{ key: name, class: ui.picture === name ? "now" : null },
						h(
							"button",
							{
								type: "button",
								class: "pick",
								"aria-pressed": String(ui.picture === name),
								onclick: () => {
									ui.picture = name;
									render();
								},
								"data-testid": `pick-${name}`,
							},
							t(`h.part.${name}`),
						),
						h(
							"label",
							{ class: "switch", title: t("h.show.hint") },
							h("input", {
								type: "checkbox",
								role: "switch",
								checked: state.shown.includes(name),
								"aria-label": t("h.show.of", { part: t(`h.part.${name}`) }),
								onchange: chosen((one) => {
									if (one.checked) {
										ui.picture = name;
										render();
									}
									return act({ do: "show", what: name, on: one.checked });
								}),
								"data-testid": `show-${name}`,
							}),
							h("span", { "aria-hidden": "true" }, t("h.show")),
						),
					),
				),
			),
			h("p", { class: "quiet" }, t("h.show.hint")),
		),
		panel("whose", null, focusPicker(state, tools)),
		panel(
			"take",
			null,
			h(
				"div",
				{ class: "row" },
				button(t("h.refresh"), () => act({ do: "refresh" }), { "data-testid": "refresh" }),
				button(t("h.png"), () => savePicture(`${code}-${ui.picture}`), { "data-testid": "png" }),
			),
			h("p", { class: "quiet" }, t("h.refresh.hint", { minimum: state.minimum })),
		),
		assumptions(state, tools),
	];
};

// --- change --------------------------------------------------------------------------------------------------------------

const pulls = {};
const pull = (act, lever) =>
	(pulls[`${lever.name}|${lever.where}`] ??= paced((to) =>
		act({ do: "lever", lever: lever.name, where: lever.where, to }),
	));

const slider = (lever, { act, render }) => {
	const key = `${lever.name}|${lever.where}`;
	const value = ui.drag[key] ?? lever.value;
	const name = leverName(lever);
	const moved = Math.abs(value - lever.before) > 1e-9;
	const span = lever.high - lever.low || 1;
	const move = (event) => {
		const to = Number(event.target.value);
		event.target.dragged = true;
		ui.drag[key] = to;
		pull(act, lever)(to);
		render();
	};
	const done = (event) => {
		event.target.dragged = false;
		setTimeout(() => {
			if (!event.target.dragged) {
				delete ui.drag[key];
				render();
			}
		}, 1500);
	};
	return h(
		"div",
		{ class: `lever${moved ? " moved" : ""}`, key },
		h(
			"label",
			{ for: `lever-${lever.name}` },
			h("span", null, name),
			h(
				"output",
				null,
				leverValue(value, lever),
				lever.unit && lever.unit !== "share" && h("small", null, ` ${unitWord(lever.unit)}`),
			),
		),
		h("input", {
			id: `lever-${lever.name}`,
			type: "range",
			min: lever.low,
			max: lever.high,
			step: lever.step ?? "any",
			value,
			oninput: move,
			onchange: done,
			onblur: done,
			"aria-valuetext": leverValue(value, lever),
			"aria-describedby": `before-${lever.name}`,
			css: {
				"--before": `${(100 * (lever.before - lever.low)) / span}%`,
				"--now": `${(100 * (value - lever.low)) / span}%`,
			},
			"data-testid": `lever-${lever.name}`,
		}),
		h(
			"p",
			{ class: "source", id: `before-${lever.name}` },
			moved && t("h.lever.before", { value: leverValue(lever.before, lever) }),
		),
	);
};

export const changeDesk = (state, tools) => {
	const { act } = tools;
	return [
		panel("whose", null, focusPicker(state, tools, t("h.change.whose"))),
		panel(
			"undo",
			null,
			h(
				"div",
				{ class: "row tight" },
				button(t("h.undo"), () => act({ do: "undo" }), { disabled: !state.host.past, "data-testid": "undo" }),
				button(t("h.redo"), () => act({ do: "redo" }), { disabled: !state.host.future, "data-testid": "redo" }),
				button(t("h.pin"), () => act({ do: "pin" }), { "data-testid": "pin", title: t("h.pin.hint") }),
				button(t("h.reset"), () => act({ do: "reset" }), { "data-testid": "reset" }),
			),
			(state.host.pinned?.length ?? 0) > 0 &&
				h(
					"p",
					{ class: "quiet", "data-testid": "pinned" },
					t("h.pinned"),
					" ",
					state.host.pinned.map((one) => changeWords(one, state.levers)).join("; "),
				),
		),
		panel(
			"levers",
			state.focus ? t("h.levers.of", { department: state.focus }) : t("h.levers"),
			state.levers.length
				? state.levers.map((one) => slider(one, tools))
				: h("p", { class: "quiet" }, t("h.levers.pick")),
			state.levers.length > 0 &&
				more(
					"sources",
					t("h.levers.sources"),
					h(
						"dl",
						{ class: "sources" },
						state.levers.map((one) =>
							h(
								"div",
								{ key: one.name },
								h("dt", null, leverName(one)),
								h("dd", null, [one.meaning, one.source].filter(Boolean).join(" – ")),
							),
						),
					),
				),
		),
		panel(
			"show-effect",
			null,
			toggle(
				t("h.show.effect"),
				state.shown.includes("effect"),
				(on) => act({ do: "show", what: "effect", on }),
				"show-effect",
			),
			h(
				"div",
				{ class: "row" },
				button(t("h.png"), () => savePicture(`${code}-effect`), { "data-testid": "png" }),
			),
		),
		assumptions(state, tools),
	];
};

const assumptions = (state, { act }) =>
	more(
		"assumptions",
		t("h.assumptions"),
		h("p", { class: "quiet" }, t("h.assumptions.hint")),
		(state.host.assumptions ?? []).map((one) =>
			h(
				"label",
				{ class: "assumption", key: one.name },
				h(
					"span",
					null,
					t(`assume.${one.name}`),
					h(
						"small",
						null,
						` ${unitWord(one.unit)}, ${number(one.low, one.low % 1 ? 2 : 0)}–${number(one.high, one.high % 1 ? 2 : 0)}`,
					),
				),
				h("input", {
					type: "number",
					min: one.low,
					max: one.high,
					step: "any",
					value: one.value,
					onchange: (event) =>
						act({ do: "assume", name: one.name, to: event.target.value === "" ? null : Number(event.target.value) }),
					"data-testid": `assume-${one.name}`,
				}),
				h(
					"small",
					null,
					one.value === one.default
						? one.source
						: t("h.assumption.changed", { value: String(one.default), source: one.source }),
				),
			),
		),
	);
