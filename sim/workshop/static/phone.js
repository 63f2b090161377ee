// What a participant sees. One page that follows the room; what is tapped is kept here until the laptop has it.

import {
	button,
	choice,
	DIMENSIONS,
	follow,
	h,
	heard,
	hiddenText,
	known,
	left,
	number,
	outbox,
	patch,
	remembered,
	setup,
	sign,
	t,
} from "./live.js";

const { code } = setup;
const base = `/j/${code}`;
const app = document.getElementById("app");
const spoken = document.getElementById("spoken");
const PHASES = ["join", "score", "predict", "reveal", "change", "commit", "close"];
const NOBODY = { department: null, given: {}, received: {}, prediction: null, extra: [] };

let state = null,
	online = true,
	open = null,
	wish = {},
	problem = null,
	behind = null;
const store = remembered(`me-${code}`, null);
let me = store.get();
const draft = remembered(`draft-${code}`, { who: "", what: "", when: "" });

const keep = (next) => {
	me = next;
	store.set(next);
};

const box = outbox(`out-${code}`, {
	onChange: () => render(),
	onAnswer: (sent, answer) => {
		if (answer.ok) {
			problem = null;
			if (sent.key === "commit") wish.promised = true;
			return;
		}
		problem = known(answer.error) ? t(answer.error, answer.params) : t("p.refused");
		if (sent.key === "join" || sent.key === "department") keep(sent.before ?? null);
		if (answer.error?.includes("join") || answer.error?.includes("participant")) keep(null);
	},
});
const send = (what, body, key = what) => {
	problem = null;
	return box.send(`${base}/${what}`, body, key);
};

/** What we said that we cannot say, which only this phone keeps. */
const unsaid = (scores = {}) => Object.fromEntries(Object.entries(scores).filter(([, value]) => value === null));

/** What the laptop knows of us, with what it has not heard yet on top. */
const recall = async () => {
	if (!me) return;
	try {
		const answer = await fetch(`${base}/me`, { credentials: "same-origin" });
		heard(answer);
		if (answer.status !== 200 && answer.status !== 403) return;
		const { me: found } = await answer.json();
		if (box.waiting().length) return;
		if (!found) keep(null);
		else if (found.department) {
			const received = { ...found.received };
			for (const name in received) received[name] = { ...unsaid(me.received[name]), ...received[name] };
			keep({ ...NOBODY, ...found, extra: me.extra ?? [], given: { ...unsaid(me.given), ...found.given }, received });
		}
		render();
	} catch {}
};

// --- the service we give, and that of each department which serves us ---------------------------------------------------

const mine = () => state.departments.find((one) => one.name === me.department);
const blocks = () => {
	const names = [...new Set([...(mine()?.suppliers ?? []), ...Object.keys(me.received), ...me.extra])];
	return [
		{ about: "given" },
		...names
			.filter((name) => name !== me.department && state.departments.some((one) => one.name === name))
			.map((name) => ({ about: name })),
	];
};
const answers = (about) => (about === "given" ? me.given : me.received[about]) ?? {};
const answered = (about) => DIMENSIONS.filter((one) => one in answers(about)).length;
const titled = (about) => (about === "given" ? t("p.block.given") : t("p.block.received", { department: about }));

const score = (about, name, value) => {
	const scores = { ...answers(about), [name]: value };
	keep(about === "given" ? { ...me, given: scores } : { ...me, received: { ...me.received, [about]: scores } });
	send("score", { about, scores }, `score-${about}`);
};

const question = (about, name, place) => {
	const side = about === "given" ? "given" : "received";
	const low = t(`dim.${name}.low`),
		high = t(`dim.${name}.high`);
	const value = answers(about)[name];
	const choices = [1, 2, 3, 4, 5].map((one) => ({
		value: String(one),
		text: String(one),
		spoken: one === 1 ? `1: ${low}` : one === 5 ? `5: ${high}` : String(one),
	}));
	return choice(
		`${side}-${name}`,
		[
			h("b", { class: "count", "aria-hidden": "true" }, `${place + 1}`),
			h("span", null, t(`dim.${name}.${side}`, { department: about })),
		],
		[...choices, { value: "none", text: t("p.cannot"), class: "cannot", spoken: t("p.cannot") }],
		value === null ? "none" : value == null ? null : String(value),
		(picked) => score(about, name, picked === "none" ? null : Number(picked)),
		{
			key: name,
			class: "five",
			below: h("div", { class: "ends", "aria-hidden": "true" }, h("span", null, low), h("span", null, high)),
		},
	);
};

