// What the room looks at: the same on the facilitator's laptop and, larger, on the wall.

import { DIMENSIONS, h, number, percent, sign, t } from "./live.js";
import { curves, dumbbell, gapOf } from "./draw.js";
import { bars, chain, guess, square } from "./pictures.js";
import { answerWord, changeWords, decider, dimension, effectSentence, hirebackMoves, mean, shareRange, signedRange } from "./say.js";

export const PARTS = ["prediction", "gap", "verdict", "chain", "bottleneck", "disagree"];
export const PHASES = ["join", "score", "predict", "reveal", "change", "commit", "close"];
export const MINUTES = { join: 5, score: 12, predict: 5, reveal: 18, change: 10, commit: 7, close: 3 };

// --- join ----------------------------------------------------------------------------------------------------------------

const ATTRIBUTES = new Set(["viewBox", "d", "transform", "width", "height", "x", "y", "fill", "stroke", "stroke-width", "shape-rendering", "class", "fill-opacity"]);
let drawnCode = { text: null, node: null };

/** The QR code that came as SVG text, taken apart into shapes: no markup is ever put into the page. */
const codePicture = (text) => {
  if (drawnCode.text === text) return drawnCode.node;
  const read = (element) => h(element.localName, Object.fromEntries([...element.attributes].filter((one) => ATTRIBUTES.has(one.name)).map((one) => [one.name, one.value])), [...element.children].map(read));
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
  return h("section", { class: "joining", "data-testid": "join-panel" },
    h("div", { class: "how" },
      h("h1", null, state.title || t("c.brand")),
      h("p", { class: "lead" }, t("h.join.how")),
      h("ol", { class: "ways" },
        h("li", null, h("span", { class: "quiet" }, t("h.join.open")), h("strong", { class: "address", "data-testid": "address" }, bare)),
        h("li", null, h("span", { class: "quiet" }, t("h.join.type")), h("strong", { class: "huge", "data-testid": "code", "aria-label": [...state.code].join(" ") }, letters(state.code)))),
      h("p", { class: "people", "data-testid": "joined" }, h("b", null, number(state.joined)), " ", t("p.here", { n: state.joined }), state.locked && h("em", null, t("h.locked")))),
    host.qr_svg && h("div", { class: "qr" }, codePicture(host.qr_svg), h("p", { class: "quiet" }, t("h.join.scan"))));
};

// --- score and predict -------------------------------------------------------------------------------------------------------

const joinStrip = (state) => h("p", { class: "strip quiet" }, t("h.late"), " ", h("b", null, shortAddress((state.host.urls?.[0] ?? location.host).replace(/\/j\/.*$/, ""))), " · ", t("c.code"), " ", h("b", { class: "spaced" }, state.code));

const share = (part, whole) => `${whole ? Math.min(100, (100 * part) / whole) : 0}%`;
const progressList = (state) => h("ul", { class: "progress", "data-testid": "progress" }, state.departments.map((one) => {
  const row = state.host.progress?.[one.name] ?? { joined: one.here ?? 0, scored: null };
  return h("li", { key: one.name, class: row.joined ? null : "empty" },
    h("span", { class: "name" }, one.name),
    h("span", { class: "track", "aria-hidden": "true" }, h("i", { css: { width: share(row.scored ?? 0, row.joined) } })),
    h("span", { class: "count" }, row.scored == null ? t("h.progress.hidden", { joined: row.joined }) : t("h.progress", { scored: row.scored, joined: row.joined })));
}));

const scoreStage = (state) => h("section", { class: "scoring" },
  h("p", { class: "kicker" }, t("phase.score")),
  h("h1", null, t("h.score.title")),
  h("div", { class: "meters" },
    h("div", { class: "big" }, h("b", null, number(state.scored)), " ", t("h.scored", { n: state.joined })),
    h("div", { class: "meter" }, h("i", { css: { width: share(state.scored, state.joined) } }))),
  progressList(state), h("p", { class: "note" }, t("p.anonymous", { minimum: state.minimum })), joinStrip(state));

