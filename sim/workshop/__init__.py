"""The live workshop page: a room scores its service from its phones, sees the gap, and tries out what would change it.

`room` is a pure fold of events, `scores` decides what may be seen, `store` keeps events in one SQLite file per session,
`session` joins these with the simulation, `hub` tells every phone, `server` speaks HTTP. Everything works without internet.
"""