const meter = (done, of, word) =>
	h(
		"div",
		{
			class: "meter",
			role: "progressbar",
			"aria-valuemin": 0,
			"aria-valuemax": of,
			"aria-valuenow": done,
			"aria-label": word,
		},
		h("i", { css: { width: `${(100 * done) / (of || 1)}%` } }),
	);

const blockPage = (about) => {
	const all = blocks();
	const next = all[all.findIndex((one) => one.about === about) + 1];
	const done = answered(about);
	return [
		h("p", { class: "kicker" }, t("p.block.done", { done, of: DIMENSIONS.length })),
		h("h1", { tabindex: -1 }, titled(about)),
		meter(done, DIMENSIONS.length, t("p.block.done", { done, of: DIMENSIONS.length })),
		h(
			"p",
			{ class: "lead" },
			t(about === "given" ? "p.block.given.hint" : "p.block.received.hint", { department: about }),
		),
		h(
			"form",
			{ key: `block-${about}`, onsubmit: (event) => event.preventDefault() },
			DIMENSIONS.map((name, place) => question(about, name, place)),
		),
		h(
			"div",
			{ class: "row end" },
			button(t("p.block.back"), () => go(null), { class: "plain", "data-testid": "block-back" }),
			next
				? button(t("p.block.next", { title: titled(next.about) }), () => go(next.about), {
						class: "primary",
						"data-testid": "block-next",
					})
				: button(t("p.block.finish"), () => go(null), { class: "primary", "data-testid": "block-finish" }),
		),
	];
};

const scorePage = () => {
	const all = blocks();
	const complete = all.filter((one) => answered(one.about) === DIMENSIONS.length).length;
	const others = state.departments.filter(
		(one) => one.name !== me.department && !all.some((block) => block.about === one.name),
	);
	return [
		h("p", { class: "kicker" }, me.department),
		h("h1", { tabindex: -1 }, complete === all.length ? t("p.score.done") : t("p.score.title")),
		h("p", { class: "lead" }, complete === all.length ? t("p.score.done.hint") : t("p.score.hint")),
		h("p", { class: "quiet", id: "progress" }, t("p.score.progress", { done: complete, of: all.length })),
		meter(complete, all.length, t("p.score.progress", { done: complete, of: all.length })),
		h(
			"ul",
			{ class: "cards" },
			all.map(({ about }) => {
				const done = answered(about);
				return h(
					"li",
					{ key: about },
					h(
						"button",
						{
							type: "button",
							class: `card ${done === DIMENSIONS.length ? "done" : done ? "part" : ""}`,
							onclick: () => go(about),
							"data-testid": `block-${about}`,
						},
						h(
							"span",
							null,
							h("strong", null, titled(about)),
							h("small", null, done ? t("p.block.done", { done, of: DIMENSIONS.length }) : t("p.block.open")),
						),
						h("i", { class: "tick", "aria-hidden": "true" }, done === DIMENSIONS.length ? "✓" : "›"),
					),
				);
			}),
		),
		others.length > 0 &&
			h(
				"label",
				{ class: "field" },
				h("span", null, t("p.another")),
				h(
					"select",
					{
						value: "",
						"data-testid": "another",
						onchange: (event) => {
							const name = event.target.value;
							event.target.value = "";
							if (name) {
								keep({ ...me, extra: [...new Set([...me.extra, name])] });
								go(name);
							}
						},
					},
					h("option", { value: "" }, t("p.another.pick")),
					others.map((one) => h("option", { value: one.name }, one.name)),
				),
			),
		h("p", { class: "note" }, t("p.anonymous", { minimum: state.minimum })),
	];
};

// --- join ------------------------------------------------------------------------------------------------------------------

const join = (name) => {
	const before = me;
	keep({ ...NOBODY, ...(me ?? {}), department: name });
	wish.change = false;
	open = null;
	const added = !state.departments.some((one) => one.name === name);
	if (!before) send("join", added ? {} : { department: name });
	if (before || added) send("department", { name });
	focusTitle();
};