const predictStage = (state) => h("section", { class: "scoring" },
  h("p", { class: "kicker" }, t("phase.predict")),
  h("h1", null, t("h.predict.title")),
  h("ol", { class: "questions" }, ["hired", "share", "weakest"].map((one) => h("li", null, t(`p.predict.${one}`)))),
  h("div", { class: "meters" },
    h("div", { class: "big" }, h("b", null, number(state.predicted)), " ", t("h.predicted", { n: state.joined })),
    h("div", { class: "meter" }, h("i", { css: { width: share(state.predicted, state.joined) } }))),
  h("p", { class: "note" }, t("p.predict.note")), joinStrip(state));

// --- reveal ----------------------------------------------------------------------------------------------------------------

const nothing = (text) => h("p", { class: "nothing" }, text);
const words = () => ({ given: t("c.given"), received: t("c.received") });
const ends = () => [t("c.low"), t("c.high")];

/** Room for a picture: on the wall as wide as the rows are high, so that it fills the wall. */
const room = (wall, rows, step) => (wall ? { size: 20, wide: Math.max(1050, Math.min(2000, 2.45 * (rows * step * 20 + 150))) } : { size: rows > 12 ? 14 : 15, wide: 838 });

const gapPart = (state, reveal, wall) => {
  const hidden = t("c.hidden", { minimum: state.minimum });
  const row = (name, given, received) => ({ label: name, given: given?.overall ?? null, received: received?.overall ?? null, givenN: given?.n, receivedN: received?.n, spread: received?.spread, detail: counts(given, received), hidden: given || received ? null : hidden });
  const counts = (given, received) => (given || received ? t(!received ? "h.gap.n.given" : !given ? "h.gap.n.received" : "h.gap.n", { given: given?.n, received: received?.n }) : null);
  if (!state.focus) {
    const rows = reveal.totals.map((one) => row(one.department, one.given, one.received)).sort((a, b) => (gapOf(a) ?? 9) - (gapOf(b) ?? 9));
    if (rows.every((one) => one.hidden)) return [nothing(t("h.gap.hidden", { minimum: state.minimum }))];
    return [dumbbell({ id: "gap", title: t("h.gap.all"), told: t("c.gap.told"), rows, words: words(), ends: ends(), ...room(wall, rows.length, 2.15), note: t("h.gap.note", { minimum: state.minimum }) })];
  }
  const mine = reveal.cells.filter((one) => one.supplier === state.focus), theirs = reveal.cells.filter((one) => one.client === state.focus);
  const total = reveal.totals.find((one) => one.department === state.focus);
  const byDimension = total?.received ? DIMENSIONS.map((name) => ({ label: dimension(name), given: total.given?.mean?.[name] ?? null, received: total.received.mean?.[name] ?? null, hidden: total.received.mean?.[name] == null && total.given?.mean?.[name] == null ? hidden : null })) : [];
  const gives = mine.length ? [{ heading: t("h.gap.gives", { department: state.focus }) }, ...mine.map((one) => row(one.client, one.given, one.received))] : [];
  const gets = theirs.length ? [{ heading: t("h.gap.gets", { department: state.focus }) }, ...theirs.map((one) => row(one.supplier, one.given, one.received))] : [];
  const asked = byDimension.length ? [{ heading: t("h.gap.dimensions") }, ...byDimension] : [];
  const drawn = (id, rows, size) => dumbbell({ id, title: t("h.gap.one", { department: state.focus }), told: t("c.gap.told"), rows, words: words(), ends: ends(), ...size, note: id === "gap" && t("h.gap.note", { minimum: state.minimum }) });
  if (wall && asked.length) return [h("div", { key: "gaps", class: "halves" }, drawn("gap", [...gives, ...gets], { size: 17, wide: Math.max(760, (gives.length + gets.length) * 42) }), drawn("gap-dimensions", asked, { size: 17, wide: 760 }))];
  return [drawn("gap", [...gives, ...asked, ...gets], room(wall, gives.length + asked.length + gets.length, 2.15))];
};
const verdictCard = (found, state, wall) => {
  const { would, should } = found;
  return h("div", { class: "card-verdict", "data-testid": "verdict" },
    h("h2", null, t("c.would.ask", { department: found.department })),
    h("p", { class: "answer", "data-testid": "would" }, sign(would.answer, "large"), h("b", null, answerWord(would.answer))),
    h("p", null, t("c.would.share", { share: shareRange(would.share) })),
    would.decides && h("p", null, t("c.would.decides", { what: decider(would.decides) })),
    h("h2", null, t("c.should.ask")),
    should ? [h("p", { class: "answer small", "data-testid": "should" }, sign(should.answer), h("b", null, answerWord(should.answer))), wall ? h("p", null, t(`c.should.${should.answer}`).replace(/^[^.]*\. /, "")) : [h("p", null, t("h.should.means", { external: signedRange(should.external), internal: signedRange(should.internal) })), h("p", null, t("h.should.cost", { cost: signedRange(should.cost, 0), currency: state.currency ?? "" }), should.dip_days ? ` ${t("h.should.dip", { dip: number(Math.abs(mean(should.dip) ?? 0), 1), days: Math.round(should.dip_days) })}` : "")]] : h("p", { class: "quiet" }, t("h.pending.long")),
    h("p", { class: "quiet" }, t(`c.basis.${would.basis}`, { n: would.n })));
};

