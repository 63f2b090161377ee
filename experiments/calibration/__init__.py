"""Calibration: which values of chosen levers agree with a client's figures, how sure that is, and what the figures cannot tell.

The way of the data: `gather` turns tickets, surveys and typed figures into `targets`; `parameters` says what is fitted and what
is thought of it beforehand; `runs` simulates firms all over that prior; `emulator` learns from them what each figure would be,
and its luck, at every point; `posterior` weighs the points by how well they explain the client's figures; `fit` does all of
it, `answer` and `plots` show it, and `recovery` checks it on firms whose parameters are known.
"""