const joinPage = () => {
	if (state.locked && !me)
		return [h("h1", { tabindex: -1 }, t("p.locked")), h("p", { class: "lead" }, t("p.locked.hint"))];
	const typed = (wish.name ?? "").trim();
	return [
		h("p", { class: "kicker" }, state.title || state.organisation),
		h("h1", { tabindex: -1 }, t("p.join.title")),
		h("p", { class: "lead" }, t("p.join.hint")),
		h(
			"form",
			{
				onsubmit: (event) => {
					event.preventDefault();
					const name = wish.pick === "" ? typed : wish.pick;
					if (name) join(name);
				},
			},
			state.departments.length > 0 &&
				choice(
					"department",
					t("p.join.legend"),
					[
						...state.departments.map((one) => ({
							value: one.name,
							text: [h("strong", null, one.name), one.kind === "contractor" && h("small", null, t("p.contractor"))],
							spoken: one.name,
						})),
						...(state.room_builds
							? [{ value: "", text: h("strong", null, t("p.join.other")), spoken: t("p.join.other") }]
							: []),
					],
					wish.pick ?? me?.department ?? null,
					(name) => {
						wish.pick = name;
						render();
					},
					{ class: "list" },
				),
			state.room_builds &&
				(wish.pick === "" || !state.departments.length) &&
				h(
					"label",
					{ class: "field" },
					h("span", null, t("p.join.name")),
					h("input", {
						type: "text",
						maxlength: 60,
						autocomplete: "off",
						value: wish.name ?? "",
						"data-testid": "department-name",
						oninput: (event) => {
							wish.name = event.target.value;
							wish.pick = "";
							render();
						},
					}),
				),
			h(
				"button",
				{
					type: "submit",
					class: "primary wide-button",
					disabled: !(wish.pick || ((wish.pick === "" || !state.departments.length) && typed)),
					"data-testid": "join",
				},
				t("p.join.go"),
			),
		),
		h("p", { class: "note" }, t("p.anonymous", { minimum: state.minimum })),
	];
};

const waitPage = () => [
	h("p", { class: "kicker" }, t("p.in")),
	h("h1", { tabindex: -1 }, me.department),
	h("p", { class: "lead" }, t("p.wait.join")),
	h("p", { class: "big" }, h("b", null, number(state.joined)), " ", t("p.here", { n: state.joined })),
	!state.locked &&
		button(
			t("p.change.department"),
			() => {
				wish = { change: true };
				render();
			},
			{ class: "plain", "data-testid": "change-department" },
		),
	h("p", { class: "note" }, t("p.anonymous", { minimum: state.minimum })),
];

// --- predict -----------------------------------------------------------------------------------------------------------------

const predictPage = () => {
	if (me.prediction && !wish.guess) {
		const { hired, share, weakest } = me.prediction;
		return [
			h("p", { class: "kicker" }, t("phase.predict")),
			h("h1", { tabindex: -1 }, t("p.predict.kept")),
			h(
				"dl",
				{ class: "pairs" },
				[
					[t("p.predict.hired.short"), [sign(hired), t(hired === "yes" ? "c.yes" : "c.no")]],
					[t("p.predict.share.short"), t("p.predict.of", { n: Math.round(share / 10) })],
					[t("p.predict.weakest.short"), weakest],
				].map(([term, text]) => h("div", null, h("dt", null, term), h("dd", null, text))),
			),
			h("p", { class: "lead" }, t("p.wait.predict", { predicted: state.predicted, joined: state.joined })),
			button(
				t("p.predict.again"),
				() => {
					wish.guess = { ...me.prediction };
					render();
					focusTitle();
				},
				{ class: "plain", "data-testid": "predict-again" },
			),
			unfinished(),
		];
	}
	const guess = (wish.guess ??= {});
	const change = (part) => {
		Object.assign(guess, part);
		render();
	};
	return [
		h("p", { class: "kicker" }, t("phase.predict")),
		h("h1", { tabindex: -1 }, t("p.predict.title")),
		h("p", { class: "lead" }, t("p.predict.hint")),
		h(
			"form",
			{
				onsubmit: (event) => {
					event.preventDefault();
					keep({ ...me, prediction: { ...guess } });
					wish.guess = null;
					send("predict", { ...me.prediction });
					focusTitle();
				},
			},
			choice(
				"hired",
				t("p.predict.hired"),
				["yes", "no"].map((one) => ({ value: one, text: [sign(one), t(`c.${one}`)], spoken: t(`c.${one}`) })),
				guess.hired ?? null,
				(hired) => change({ hired }),
				{ class: "two" },
			),
			choice(
				"share",
				t("p.predict.share"),
				Array.from({ length: 11 }, (_, one) => ({
					value: String(10 * one),
					text: number(one),
					spoken: t("p.predict.of", { n: one }),
				})),
				guess.share == null ? null : String(guess.share),
				(share) => change({ share: Number(share) }),
				{ class: "ten" },
			),
			h(
				"label",
				{ class: "field" },
				h("span", null, t("p.predict.weakest")),
				h(
					"select",
					{
						value: guess.weakest ?? "",
						required: true,
						"data-testid": "weakest",
						onchange: (event) => change({ weakest: event.target.value }),
					},
					h("option", { value: "", disabled: true }, t("c.pick")),
					state.departments.map((one) => h("option", { value: one.name }, one.name)),
				),
			),
			h(
				"button",
				{
					type: "submit",
					class: "primary wide-button",
					disabled: !(guess.hired && guess.share != null && guess.weakest),
					"data-testid": "predict",
				},
				t("p.predict.go"),
			),
		),
		h("p", { class: "note" }, t("p.predict.note")),
		unfinished(),
	];
};

