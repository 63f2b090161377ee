"""The model held against published findings: experiments, figures, verdicts."""
