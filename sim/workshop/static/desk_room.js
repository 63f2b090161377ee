// The facilitator's controls of the room: who is here, departments, settings, rehearsal, sheets of paper, another session.

import { button, DIMENSIONS, h, number, post, t } from "./live.js";
import { chosen, more, panel, toggle, ui } from "./controls.js";

// --- join -----------------------------------------------------------------------------------------------------------------

export const departments = (state, { act, render }) =>
	more(
		"departments",
		t("h.departments", { n: state.departments.length }),
		h(
			"ul",
			{ class: "departments" },
			state.departments.map((one) =>
				h(
					"li",
					{ key: one.name },
					h("strong", null, one.name),
					button(t("h.remove"), () => act({ do: "department", what: "remove", name: one.name }), {
						class: "link",
						"aria-label": t("h.remove.of", { name: one.name }),
					}),
					h(
						"label",
						{ class: "staff" },
						h("span", null, t("h.staff")),
						h("input", {
							type: "number",
							min: 1,
							value: one.staff ?? "",
							"aria-label": t("h.staff.of", { name: one.name }),
							onchange: (event) =>
								act({ do: "department", what: "rename", name: one.name, staff: Number(event.target.value) }),
						}),
					),
					one.faces_customers != null &&
						h(
							"label",
							{ class: "switch" },
							h("input", {
								type: "checkbox",
								role: "switch",
								checked: one.faces_customers,
								"aria-label": t("h.faces.of", { name: one.name }),
								onchange: chosen((box) =>
									act({ do: "department", what: "rename", name: one.name, faces_customers: box.checked }),
								),
							}),
							h("span", { "aria-hidden": "true" }, t("h.faces")),
						),
				),
			),
		),
		h(
			"form",
			{
				class: "inline",
				onsubmit: async (event) => {
					event.preventDefault();
					if ((await act({ do: "department", what: "add", name: ui.adding.trim() })).ok) ui.adding = "";
					document.activeElement?.blur();
					render();
				},
			},
			h(
				"label",
				{ class: "field" },
				h("span", null, t("h.department.add")),
				h("input", {
					type: "text",
					maxlength: 60,
					value: ui.adding,
					"data-testid": "department-add",
					oninput: (event) => {
						ui.adding = event.target.value;
					},
				}),
			),
			h("button", { type: "submit" }, t("h.add")),
		),
	);