const unfinished = () => {
	const open = blocks().filter((one) => answered(one.about) < DIMENSIONS.length).length;
	return (
		open > 0 &&
		button(
			t("p.unfinished", { n: open }),
			() => {
				wish.scoring = true;
				go(null);
			},
			{ class: "plain", "data-testid": "finish-scores" },
		)
	);
};

// --- reveal, change, commit --------------------------------------------------------------------------------------------------

let mirror = null,
	fetching = false;

/** Pictures and verdicts are fetched when the first is near, so that joining is quick. */
const fetchMirror = async () => {
	if (mirror || fetching) return;
	fetching = true;
	try {
		mirror = await import("./mirror.js");
		render();
	} catch {}
	fetching = false;
};
const ownGap = () => mirror?.ownGap(state, me.department);
const ownVerdict = () => mirror?.ownVerdict(state, me.department);
const effectPart = () => mirror?.effectPart(state, me.department);

const revealPage = () => {
	const parts = [ownVerdict(), ownGap()].filter(Boolean);
	return [
		h("p", { class: "kicker" }, me.department),
		h("h1", { tabindex: -1 }, t(parts.length ? "p.reveal.title" : "p.reveal.wait")),
		!parts.length && h("p", { class: "lead" }, t("p.look")),
		parts,
	];
};

const changePage = () => {
	const part = effectPart();
	return [
		h("p", { class: "kicker" }, t("phase.change")),
		h("h1", { tabindex: -1 }, t("p.change.title")),
		part ?? h("p", { class: "lead" }, t("p.look")),
	];
};

const promises = () =>
	state.commitments.length > 0 &&
	h(
		"section",
		{ key: "promises" },
		h("h2", null, t("p.commit.list", { n: state.commitments.length })),
		h(
			"ul",
			{ class: "promises", "data-testid": "commitments" },
			state.commitments.map((one) =>
				h("li", { key: one.id }, h("b", null, one.who), h("span", null, one.what), h("small", null, one.when)),
			),
		),
	);

const commitPage = () => {
	const text = draft.get();
	const field = (name, long) =>
		h(
			"label",
			{ class: "field", key: name },
			h("span", null, t(`p.commit.${name}`)),
			h(long ? "textarea" : "input", {
				type: long ? null : "text",
				maxlength: 200,
				rows: long ? 3 : null,
				value: text[name],
				placeholder: t(`p.commit.${name}.example`),
				"data-testid": `commit-${name}`,
				autocomplete: "off",
				oninput: (event) => {
					draft.set({ ...draft.get(), [name]: event.target.value });
					wish.promised = false;
					render();
				},
			}),
		);
	return [
		h("p", { class: "kicker" }, t("phase.commit")),
		h("h1", { tabindex: -1 }, t("p.commit.title")),
		h("p", { class: "lead" }, t("p.commit.hint")),
		h(
			"form",
			{
				onsubmit: (event) => {
					event.preventDefault();
					const said = draft.get();
					draft.set({ ...said, what: "", when: "" });
					document.activeElement?.blur();
					const once = `${Date.now()}-${Math.random()}`; // sent again, it is still the same one
					send("commit", { ...said, once }, `commit-${once}`);
					wish.promised = true;
					render();
				},
			},
			field("what", true),
			field("who"),
			field("when"),
			h(
				"button",
				{
					type: "submit",
					class: "primary wide-button",
					disabled: !(text.who.trim() && text.what.trim() && text.when.trim()),
					"data-testid": "commit",
				},
				t("p.commit.go"),
			),
		),
		wish.promised && h("p", { class: "good", role: "status" }, t("p.commit.done")),
		promises(),
		effectPart(),
	];
};