const verdictPart = (state, reveal, wall) => {
  const { verdicts } = reveal;
  if (!verdicts.length) return [nothing(t("h.verdict.none"))];
  const found = verdicts.find((one) => one.department === state.focus && one.would);
  const clients = found?.would.clients ?? [];
  return [h("div", { class: found ? "two-up" : "", key: "verdict" },
    found && h("div", null, verdictCard(found, state, wall)),
    h("div", null, !verdicts.some((one) => one.should) ? bars({ id: "would", title: t("h.would.title"), told: t("h.would.told"), rows: verdicts.filter((one) => one.would?.share?.[0] != null).sort((a, b) => b.would.share[0] - a.would.share[0]).map((one) => ({ label: one.department, value: one.would.share[0], low: one.would.share[1], high: one.would.share[2], text: percent(one.would.share[0]), mark: one.department === state.focus })), low: 0, high: 1, write: percent, points: true, ...(found ? { size: 15, wide: 600 } : room(wall, verdicts.length, 2.35)), middle: { at: 0.5, text: t("h.half") }, head: [t("h.department"), t("h.share.stay"), t("c.interval")], note: t("h.would.pending"), most: 40 }) : square({ id: "square", verdicts, focus: state.focus, size: wall ? 17 : 14, wide: wall ? (found ? 1000 : 1250) : found ? 600 : 820 }),
      clients.length > 0 && bars({ id: "clients", title: t("h.clients"), told: t("h.clients.told"), rows: clients.map((one) => ({ label: one.client, value: mean(one.share), low: one.share?.[1], high: one.share?.[2], text: percent(mean(one.share)) })), low: 0, high: 1, write: percent, points: true, size: 15, wide: found ? 600 : 820, middle: { at: 0.5, text: t("h.half") }, head: [t("h.client"), t("h.share.stay"), t("c.interval")] })))];
};

const chainPart = (state, reveal) => reveal.chain ? [chain({ id: "chain", ...reveal.chain, focus: state.focus, size: 15 })] : [nothing(t("h.pending.long"))];

const bottleneckPart = (state, reveal, wall) => {
  const found = reveal.bottleneck;
  if (!found?.departments?.length) return [nothing(state.running ? t("h.running", state.running) : t("h.pending.long"))];
  const [first] = found.departments;
  const clear = first.effect[1] > 0;
  return [h("p", { key: "says", class: "says" }, t(clear ? "h.bottleneck.says" : "h.bottleneck.close", { department: first.department, effect: signedRange(first.effect) })),
    bars({ id: "bottleneck", title: t("h.bottleneck"), told: t("h.bottleneck.told"), rows: found.departments.map((one, place) => ({ label: one.department, value: mean(one.effect), low: one.effect[1], high: one.effect[2], mark: !place && clear, mild: !(one.effect[1] > 0) })), write: (value) => number(value, Math.abs(mean(first.effect)) < 0.5 ? 2 : 1, true), ...room(wall, found.departments.length + 2, 2.35), axis: t("h.bottleneck.axis"), note: t("h.bottleneck.note", { n: found.runs }) })];
};

