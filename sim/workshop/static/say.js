// What the figures say, in plain sentences, the same on phones, the laptop and the wall.

import { h, listed, number, percent, t } from "./live.js";

export const DIMENSIONS = ["reliability", "responsiveness", "assurance", "empathy", "tangibles"];
export const dimension = (name) => t(`dim.${name}.short`);

const SHAPES = {
  yes: () => [h("circle", { cx: 12, cy: 12, r: 11 }), h("path", { class: "sign", d: "M6.8 12.6l3.6 3.6 7-8" })],
  no: () => [h("rect", { x: 1.5, y: 1.5, width: 21, height: 21, rx: 3 }), h("path", { class: "sign", d: "M7.5 7.5l9 9m0-9l-9 9" })],
  close: () => [h("path", { d: "M12 .6L23.4 12 12 23.4.6 12z" }), h("path", { class: "sign", d: "M7 10.2h10M7 14.2h10" })],
};
/** Yes is a disc with a tick, no a square with a cross, too close to call a diamond with two lines. */
export const sign = (answer, extra = "") => h("svg", { class: `answer-sign ${answer} ${extra}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, SHAPES[answer]?.() ?? SHAPES.close());
export const answerWord = (answer) => t(`c.answer.${answer}`);

/** A mean with its 95 % interval. */
export const range = (three, write = (value) => number(value, 1)) =>
  !three || three[0] == null ? "–" : three[1] == null || three[2] == null ? write(three[0]) : t("c.range", { mean: write(three[0]), low: write(three[1]), high: write(three[2]) });
export const shareRange = (three) => range(three, percent);
export const signedRange = (three, digits = 1) => range(three, (value) => number(value, digits, true));

export const decider = (name) => (name ? t(DIMENSIONS.includes(name) ? `dim.${name}.short` : `decides.${name.replaceAll(" ", "_")}`) : "–");

const clear = (three) => three && three[1] != null && three[2] != null && (three[1] > 0 || three[2] < 0);

/** What a change does to customers, in one or two sentences. */
export const effectSentence = (effect) => {
  const { difference, lag } = effect.external;
  if (!effect.changes?.length && !effect.pinned?.length) return t("c.effect.none");
  if (!difference || difference[0] == null) return t("c.effect.waiting");
  if (difference[0] === 0 && difference[1] === 0 && difference[2] === 0) return t("c.effect.nothing");
  const values = { size: number(Math.abs(difference[0]), 1), low: number(difference[1], 1, true), high: number(difference[2], 1, true), runs: effect.runs };
  if (!clear(difference)) return t("c.effect.close", values);
  const first = t(difference[0] > 0 ? "c.effect.up" : "c.effect.down", values);
  if (!lag || lag[0] == null) return first;
  const span = lag[1] != null && lag[2] != null ? t("c.effect.lag.range", { days: Math.round(lag[0]), low: Math.max(0, Math.round(lag[1])), high: Math.round(lag[2]) }) : t("c.effect.lag", { days: Math.round(lag[0]) });
  return `${first} ${span}`;
};

export const mean = (value) => (Array.isArray(value) ? value[0] : value);

/** How a change moves the shares who would hire back, biggest first. */
export const hirebackMoves = (effect) =>
  (effect.hireback ?? []).map((one) => ({ ...one, from: mean(one.before), to: mean(one.after), by: Array.isArray(one.difference) ? one.difference : [one.difference, null, null] }))
    .filter((one) => one.from != null && one.to != null)
    .sort((a, b) => Math.abs(b.by[0] ?? 0) - Math.abs(a.by[0] ?? 0));

export const leverName = (lever) => t(lever.label_key ?? `lever.${lever.lever}`);
export const changeWords = (change, levers) => {
  const lever = levers?.find((one) => (one.name ?? one.lever) === change.lever && (one.where ?? null) === (change.where ?? null)) ?? { lever: change.lever, label_key: change.label_key };
  const where = Array.isArray(change.where) ? change.where.join(" → ") : change.where;
  return t(where ? "c.change.where" : "c.change", { lever: leverName(lever), where, from: leverValue(change.from, lever), to: leverValue(change.to, lever) });
};
export const leverValue = (value, lever) => {
  if (value == null) return "–";
  if (lever.unit === "share" && lever.high <= 1) return percent(value);
  const digits = lever.step ? Math.max(0, Math.min(3, Math.ceil(-Math.log10(lever.step) - 1e-9))) : 2;
  return number(value, digits);
};
export const names = (list) => (list.length ? listed(list) : t("c.nobody"));
