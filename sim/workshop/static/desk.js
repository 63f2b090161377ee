// The facilitator's controls beside the stage, by phase.

import { button, DIMENSIONS, h, known, number, paced, post, setup, t } from "./live.js";
import { MINUTES, PARTS, PHASES } from "./stage.js";
import { changeWords, leverName, leverValue } from "./say.js";
import { savePicture } from "./save.js";

/** What this screen alone knows: which picture is on the stage, what is being typed or dragged. */
export const ui = { picture: "prediction", drag: {}, paper: null, adding: "", sent: null };

const code = setup.code;

/** A switch or list shows what was chosen until the laptop has answered. */
const chosen = (call) => async (event) => {
  const one = event.target;
  one.held = true;
  await call(one);
  setTimeout(() => { one.held = false; ui.render?.(); }, 400);
};
const panel = (key, title, ...kids) => h("section", { key, class: "desk-panel" }, title && h("h2", null, title), kids);
const more = (key, title, ...kids) => h("details", { key, class: "desk-more" }, h("summary", null, title), h("div", null, kids));
const toggle = (text, on, onchange, testid) => h("label", { class: "switch", key: testid }, h("input", { type: "checkbox", role: "switch", checked: on, onchange: chosen((one) => onchange(one.checked)), "data-testid": testid }), h("span", null, text));

const cue = (state, { act }) => {
  const next = PHASES[PHASES.indexOf(state.phase) + 1];
  const minutes = MINUTES[state.phase];
  return panel("cue", null,
    h("p", { class: "prompt" }, t(`h.prompt.${state.phase}`)),
    h("div", { class: "row" },
      state.timer ? button(t("h.timer.stop"), () => act({ do: "timer", stop: true }), { "data-testid": "timer-stop" }) : button(t("h.timer.start", { n: minutes }), () => act({ do: "timer", minutes }), { "data-testid": "timer-start" }),
      next && button(t("h.next", { phase: t(`phase.${next}`) }), () => act({ do: "phase", to: next }), { class: "primary", "data-testid": "next" })));
};

const running = ({ running: one }) => one && panel("running", null, h("p", { class: "quiet", role: "status", "data-testid": "running" }, t(known(`h.running.${one.what}`) ? `h.running.${one.what}` : "h.running", one)), h("div", { class: "meter" }, h("i", { css: { width: `${(100 * one.done) / (one.of || 1)}%` } })));

const focusPicker = (state, { act }, hint) => h("label", { class: "field", key: "focus" }, h("span", null, hint ?? t("h.focus")),
  h("select", { value: state.focus ?? "", onchange: chosen((one) => act({ do: "focus", department: one.value || null })), "data-testid": "focus" },
    h("option", { value: "" }, t("h.focus.all")), state.departments.map((one) => h("option", { key: one.name, value: one.name }, one.name))));

// --- join -----------------------------------------------------------------------------------------------------------------

const departments = (state, { act, render }) => more("departments", t("h.departments", { n: state.departments.length }),
  h("ul", { class: "departments" }, state.departments.map((one) => h("li", { key: one.name },
    h("strong", null, one.name), button(t("h.remove"), () => act({ do: "department", what: "remove", name: one.name }), { class: "link", "aria-label": t("h.remove.of", { name: one.name }) }),
    h("label", { class: "staff" }, h("span", null, t("h.staff")), h("input", { type: "number", min: 1, value: one.staff ?? "", "aria-label": t("h.staff.of", { name: one.name }), onchange: (event) => act({ do: "department", what: "rename", name: one.name, staff: Number(event.target.value) }) })),
    one.faces_customers != null && h("label", { class: "switch" }, h("input", { type: "checkbox", role: "switch", checked: one.faces_customers, "aria-label": t("h.faces.of", { name: one.name }), onchange: chosen((box) => act({ do: "department", what: "rename", name: one.name, faces_customers: box.checked })) }), h("span", { "aria-hidden": "true" }, t("h.faces")))))),
  h("form", { class: "inline", onsubmit: async (event) => { event.preventDefault(); if ((await act({ do: "department", what: "add", name: ui.adding.trim() })).ok) ui.adding = ""; document.activeElement?.blur(); render(); } },
    h("label", { class: "field" }, h("span", null, t("h.department.add")), h("input", { type: "text", maxlength: 60, value: ui.adding, "data-testid": "department-add", oninput: (event) => { ui.adding = event.target.value; } })),
    h("button", { type: "submit" }, t("h.add"))));

