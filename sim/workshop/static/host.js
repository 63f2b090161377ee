// The facilitator's laptop (with controls) and the wall (without): one page, drawn anew from every state.

import { button, follow, h, hiddenText, known, left, patch, post, setup, t } from "./live.js";
import { desk, ui } from "./desk.js";
import { MINUTES, PARTS, PHASES, stage } from "./stage.js";

const { code, view } = setup;
const wall = view === "screen";
const app = document.getElementById("app");
const spoken = document.getElementById("spoken");
let state = null,
	online = true,
	problem = null,
	turned = null;

/** Ask the laptop to do something; what comes of it arrives with the next state. */
export const act = async (body) => {
	const answer = await post(`/host/${code}/act`, body);
	const text = answer.ok
		? null
		: answer.offline
			? t("h.offline")
			: known(answer.error)
				? t(answer.error, answer.params)
				: t("p.refused");
	if (text !== problem) {
		problem = text;
		render();
	}
	return answer;
};

const timer = () => {
	const found = state.timer && left(state.timer);
	return (
		found &&
		h("span", { class: `clock${found.seconds ? "" : " over"}`, role: "timer", "data-testid": "timer" }, found.text)
	);
};

const steps = () => {
	const place = PHASES.indexOf(state.phase);
	return h(
		"nav",
		{ key: "steps", "aria-label": t("c.steps") },
		h(
			"ol",
			{ class: "steps" },
			PHASES.map((phase, one) => {
				const inside = [
					h("b", { "aria-hidden": "true" }, one < place ? "✓" : String(one + 1)),
					h("span", null, t(`phase.${phase}`)),
					!wall && h("small", null, t("h.minutes", { n: MINUTES[phase] })),
				];
				return h(
					"li",
					{ key: phase, class: one < place ? "past" : one === place ? "now" : null },
					wall
						? h("div", { "aria-current": one === place ? "step" : null }, inside)
						: h(
								"button",
								{
									type: "button",
									onclick: () => act({ do: "phase", to: phase }),
									"aria-current": one === place ? "step" : null,
									"data-testid": `phase-${phase}`,
								},
								inside,
							),
				);
			}),
		),
	);
};

const top = () =>
	h(
		"header",
		{ key: "top" },
		h(
			"div",
			{ class: "bar" },
			h(
				"div",
				{ class: "brand" },
				h("i", { class: "mark", "aria-hidden": "true" }),
				h("span", null, t("c.brand")),
				state.title && h("span", { class: "quiet title" }, state.title),
			),
			!online && h("span", { class: "lost", role: "status", "data-testid": "offline" }, t("h.offline")),
			timer(),
			h("span", { class: "code", "data-testid": "bar-code" }, hiddenText(`${t("c.code")} `), state.code),
			h("span", { class: "quiet here", "data-testid": "bar-joined" }, t("h.here", { n: state.joined })),
			!wall &&
				h(
					"a",
					{ class: "button", href: `/screen/${code}`, target: "_blank", rel: "noopener", "data-testid": "open-screen" },
					t("h.screen"),
				),
		),
		steps(),
	);

const wallTabs = (shown) =>
	shown.length > 1 &&
	h(
		"div",
		{ key: "tabs", class: "walltabs", role: "group", "aria-label": t("h.parts") },
		shown.map((name) =>
			button(
				t(`h.part.${name}`),
				() => {
					turned = name;
					render();
				},
				{ key: name, "aria-pressed": String(name === turned || (!turned && name === shown.at(-1))) },
			),
		),
	);

function render() {
	if (!state) return;
	const shown = state.shown.filter((one) => PARTS.includes(one));
	if (turned && !shown.includes(turned)) turned = null;
	const picture = wall ? (turned ?? shown.at(-1)) : ui.picture;
	const scene = stage(state, { wall, picture, onRemove: wall ? null : (id) => act({ do: "commit_remove", id }) });
	patch(
		app,
		top(),
		h(
			"div",
			{ key: "body", class: "body" },
			h(
				"main",
				{
					key: "stage",
					id: "stage",
					tabindex: -1,
					"data-phase": state.phase,
					"data-picture": state.phase === "reveal" ? picture : null,
				},
				h("div", { key: `${state.phase}-${state.phase === "reveal" ? picture : ""}`, class: "scene" }, scene),
				wall && state.phase === "reveal" && wallTabs(shown),
			),
			!wall &&
				h(
					"aside",
					{ key: "desk", id: "desk", "aria-label": t("h.desk") },
					problem && h("p", { class: "problem", role: "alert", "data-testid": "problem" }, problem),
					(state.host.warnings ?? []).map((one) =>
						h("p", { class: "problem", role: "status" }, known(one.key) ? t(one.key, one.params) : one.key),
					),
					desk(state, { act, render }),
				),
		),
	);
}

follow(`/host/${code}/events`, {
	onLine: (up) => {
		if (online === up) return;
		online = up;
		render();
	},
	onState: (next) => {
		if (next.language !== setup.language) return location.reload();
		if (state && state.phase !== next.phase) {
			spoken.textContent = t("p.spoken", { phase: t(`phase.${next.phase}`) });
			scrollTo(0, 0);
		}
		if (state) turned = next.shown.find((one) => PARTS.includes(one) && !state.shown.includes(one)) ?? turned; // what was shown last stands on the wall
		state = next;
		render();
	},
});
setInterval(() => {
	const clock = state?.timer && app.querySelector(".clock");
	if (clock) render();
}, 1000);

if (wall)
	addEventListener("keydown", (event) => {
		const shown = state?.shown.filter((one) => PARTS.includes(one)) ?? [];
		const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
		if (!way || !shown.length) return;
		turned = shown[(shown.indexOf(turned ?? shown.at(-1)) + way + shown.length) % shown.length];
		render();
	});
