// What the figures say, in plain sentences, the same on phones, the laptop and the wall.

import { DIMENSIONS, number, percent, t } from "./live.js";

export const dimension = (name) => t(`dim.${name}.short`);

export const answerWord = (answer) => t(`c.answer.${answer}`);

/** A mean with its 95 % interval. */
export const range = (three, write = (value) => number(value, 1)) =>
	!three || three[0] == null
		? "–"
		: three[1] == null || three[2] == null
			? write(three[0])
			: t("c.range", { mean: write(three[0]), low: write(three[1]), high: write(three[2]) });
export const shareRange = (three) => range(three, percent);
/** Digits after the point that a small difference needs. */
const fine = (three) => (Math.max(...three.map((one) => Math.abs(one ?? 0))) < 0.5 ? 2 : 1);
export const signedRange = (three, digits = fine(three ?? [1])) => range(three, (value) => number(value, digits, true));

export const decider = (name) =>
	name ? t(DIMENSIONS.includes(name) ? `dim.${name}.short` : `decides.${name.replaceAll(" ", "_")}`) : "–";

/** What decides: of everything, and where that is no dimension of the service, of the service itself. */
export const reasons = ({ decides, dimension }) =>
	dimension && dimension !== decides ? t("c.would.both", { what: decider(decides), service: decider(dimension) }) : decider(decides);

const clear = (three) => three && three[1] != null && three[2] != null && (three[1] > 0 || three[2] < 0);

/** What a change does to customers, in one or two sentences. */
export const effectSentence = (effect) => {
	const { difference, lag } = effect.external;
	if (!effect.changes?.length && !effect.pinned?.length) return t("c.effect.none");
	if (!difference || difference[0] == null) return t("c.effect.waiting");
	if (difference[0] === 0 && difference[1] === 0 && difference[2] === 0) return t("c.effect.nothing");
	const values = {
		size: number(Math.abs(difference[0]), fine(difference)),
		low: number(difference[1], fine(difference), true),
		high: number(difference[2], fine(difference), true),
		runs: effect.runs,
	};
	if (!clear(difference)) return t("c.effect.close", values);
	const first = t(difference[0] > 0 ? "c.effect.up" : "c.effect.down", values);
	if (!lag || lag[0] == null) return first;
	const span =
		lag[1] != null && lag[2] != null
			? t("c.effect.lag.range", {
					days: Math.round(lag[0]),
					low: Math.max(0, Math.round(lag[1])),
					high: Math.round(lag[2]),
				})
			: t("c.effect.lag", { days: Math.round(lag[0]) });
	return `${first} ${span}`;
};

export const mean = (value) => (Array.isArray(value) ? value[0] : value);

/** How a change moves the shares who would hire back, biggest first. */
export const hirebackMoves = (effect) =>
	(effect.hireback ?? [])
		.map((one) => ({
			...one,
			from: mean(one.before),
			to: mean(one.after),
			by: Array.isArray(one.difference) ? one.difference : [one.difference, null, null],
		}))
		.filter((one) => one.from != null && one.to != null)
		.sort((a, b) => Math.abs(b.by[0] ?? 0) - Math.abs(a.by[0] ?? 0));

export const leverName = (lever) => t(lever.label_key ?? `lever.${lever.lever}`);
export const changeWords = (change, levers) => {
	const lever = levers?.find(
		(one) => (one.name ?? one.lever) === change.lever && (one.where ?? null) === (change.where ?? null),
	) ?? { lever: change.lever, label_key: change.label_key };
	const where = Array.isArray(change.where) ? change.where.join(" → ") : change.where;
	return t(where ? "c.change.where" : "c.change", {
		lever: leverName(lever),
		where,
		from: leverValue(change.from, lever),
		to: leverValue(change.to, lever),
	});
};
export const leverValue = (value, lever) => {
	if (value == null) return "–";
	if (lever.unit?.startsWith("share") && lever.high <= 1)
		return `${number(100 * value, lever.step < 0.0099 ? 1 : 0)}\u00a0%`;
	const digits = lever.step ? Math.max(0, Math.min(3, Math.ceil(-Math.log10(lever.step) - 1e-9))) : 2;
	return number(value, digits);
};