const reach = (state) => panel("reach", t("h.reach"),
  h("p", { class: state.host.reached ? "good" : "quiet", "data-testid": "reached" }, t(state.host.reached ? "h.reach.yes" : state.host.lan === false ? "h.reach.local" : "h.reach.no")),
  (state.host.urls?.length ?? 0) > 1 && h("p", { class: "quiet" }, t("h.reach.other"), " ", state.host.urls.slice(1).map((one) => h("code", null, one.replace(/^https?:\/\//, "")))),
  more("hotspot", t("h.hotspot"), h("ol", { class: "numbered" }, [1, 2, 3, 4].map((one) => h("li", null, t(`h.hotspot.${one}`))))));

const settings = (state, tools) => more("settings", t("h.settings"),
  h("label", { class: "field" }, h("span", null, t("h.language")), h("select", { value: state.language, onchange: (event) => tools.act({ do: "language", to: event.target.value }), "data-testid": "language" },
    [["en", "English"], ["de", "Deutsch"], ...(state.language === "xx" ? [["xx", "Pseudo"]] : [])].map(([value, text]) => h("option", { value }, text)))),
  h("label", { class: "field" }, h("span", null, t("h.minimum")), h("input", { type: "number", min: 3, max: 100, value: state.minimum, disabled: state.scored > 0, onchange: (event) => tools.act({ do: "minimum", to: Number(event.target.value) }), "data-testid": "minimum" }), h("small", null, t(state.scored > 0 ? "h.minimum.fixed" : "h.minimum.hint"))),
  toggle(t("h.builds"), state.room_builds, (on) => tools.act({ do: "room_builds", on }), "room-builds"));

const rehearsal = (state, { act }) => more("rehearsal", t("h.rehearse"),
  h("p", { class: "quiet" }, t("h.rehearse.hint")),
  state.rehearsal ? button(t("h.rehearse.stop", { n: state.rehearsal }), () => act({ do: "rehearse_stop" }), { "data-testid": "rehearse-stop" })
    : h("div", { class: "row" }, [12, 30, 60].map((people) => button(t("h.rehearse.start", { n: people }), () => act({ do: "rehearse", people }), { "data-testid": `rehearse-${people}` }))));

const joinDesk = (state, tools) => [reach(state),
  panel("room", t("h.room"), toggle(t("h.lock"), state.locked, (on) => tools.act({ do: "lock", on }), "lock"), peopleBy(state)),
  departments(state, tools), settings(state, tools), rehearsal(state, tools), another(state, tools)];

const peopleBy = (state) => h("ul", { class: "plain-list", "data-testid": "people" }, Object.entries(state.host.phones ?? {}).filter(([, n]) => n).map(([name, n]) => h("li", { key: name }, h("span", null, name), h("b", null, number(n)))));

// --- paper ---------------------------------------------------------------------------------------------------------------

const paper = (state, { act, render }) => {
  const sheet = (ui.paper ??= { department: "", about: "given", count: 1, scores: {}, sheet: null });
  const change = (part) => { Object.assign(sheet, part); render(); };
  const suppliers = state.departments.filter((one) => one.name !== sheet.department);
  const save = async (event) => {
    event.preventDefault();
    const body = { do: "paper", about: sheet.about, scores: sheet.scores };
    const answer = await act(sheet.sheet ? { ...body, sheet: sheet.sheet } : { ...body, department: sheet.department, count: Number(sheet.count) || 1 });
    if (answer.ok) change({ sheet: answer.sheet ?? sheet.sheet, scores: {}, kept: true });
  };
  return more("paper", t("h.paper"),
    h("p", { class: "quiet" }, t("h.paper.hint")),
    h("form", { class: "stack", onsubmit: save },
      h("label", { class: "field" }, h("span", null, t("h.paper.from")), h("select", { value: sheet.department, required: true, disabled: Boolean(sheet.sheet), onchange: (event) => change({ department: event.target.value, kept: false }), "data-testid": "paper-department" }, h("option", { value: "" }, t("c.pick")), state.departments.map((one) => h("option", { value: one.name }, one.name)))),
      h("label", { class: "field" }, h("span", null, t("h.paper.about")), h("select", { value: sheet.about, onchange: (event) => change({ about: event.target.value, scores: {}, kept: false }), "data-testid": "paper-about" }, h("option", { value: "given" }, t("p.block.given")), suppliers.map((one) => h("option", { value: one.name }, t("p.block.received", { department: one.name }))))),
      DIMENSIONS.map((name) => h("label", { class: "line", key: name }, h("span", null, t(`dim.${name}.short`)), h("select", { value: sheet.scores[name] ?? "", onchange: (event) => { const scores = { ...sheet.scores }; if (event.target.value) scores[name] = Number(event.target.value); else delete scores[name]; change({ scores, kept: false }); }, "data-testid": `paper-${name}` }, h("option", { value: "" }, "–"), [1, 2, 3, 4, 5].map((one) => h("option", { value: one }, one))))),
      !sheet.sheet && h("label", { class: "line" }, h("span", null, t("h.paper.count")), h("input", { type: "number", min: 1, max: 200, value: sheet.count, oninput: (event) => { sheet.count = event.target.value; }, "data-testid": "paper-count" })),
      h("div", { class: "row" }, h("button", { type: "submit", class: "primary", disabled: !sheet.department || !Object.keys(sheet.scores).length, "data-testid": "paper-save" }, t("h.paper.save")),
        sheet.sheet && button(t("h.paper.next"), () => { ui.paper = null; render(); }, { "data-testid": "paper-next" })),
      sheet.kept && h("p", { class: "good", role: "status" }, t("h.paper.kept"))));
};

// --- reveal --------------------------------------------------------------------------------------------------------------

const revealDesk = (state, tools) => {
  const { act, render } = tools;
  return [
    panel("parts", t("h.parts"),
      h("ul", { class: "parts" }, PARTS.map((name) => h("li", { key: name, class: ui.picture === name ? "now" : null },
        h("button", { type: "button", class: "pick", "aria-pressed": String(ui.picture === name), onclick: () => { ui.picture = name; render(); }, "data-testid": `pick-${name}` }, t(`h.part.${name}`)),
        h("label", { class: "switch", title: t("h.show.hint") }, h("input", { type: "checkbox", role: "switch", checked: state.shown.includes(name), "aria-label": t("h.show.of", { part: t(`h.part.${name}`) }), onchange: chosen((one) => { if (one.checked) { ui.picture = name; render(); } return act({ do: "show", what: name, on: one.checked }); }), "data-testid": `show-${name}` }), h("span", { "aria-hidden": "true" }, t("h.show")))))),
      h("p", { class: "quiet" }, t("h.show.hint"))),
    panel("whose", null, focusPicker(state, tools)),
    panel("take", null, h("div", { class: "row" }, button(t("h.refresh"), () => act({ do: "refresh" }), { "data-testid": "refresh" }), button(t("h.png"), () => savePicture(`${code}-${ui.picture}`), { "data-testid": "png" })), h("p", { class: "quiet" }, t("h.refresh.hint", { minimum: state.minimum }))),
    assumptions(state, tools),
  ];
};

// --- change --------------------------------------------------------------------------------------------------------------

const pulls = {};
const pull = (act, lever) => (pulls[`${lever.name}|${lever.where}`] ??= paced((to) => act({ do: "lever", lever: lever.name, where: lever.where, to })));

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
    setTimeout(() => { if (!event.target.dragged) { delete ui.drag[key]; render(); } }, 1500);
  };
  return h("div", { class: `lever${moved ? " moved" : ""}`, key },
    h("label", { for: `lever-${lever.name}` }, h("span", null, name), h("output", null, leverValue(value, lever), lever.unit && lever.unit !== "share" && h("small", null, ` ${unitWord(lever.unit)}`))),
    h("input", { id: `lever-${lever.name}`, type: "range", min: lever.low, max: lever.high, step: lever.step ?? "any", value, oninput: move, onchange: done, onblur: done, "aria-valuetext": leverValue(value, lever), "aria-describedby": `before-${lever.name}`, css: { "--before": `${(100 * (lever.before - lever.low)) / span}%`, "--now": `${(100 * (value - lever.low)) / span}%` }, "data-testid": `lever-${lever.name}` }),
    h("p", { class: "source", id: `before-${lever.name}` }, moved && t("h.lever.before", { value: leverValue(lever.before, lever) })));
};
const unitWord = (unit) => (known(`unit.${unit}`) ? t(`unit.${unit}`) : unit);

const changeDesk = (state, tools) => {
  const { act } = tools;
  return [
    panel("whose", null, focusPicker(state, tools, t("h.change.whose"))),
    panel("undo", null, h("div", { class: "row tight" },
      button(t("h.undo"), () => act({ do: "undo" }), { disabled: !state.host.past, "data-testid": "undo" }), button(t("h.redo"), () => act({ do: "redo" }), { disabled: !state.host.future, "data-testid": "redo" }),
      button(t("h.pin"), () => act({ do: "pin" }), { "data-testid": "pin", title: t("h.pin.hint") }), button(t("h.reset"), () => act({ do: "reset" }), { "data-testid": "reset" })),
      (state.host.pinned?.length ?? 0) > 0 && h("p", { class: "quiet", "data-testid": "pinned" }, t("h.pinned"), " ", state.host.pinned.map((one) => changeWords(one, state.levers)).join("; "))),
    panel("levers", state.focus ? t("h.levers.of", { department: state.focus }) : t("h.levers"),
      state.levers.length ? state.levers.map((one) => slider(one, tools)) : h("p", { class: "quiet" }, t("h.levers.pick")),
      state.levers.length > 0 && more("sources", t("h.levers.sources"), h("dl", { class: "sources" }, state.levers.map((one) => h("div", { key: one.name }, h("dt", null, leverName(one)), h("dd", null, [one.meaning, one.source].filter(Boolean).join(" – "))))))),
    panel("show-effect", null, toggle(t("h.show.effect"), state.shown.includes("effect"), (on) => act({ do: "show", what: "effect", on }), "show-effect"), h("div", { class: "row" }, button(t("h.png"), () => savePicture(`${code}-effect`), { "data-testid": "png" }))),
    assumptions(state, tools),
  ];
};

const assumptions = (state, { act }) => more("assumptions", t("h.assumptions"),
  h("p", { class: "quiet" }, t("h.assumptions.hint")),
  (state.host.assumptions ?? []).map((one) => h("label", { class: "assumption", key: one.name },
    h("span", null, t(`assume.${one.name}`), h("small", null, ` ${unitWord(one.unit)}, ${number(one.low, one.low % 1 ? 2 : 0)}–${number(one.high, one.high % 1 ? 2 : 0)}`)),
    h("input", { type: "number", min: one.low, max: one.high, step: "any", value: one.value, onchange: (event) => act({ do: "assume", name: one.name, to: event.target.value === "" ? null : Number(event.target.value) }), "data-testid": `assume-${one.name}` }),
    h("small", null, one.value === one.default ? one.source : t("h.assumption.changed", { value: String(one.default), source: one.source })))));

// --- commit and close -------------------------------------------------------------------------------------------------------

const commitDesk = (state, { act, render }) => {
  const said = (ui.promise ??= { who: "", what: "", when: "" });
  const field = (name) => h("label", { class: "field", key: name }, h("span", null, t(`p.commit.${name}`)), h("input", { type: "text", maxlength: 200, value: said[name], oninput: (event) => { said[name] = event.target.value; }, "data-testid": `commit-${name}` }));
  return [panel("add", t("h.commit.add"), h("form", { class: "stack", onsubmit: async (event) => { event.preventDefault(); document.activeElement?.blur(); if ((await act({ do: "commit", ...said })).ok) ui.promise = null; render(); } }, field("what"), field("who"), field("when"), h("button", { type: "submit", "data-testid": "commit" }, t("h.add")))),
    exports(state, { act })];
};

const link = (href, text, testid, download) => h("a", { class: "button", href, download: download ? "" : null, target: download ? null : "_blank", rel: "noopener", "data-testid": testid }, text);
const exports = (state, { act }) => panel("export", t("h.export"),
  h("div", { class: "row" }, link(`/host/${code}/print`, t("h.export.print"), "print"), link(`/host/${code}/export/commitments.csv`, t("h.export.commitments"), "export-commitments", true), link(`/host/${code}/export/scores.csv`, t("h.export.scores"), "export-scores", true), link(`/host/${code}/export/share.json`, t("h.export.share"), "export-share", true)),
  h("p", { class: "quiet" }, t("h.export.hint", { minimum: state.minimum })));

const another = (state, { act }) => more("another", t("h.new"), h("p", { class: "quiet" }, t("h.new.hint")),
  h("form", { class: "stack", onsubmit: async (event) => { event.preventDefault(); const made = await post("/host/new", { organisation: ui.case ?? "", language: state.language, minimum: state.minimum }); if (made.ok) location.assign(made.go); else act({}); } },
    h("label", { class: "field" }, h("span", null, t("h.new.case")), h("select", { value: ui.case ?? "", onchange: (event) => { ui.case = event.target.value; }, "data-testid": "new-case" }, h("option", { value: "" }, t("h.new.own")), (state.host.cases ?? []).map((one) => h("option", { value: one }, one.replaceAll("_", " "))))),
    h("button", { type: "submit", "data-testid": "new-session" }, t("h.new.go"))));

const wipe = (state, { act }) => more("wipe", t("h.wipe"), h("p", { class: "quiet" }, t("h.wipe.hint", { code: state.code })),
  h("form", { class: "inline", onsubmit: async (event) => { event.preventDefault(); if ((await act({ do: "wipe", confirm: ui.wiping ?? "" })).ok) location.assign("/"); } },
    h("label", { class: "field" }, h("span", null, t("c.code")), h("input", { type: "text", autocomplete: "off", value: ui.wiping ?? "", oninput: (event) => { ui.wiping = event.target.value; }, "data-testid": "wipe-code" })), h("button", { type: "submit", "data-testid": "wipe" }, t("h.wipe.go"))));

// --- the desk ---------------------------------------------------------------------------------------------------------------

export const desk = (state, tools) => {
  ui.render = tools.render;
  const parts = {
    join: () => joinDesk(state, tools),
    score: () => [panel("room", t("h.room"), toggle(t("h.lock"), state.locked, (on) => tools.act({ do: "lock", on }), "lock")), paper(state, tools), departments(state, tools), rehearsal(state, tools), settings(state, tools)],
    predict: () => [paper(state, tools), panel("room", t("h.room"), toggle(t("h.lock"), state.locked, (on) => tools.act({ do: "lock", on }), "lock"))],
    reveal: () => revealDesk(state, tools),
    change: () => changeDesk(state, tools),
    commit: () => commitDesk(state, tools),
    close: () => [exports(state, tools), another(state, tools), wipe(state, tools)],
  };
  return [cue(state, tools), running(state), parts[state.phase]()];
};
