"""The package keeps its layout: imports point down, no circles, nothing too long."""

from __future__ import annotations

import ast

import house


def test_every_room_has_its_line():
    assert house.rooms() == set(house.ROOMS)


def test_imports_point_down():
    assert house.upward(house.between_rooms()) == []


def test_nothing_imports_in_a_circle():
    assert house.circles(house.between_rooms()) == []
    assert house.circles(house.between_modules()) == []


def test_circles_and_upward_imports_are_found():
    edges = {"errors": {"records": ["errors.py:1"]}, "records": {"errors": ["records/a.py:2"]}}
    assert house.circles(edges) == [{"errors", "records"}]
    assert house.upward(edges) == ["errors.py:1 imports records, which lies above errors"]


def test_no_module_and_no_function_is_too_long():
    assert house.long_modules() == []
    assert house.long_functions() == []


def test_every_folder_says_what_belongs_there_and_who_may_import_it():
    for path in sorted(house.PACKAGE.glob("*/__init__.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        words = text.split("\n\n")
        assert len(words) >= 2 and "may import" in " ".join(text.split()), path.parent.name
