"""The room of those who ask: the fetch room, in a process of its own: asking and writing share no core.

`begun` starts the process, and loads nothing for it; `askers` is what the pipeline sees of it, `child` what
runs in it, `link` what lies between.
"""
