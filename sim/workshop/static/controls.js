// Small controls that all parts of the facilitator's desk are made of.

import { h, known, setup, t } from "./live.js";

/** What this screen alone knows: which picture is on the stage, what is being typed or dragged. */
export const ui = { picture: "prediction", drag: {}, paper: null, adding: "", sent: null };

export const code = setup.code;

/** A switch or list shows what was chosen until the laptop has answered. */
export const chosen = (call) => async (event) => {
	const one = event.target;
	one.held = true;
	await call(one);
	setTimeout(() => {
		one.held = false;
		ui.render?.();
	}, 400);
};
export const panel = (key, title, ...kids) =>
	h("section", { key, class: "desk-panel" }, title && h("h2", null, title), kids);
export const more = (key, title, ...kids) =>
	h("details", { key, class: "desk-more" }, h("summary", null, title), h("div", null, kids));
export const toggle = (text, on, onchange, testid) =>
	h(
		"label",
		{ class: "switch", key: testid },
		h("input", {
			type: "checkbox",
			role: "switch",
			checked: on,
			onchange: chosen((one) => onchange(one.checked)),
			"data-testid": testid,
		}),
		h("span", null, text),
	);

export const focusPicker = (state, { act }, hint) =>
	h(
		"label",
		{ class: "field", key: "focus" },
		h("span", null, hint ?? t("h.focus")),
		h(
			"select",
			{
				value: state.focus ?? "",
				onchange: chosen((one) => act({ do: "focus", department: one.value || null })),
				"data-testid": "focus",
			},
			h("option", { value: "" }, t("h.focus.all")),
			state.departments.map((one) => h("option", { key: one.name, value: one.name }, one.name)),
		),
	);

export const unitWord = (unit) => (known(`unit.${unit}`) ? t(`unit.${unit}`) : unit);
