"""The pages of `archiver serve`: Datasette on the archive, read-only, with our own plugin and templates.

`serving` starts it, `guard` stands at its door, `plugin` tells Datasette what it needs to know, `asking`
answers a page from a plain function in a thread, `rendering` fills templates, `routes` has the pages.
"""
