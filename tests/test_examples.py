"""The examples in the docstrings are run, so that they stay true."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import cnnlib

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(cnnlib.__path__, "cnnlib.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    module = importlib.import_module(name)
    names = {"np": np, **vars(module)}
    result = doctest.testmod(module, extraglobs=names)
    assert result.failed == 0


def test_public_functions_have_an_example():
    missing = []
    for name in MODULES:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", []):
            thing = getattr(module, public)
            own_function = callable(thing) and not isinstance(thing, type)
            if own_function and thing.__module__ == name and ">>>" not in (thing.__doc__ or ""):
                missing.append(f"{name}.{public}")
    assert missing == []