const closePage = () => [
	h("p", { class: "kicker" }, t("phase.close")),
	h("h1", { tabindex: -1 }, t("p.close.title")),
	h("p", { class: "lead" }, t("p.close.hint")),
	promises(),
	ownVerdict(),
	ownGap(),
];

// --- the page ------------------------------------------------------------------------------------------------------------------

const PAGES = {
	join: waitPage,
	score: scorePage,
	predict: predictPage,
	reveal: revealPage,
	change: changePage,
	commit: commitPage,
	close: closePage,
};
const scoring = () => state.phase === "score" || state.phase === "predict";

const current = () => {
	if (!me?.department || wish.change) return { name: "join", parts: joinPage() };
	if (open && scoring()) return { name: `block-${open}`, parts: blockPage(open) };
	if (wish.scoring && state.phase === "predict")
		return {
			name: "score",
			parts: [
				...scorePage(),
				button(
					t("p.predict.to"),
					() => {
						wish.scoring = false;
						go(null);
					},
					{ class: "primary wide-button" },
				),
			],
		};
	return { name: state.phase, parts: PAGES[state.phase]() };
};

const focusTitle = () => {
	render();
	scrollTo(0, 0);
	app.querySelector("h1")?.focus({ preventScroll: true });
};
const go = (about) => {
	open = about;
	focusTitle();
};

const top = () => {
	const place = PHASES.indexOf(state.phase);
	const timer = state.timer && left(state.timer);
	return h(
		"header",
		{ key: "top" },
		h(
			"div",
			{ class: "brand" },
			h("i", { class: "mark", "aria-hidden": "true" }),
			h("span", null, t("c.brand")),
			h("span", { class: "code" }, hiddenText(`${t("c.code")} `), state.code ?? code),
		),
		h(
			"ol",
			{ class: "steps", "aria-label": t("c.steps") },
			PHASES.map((phase, one) =>
				h(
					"li",
					{ class: one < place ? "past" : one === place ? "now" : null, "aria-current": one === place ? "step" : null },
					h("span", null, t(`phase.${phase}`)),
				),
			),
		),
		h(
			"div",
			{ class: "where" },
			h("span", null, t(`phase.${state.phase}`)),
			timer && h("span", { class: timer.seconds ? "" : "over", "data-testid": "timer" }, timer.text),
		),
	);
};

const notices = () => {
	const waiting = box.waiting().length;
	return h(
		"div",
		{ key: "notices", class: "notices", role: "status" },
		(!online || box.stuck()) &&
			h(
				"p",
				{ class: "offline", "data-testid": "offline" },
				waiting ? t("p.offline.waiting", { n: waiting }) : t("p.offline"),
			),
		problem && h("p", { class: "problem", "data-testid": "problem" }, problem),
		behind &&
			open &&
			state.phase !== behind &&
			h(
				"p",
				{ class: "moved" },
				t("p.moved", { phase: t(`phase.${state.phase}`) }),
				" ",
				button(
					t("p.moved.go"),
					() => {
						behind = null;
						go(null);
					},
					{ class: "link" },
				),
			),
	);
};

function render() {
	if (!state) return;
	if (PHASES.indexOf(state.phase) > 1) fetchMirror();
	const { name, parts } = current();
	patch(
		app,
		top(),
		notices(),
		h(
			"main",
			{
				key: `main-${name}`,
				id: "main",
				"data-phase": state.phase,
				"data-page": name,
				class: name.startsWith("block") ? "block" : null,
			},
			parts,
		),
	);
}

follow(`${base}/events`, {
	onLine: (up) => {
		if (online === up) return;
		online = up;
		if (up) recall();
		box.flush();
		render();
	},
	onState: (next) => {
		if (next.language !== setup.language) return location.reload();
		const moved = state && state.phase !== next.phase;
		if (moved && open) behind = state.phase;
		if (moved && !(next.phase === "predict" && open)) open = null;
		const first = !state;
		state = next;
		if (moved) {
			wish = { ...wish, scoring: false, promised: false };
			spoken.textContent = t("p.spoken", { phase: t(`phase.${state.phase}`) });
		}
		const lost = moved && !open && !["INPUT", "TEXTAREA", "SELECT"].includes(document.activeElement?.tagName);
		render();
		if (lost) scrollTo(0, 0);
		if (first) box.flush();
	},
});
setInterval(() => state?.timer && render(), 1000);
addEventListener("online", () => box.flush());
recall();
