// The facilitator's controls beside the stage, by phase.

import { button, h, known, t } from "./live.js";
import { code, more, panel, toggle, ui } from "./controls.js";
import { changeDesk, revealDesk } from "./desk_figures.js";
import { another, departments, joinDesk, paper, rehearsal, settings } from "./desk_room.js";
import { MINUTES, PHASES } from "./stage.js";

export { ui } from "./controls.js";

const cue = (state, { act }) => {
	const next = PHASES[PHASES.indexOf(state.phase) + 1];
	const minutes = MINUTES[state.phase];
	return panel(
		"cue",
		null,
		h("p", { class: "prompt" }, t(`h.prompt.${state.phase}`)),
		h(
			"div",
			{ class: "row" },
			state.timer
				? button(t("h.timer.stop"), () => act({ do: "timer", stop: true }), { "data-testid": "timer-stop" })
				: button(t("h.timer.start", { n: minutes }), () => act({ do: "timer", minutes }), {
						"data-testid": "timer-start",
					}),
			next &&
				button(t("h.next", { phase: t(`phase.${next}`) }), () => act({ do: "phase", to: next }), {
					class: "primary",
					"data-testid": "next",
				}),
		),
	);
};

const running = ({ running: one }) =>
	one &&
	panel(
		"running",
		null,
		h(
			"p",
			{ class: "quiet", role: "status", "data-testid": "running" },
			t(known(`h.running.${one.what}`) ? `h.running.${one.what}` : "h.running", one),
		),
		h("div", { class: "meter" }, h("i", { css: { width: `${(100 * one.done) / (one.of || 1)}%` } })),
	);

// --- commit and close -------------------------------------------------------------------------------------------------------

const commitDesk = (state, { act, render }) => {
	const said = (ui.promise ??= { who: "", what: "", when: "" });
	const field = (name) =>
		h(
			"label",
			{ class: "field", key: name },
			h("span", null, t(`p.commit.${name}`)),
			h("input", {
				type: "text",
				maxlength: 200,
				value: said[name],
				oninput: (event) => {
					said[name] = event.target.value;
				},
				"data-testid": `commit-${name}`,
			}),
		);
	return [
		panel(
			"add",
			t("h.commit.add"),
			h(
				"form",
				{
					class: "stack",
					onsubmit: async (event) => {
						event.preventDefault();
						document.activeElement?.blur();
						if ((await act({ do: "commit", ...said, once: (ui.promise.once ??= `${Math.random()}`) })).ok) ui.promise = null;
						render();
					},
				},
				field("what"),
				field("who"),
				field("when"),
				h("button", { type: "submit", "data-testid": "commit" }, t("h.add")),
			),
		),
		exports(state, { act }),
	];
};

const link = (href, text, testid, download) =>
	h(
		"a",
		{
			class: "button",
			href,
			download: download ? "" : null,
			target: download ? null : "_blank",
			rel: "noopener",
			"data-testid": testid,
		},
		text,
	);
const exports = (state, { act }) =>
	panel(
		"export",
		t("h.export"),
		h(
			"div",
			{ class: "row" },
			link(`/host/${code}/print`, t("h.export.print"), "print"),
			link(`/host/${code}/export/commitments.csv`, t("h.export.commitments"), "export-commitments", true),
			link(`/host/${code}/export/scores.csv`, t("h.export.scores"), "export-scores", true),
			link(`/host/${code}/export/share.json`, t("h.export.share"), "export-share", true),
		),
		h("p", { class: "quiet" }, t("h.export.hint", { minimum: state.minimum })),
	);

const wipe = (state, { act }) =>
	more(
		"wipe",
		t("h.wipe"),
		h("p", { class: "quiet" }, t("h.wipe.hint", { code: state.code })),
		h(
			"form",
			{
				class: "inline",
				onsubmit: async (event) => {
					event.preventDefault();
					if ((await act({ do: "wipe", confirm: ui.wiping ?? "" })).ok) location.assign("/");
				},
			},
			h(
				"label",
				{ class: "field" },
				h("span", null, t("c.code")),
				h("input", {
					type: "text",
					autocomplete: "off",
					value: ui.wiping ?? "",
					oninput: (event) => {
						ui.wiping = event.target.value;
					},
					"data-testid": "wipe-code",
				}),
			),
			h("button", { type: "submit", "data-testid": "wipe" }, t("h.wipe.go")),
		),
	);

// --- the desk ---------------------------------------------------------------------------------------------------------------

export const desk = (state, tools) => {
	ui.render = tools.render;
	const parts = {
		join: () => joinDesk(state, tools),
		score: () => [
			panel(
				"room",
				t("h.room"),
				toggle(t("h.lock"), state.locked, (on) => tools.act({ do: "lock", on }), "lock"),
			),
			paper(state, tools),
			departments(state, tools),
			rehearsal(state, tools),
			settings(state, tools),
		],
		predict: () => [
			paper(state, tools),
			panel(
				"room",
				t("h.room"),
				toggle(t("h.lock"), state.locked, (on) => tools.act({ do: "lock", on }), "lock"),
			),
		],
		reveal: () => revealDesk(state, tools),
		change: () => changeDesk(state, tools),
		commit: () => commitDesk(state, tools),
		close: () => [exports(state, tools), another(state, tools), wipe(state, tools)],
	};
	return [cue(state, tools), running(state), parts[state.phase]()];
};
