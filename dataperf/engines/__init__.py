"""Where evaluations run: one file an engine.

An engine imports `errors`; other code loads engines through the registry and may import none.
"""