const disagreePart = (state, reveal, wall) => {
  const found = reveal.disagree;
  if (!found.length) return [nothing(t("h.disagree.none", { minimum: state.minimum }))];
  return [h("p", { key: "says", class: "says" }, t("h.disagree.says", { client: found[0].client, supplier: found[0].supplier })),
    bars({ id: "disagree", title: t("h.disagree"), told: t("h.disagree.told"), rows: found.slice(0, 10).map((one, place) => ({ label: `${one.client} → ${one.supplier}`, value: one.spread, mark: !place, text: `${number(one.spread, 1)}` })), low: 0, high: 2, write: (value) => number(value, 1), ...room(wall, 12, 2.35), axis: t("h.disagree.axis"), head: [t("c.pair"), t("c.spread")] })];
};

const predictionPart = (state, reveal) => {
  const found = reveal.predictions;
  if (!found) return [nothing(t("h.prediction.none", { minimum: state.minimum }))];
  const { yes, no } = found.hired;
  const answers = reveal.verdicts.filter((one) => one.would);
  const focus = answers.find((one) => one.department === state.focus);
  const three = focus ? focus.would.share : null;
  const tally = ["yes", "close", "no"].map((one) => [one, answers.filter((row) => row.would.answer === one).length]).filter(([, n]) => n);
  const worst = reveal.bottleneck?.departments?.[0]?.department;
  const guessed = found.share && { mean: found.share.mean / 100, low: found.share.low / 100, high: found.share.high / 100 };
  return [
    h("div", { key: "hired", class: "guesses" },
      h("div", null, h("h2", null, t("h.prediction.hired", { n: found.n })),
        h("div", { class: "split" }, h("div", { class: "yes", css: { "flex-grow": Math.max(yes, 0.4) } }, sign("yes"), h("b", null, number(yes)), " ", t("c.yes")), h("div", { class: "no", css: { "flex-grow": Math.max(no, 0.4) } }, sign("no"), h("b", null, number(no)), " ", t("c.no")))),
      answers.length > 0 && h("div", null, h("h2", null, t("h.prediction.answer")), focus ? h("p", { class: "answer" }, sign(focus.would.answer), h("b", null, `${focus.department}: ${answerWord(focus.would.answer)}`)) : h("p", { class: "tally" }, tally.map(([one, n]) => h("span", null, sign(one), h("b", null, number(n)), ` ${answerWord(one)}`))))),
    h("div", { key: "pictures", class: "guesses" },
    guessed && h("div", null, h("h2", null, t("p.predict.share.short")), guess({ id: "guess", guessed, answer: three, wide: 460, size: 14 })),
    found.weakest.length > 0 && h("div", null, h("h2", null, t("h.prediction.weakest")), bars({ id: "votes", title: t("h.prediction.weakest"), told: t("h.prediction.told"), rows: found.weakest.slice(0, 5).map((one) => ({ label: one.department, value: one.votes, text: number(one.votes), mark: one.department === worst })), low: 0, write: (value) => number(value), wide: 460, size: 14, note: worst ? t("h.prediction.mark", { department: worst }) : null, head: [t("h.department"), t("h.votes")] }))),
  ];
};

const DRAWN = { gap: gapPart, verdict: verdictPart, chain: chainPart, bottleneck: bottleneckPart, disagree: disagreePart, prediction: predictionPart };

/** One part of the reveal. */
export const part = (name, state, reveal, wall) => h("section", { key: `part-${name}`, class: `part ${name}`, "data-testid": `part-${name}` },
  h("p", { class: "kicker" }, t(`h.part.${name}.ask`)),
  h("h1", null, t(`h.part.${name}`)),
  !reveal ? nothing(t("h.reveal.nothing")) : DRAWN[name](state, reveal, wall));

// --- change, commit, close -----------------------------------------------------------------------------------------------------