const reach = (state) =>
	panel(
		"reach",
		t("h.reach"),
		h(
			"p",
			{ class: state.host.reached ? "good" : "quiet", "data-testid": "reached" },
			t(state.host.reached ? "h.reach.yes" : state.host.lan === false ? "h.reach.local" : "h.reach.no"),
		),
		(state.host.urls?.length ?? 0) > 1 &&
			h(
				"p",
				{ class: "quiet" },
				t("h.reach.other"),
				" ",
				state.host.urls.slice(1).map((one) => h("code", null, one.replace(/^https?:\/\//, ""))),
			),
		more(
			"hotspot",
			t("h.hotspot"),
			h(
				"ol",
				{ class: "numbered" },
				[1, 2, 3, 4].map((one) => h("li", null, t(`h.hotspot.${one}`))),
			),
		),
	);

export const settings = (state, tools) =>
	more(
		"settings",
		t("h.settings"),
		h(
			"label",
			{ class: "field" },
			h("span", null, t("h.language")),
			h(
				"select",
				{
					value: state.language,
					onchange: (event) => tools.act({ do: "language", to: event.target.value }),
					"data-testid": "language",
				},
				[["en", "English"], ["de", "Deutsch"], ...(state.language === "xx" ? [["xx", "Pseudo"]] : [])].map(
					([value, text]) => h("option", { value }, text),
				),
			),
		),
		h(
			"label",
			{ class: "field" },
			h("span", null, t("h.minimum")),
			h("input", {
				type: "number",
				min: 3,
				max: 100,
				value: state.minimum,
				disabled: state.scored > 0,
				onchange: (event) => tools.act({ do: "minimum", to: Number(event.target.value) }),
				"data-testid": "minimum",
			}),
			h("small", null, t(state.scored > 0 ? "h.minimum.fixed" : "h.minimum.hint")),
		),
		toggle(t("h.builds"), state.room_builds, (on) => tools.act({ do: "room_builds", on }), "room-builds"),
	);

export const rehearsal = (state, { act }) =>
	more(
		"rehearsal",
		t("h.rehearse"),
		h("p", { class: "quiet" }, t("h.rehearse.hint")),
		state.rehearsal
			? button(t("h.rehearse.stop", { n: state.rehearsal }), () => act({ do: "rehearse_stop" }), {
					"data-testid": "rehearse-stop",
				})
			: h(
					"div",
					{ class: "row" },
					[12, 30, 60].map((people) =>
						button(t("h.rehearse.start", { n: people }), () => act({ do: "rehearse", people }), {
							"data-testid": `rehearse-${people}`,
						}),
					),
				),
	);

export const joinDesk = (state, tools) => [
	reach(state),
	panel(
		"room",
		t("h.room"),
		toggle(t("h.lock"), state.locked, (on) => tools.act({ do: "lock", on }), "lock"),
		peopleBy(state),
	),
	departments(state, tools),
	settings(state, tools),
	rehearsal(state, tools),
	another(state, tools),
];

const peopleBy = (state) =>
	h(
		"ul",
		{ class: "plain-list", "data-testid": "people" },
		Object.entries(state.host.phones ?? {})
			.filter(([, n]) => n)
			.map(([name, n]) => h("li", { key: name }, h("span", null, name), h("b", null, number(n)))),
	);

// --- paper ---------------------------------------------------------------------------------------------------------------

export const paper = (state, { act, render }) => {
	const sheet = (ui.paper ??= { department: "", about: "given", count: 1, scores: {}, sheet: null, once: `${Math.random()}` });
	const change = (part) => {
		Object.assign(sheet, part);
		render();
	};
	const suppliers = state.departments.filter((one) => one.name !== sheet.department);
	const save = async (event) => {
		event.preventDefault();
		const body = { do: "paper", about: sheet.about, scores: sheet.scores };
		const answer = await act(
			sheet.sheet
				? { ...body, sheet: sheet.sheet }
				: { ...body, department: sheet.department, count: Number(sheet.count) || 1, once: sheet.once },
		);
		if (answer.ok) change({ sheet: answer.sheet ?? sheet.sheet, scores: {}, kept: true });
	};
	return more(
		"paper",
		t("h.paper"),
		h("p", { class: "quiet" }, t("h.paper.hint")),
		h(
			"form",
			{ class: "stack", onsubmit: save },
			h(
				"label",
				{ class: "field" },
				h("span", null, t("h.paper.from")),
				h(
					"select",
					{
						value: sheet.department,
						required: true,
						disabled: Boolean(sheet.sheet),
						onchange: (event) => change({ department: event.target.value, kept: false }),
						"data-testid": "paper-department",
					},
					h("option", { value: "" }, t("c.pick")),
					state.departments.map((one) => h("option", { value: one.name }, one.name)),
				),
			),
			h(
				"label",
				{ class: "field" },
				h("span", null, t("h.paper.about")),
				h(
					"select",
					{
						value: sheet.about,
						onchange: (event) => change({ about: event.target.value, scores: {}, kept: false }),
						"data-testid": "paper-about",
					},
					h("option", { value: "given" }, t("p.block.given")),
					suppliers.map((one) => h("option", { value: one.name }, t("p.block.received", { department: one.name }))),
				),
			),
			DIMENSIONS.map((name) =>
				h(
					"label",
					{ class: "line", key: name },
					h("span", null, t(`dim.${name}.short`)),
					h(
						"select",
						{
							value: sheet.scores[name] ?? "",
							onchange: (event) => {
								const scores = { ...sheet.scores };
								if (event.target.value) scores[name] = Number(event.target.value);
								else delete scores[name];
								change({ scores, kept: false });
							},
							"data-testid": `paper-${name}`,
						},
						h("option", { value: "" }, "–"),
						[1, 2, 3, 4, 5].map((one) => h("option", { value: one }, one)),
					),
				),
			),
			!sheet.sheet &&
				h(
					"label",
					{ class: "line" },
					h("span", null, t("h.paper.count")),
					h("input", {
						type: "number",
						min: 1,
						max: 200,
						value: sheet.count,
						oninput: (event) => {
							sheet.count = event.target.value;
						},
						"data-testid": "paper-count",
					}),
				),
			h(
				"div",
				{ class: "row" },
				h(
					"button",
					{
						type: "submit",
						class: "primary",
						disabled: !sheet.department || !Object.keys(sheet.scores).length,
						"data-testid": "paper-save",
					},
					t("h.paper.save"),
				),
				sheet.sheet &&
					button(
						t("h.paper.next"),
						() => {
							ui.paper = null;
							render();
						},
						{ "data-testid": "paper-next" },
					),
			),
			sheet.kept && h("p", { class: "good", role: "status" }, t("h.paper.kept")),
		),
	);
};

// --- another session

export const another = (state, { act }) =>
	more(
		"another",
		t("h.new"),
		h("p", { class: "quiet" }, t("h.new.hint")),
		h(
			"form",
			{
				class: "stack",
				onsubmit: async (event) => {
					event.preventDefault();
					const made = await post("/host/new", {
						organisation: ui.case ?? "",
						language: state.language,
						minimum: state.minimum,
					});
					if (made.ok) location.assign(made.go);
					else act({});
				},
			},
			h(
				"label",
				{ class: "field" },
				h("span", null, t("h.new.case")),
				h(
					"select",
					{
						value: ui.case ?? "",
						onchange: (event) => {
							ui.case = event.target.value;
						},
						"data-testid": "new-case",
					},
					h("option", { value: "" }, t("h.new.own")),
					(state.host.cases ?? []).map((one) => h("option", { value: one }, one.replaceAll("_", " "))),
				),
			),
			h("button", { type: "submit", "data-testid": "new-session" }, t("h.new.go")),
		),
	);
