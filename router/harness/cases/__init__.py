"""Cases: tests of a centre's configuration, in YAML: what happens, and what must come of it.

`files` finds and reads them, `runner` runs them against the shipped engine in virtual time, `report` and `junit` tell. The format is
described in docs/cases.md. Nothing here decides: what a case says happens, happens, and what it expects is compared.
"""