export const effectStage = (state, effect, wall) => {
  const moves = effect ? hirebackMoves(effect).filter((one, place) => place < (wall ? 5 : 4) || one.department === state.focus) : [];
  return h("section", { class: "effect", "data-testid": "effect", "data-to": effect?.changes.map((one) => one.to).join(" "), "data-runs": effect?.runs, "data-final": effect ? String(effect.final) : null },
    h("p", { class: "kicker" }, t("h.effect.ask")),
    h("h1", { "data-testid": "effect-sentence", "aria-live": "polite" }, effect ? effectSentence(effect) : t("c.effect.none")),
    state.changes.length > 0 && h("ul", { class: "chips" }, state.changes.map((one) => h("li", { key: `${one.lever}-${one.where}` }, changeWords(one, state.levers)))),
    effect && h("div", { class: "two-up wide-left" },
      effect.curve && curves({ id: "curve", title: t("c.curve.title"), told: effectSentence(effect), curve: effect.curve, lag: effect.external.lag, wide: 620, high: 330, size: 15, words: { before: t("c.before"), after: t("c.after"), axis: t("c.day.axis"), lag: t("c.lag") }, note: t("h.effect.note", { runs: effect.runs, of: effect.of }) }),
      h("div", null,
        h("dl", { class: "facts" },
          h("div", null, h("dt", null, t("h.effect.external")), h("dd", null, signedRange(effect.external.difference))),
          h("div", null, h("dt", null, t("h.effect.internal")), h("dd", null, signedRange(effect.internal?.difference))),
          effect.profit && h("div", null, h("dt", null, t("h.effect.profit", { currency: state.currency ?? "" })), h("dd", null, signedRange(effect.profit, 0)))),
        moves.length > 0 && h("div", { class: "wide" }, h("table", { "data-testid": "hireback" }, h("caption", null, t("h.effect.hireback")),
          h("thead", null, h("tr", null, [t("h.department"), t("c.before"), t("c.after"), t("h.difference")].map((one) => h("th", { scope: "col" }, one)))),
          h("tbody", null, moves.map((one) => h("tr", { key: one.department, class: one.department === state.focus ? "focus" : null }, h("th", { scope: "row" }, one.department), h("td", null, percent(one.from)), h("td", null, percent(one.to)), h("td", null, one.by[0] == null ? "–" : number(100 * one.by[0], 0, true))))))))),
  );
};

const promiseList = (state, onRemove) => state.commitments.length ? h("ol", { class: "commitments", "data-testid": "commitments" }, state.commitments.map((one) => h("li", { key: one.id },
  h("p", { class: "what" }, one.what), h("p", { class: "quiet" }, [one.who, one.when].filter(Boolean).join(" · ")),
  onRemove && h("button", { type: "button", class: "link", onclick: () => onRemove(one.id), "aria-label": t("h.commit.remove.of", { what: one.what }), "data-testid": `remove-${one.id}` }, t("h.remove"))))) : nothing(t("h.commit.none"));

const commitStage = (state, { onRemove }) => h("section", null, h("p", { class: "kicker" }, t("phase.commit")), h("h1", null, t("p.commit.list", { n: state.commitments.length })), promiseList(state, onRemove));

const closeStage = (state) => h("section", { class: "closing" },
  h("p", { class: "kicker" }, t("phase.close")), h("h1", null, t("h.close.title")),
  h("ol", { class: "questions" }, [1, 2, 3, 4, 5].map((one) => h("li", null, t(`h.debrief.${one}`)))),
  state.commitments.length > 0 && h("h2", null, t("p.commit.list")), state.commitments.length > 0 && promiseList(state));

/** The stage of the phase that the room is in. `wall` leaves out what only the facilitator may see. */
export const stage = (state, { wall, picture, onRemove }) => {
  const reveal = wall ? state.reveal : state.host.preview?.reveal ?? state.reveal;
  const effect = wall ? (state.shown.includes("effect") ? state.effect : null) : state.host.preview?.effect ?? state.effect;
  switch (state.phase) {
    case "join": return joinStage(state);
    case "score": return scoreStage(state);
    case "predict": return predictStage(state);
    case "reveal": return picture ? part(picture, state, reveal, wall) : h("section", { class: "closing" }, h("p", { class: "kicker" }, t("phase.reveal")), h("h1", null, t("h.reveal.wait")));
    case "change": return wall && !state.shown.includes("effect") ? h("section", { class: "closing" }, h("p", { class: "kicker" }, t("phase.change")), h("h1", null, t("p.change.title"))) : effectStage(state, effect, wall);
    case "commit": return commitStage(state, { onRemove });
    default: return closeStage(state);
  }
};
