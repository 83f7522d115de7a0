"""The one flow: a challenge and a submission to a result.

It imports `definitions`, plug-ins and `statistics`; `boards`, `own_data`, `report` and `cli` may import it.
"""
