"""Specs and results: the contract between pages and workers."""

import importlib
import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, ValidationError

from core.jobs.specs import SPECS, Spec, dump_arguments, load_result, load_spec

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
st.register_type_strategy(JsonValue, JSON)


def instances(model: type[BaseModel]) -> st.SearchStrategy[BaseModel]:
    """Any valid instance, by the annotations of the fields; `kind` keeps its value."""
    fields = {name: _values(field.annotation) for name, field in model.model_fields.items() if name != "kind"}
    return st.builds(model, **fields)


def _values(annotation: object) -> st.SearchStrategy:
    inner = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return instances(annotation)
    if type(None) in inner:
        return st.none() | st.one_of(*(_values(one) for one in inner if one is not type(None)))
    if getattr(annotation, "__origin__", None) is tuple and inner[-1] is Ellipsis:
        return st.lists(_values(inner[0]), max_size=3).map(tuple)
    if getattr(annotation, "__origin__", None) is dict and inner[1] is JsonValue:
        return st.dictionaries(st.text(), JSON, max_size=3)
    return st.from_type(annotation)


def same(one: BaseModel, other: BaseModel) -> bool:
    """Equal, where NaN equals NaN."""
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
@settings(deadline=None)
@given(data=st.data())
def test_every_spec_and_result_survives_json(spec: type[Spec], data: st.DataObject):
    asked = data.draw(instances(spec))
    assert same(load_spec(asked.kind, json.loads(json.dumps(dump_arguments(asked)))), asked)
    result = data.draw(instances(spec.result))
    assert same(load_result(spec.kind_name(), json.loads(result.model_dump_json())), result)


@pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
def test_every_kind_names_a_handler_that_takes_its_spec_and_returns_its_result(spec: type[Spec]):
    module, name = spec.handler.split(":")
    hints = getattr(importlib.import_module(module), name).__annotations__
    assert list(hints.values())[1:] == [spec, spec.result]


def test_an_unknown_kind_and_an_unknown_argument_are_errors():
    with pytest.raises(ValidationError, match="dance"):
        load_spec("dance", {})
    with pytest.raises(ValidationError, match="steps"):
        load_spec("ingest", {"steps": 3})
    with pytest.raises(KeyError):
        load_result("dance", {})


def test_a_spec_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        load_spec("predict", {"run": "1234", "paths": []}).run = "other"
