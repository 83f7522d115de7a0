"""The one flow: a challenge and a submission to a result.

It imports `definitions`, plug-ins and `statistics`; `own_data`, `boards`, `report`, `api` and
`cli` may import it.
"""
