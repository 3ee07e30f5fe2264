"""The examples in the docstrings are run, so that they stay true."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import cnnlib

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(cnnlib.__path__, "cnnlib.")
    if not module.name.endswith("__main__")
)


class Finder(doctest.DocTestFinder):
    """Finds functions behind a decorator too."""

    def _from_module(self, module, thing):
        return super()._from_module(module, inspect.unwrap(thing) if callable(thing) else thing)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner()
    for test in Finder().find(module, extraglobs={"np": np, **vars(module)}):
        runner.run(test)
    assert runner.summarize().failed == 0


def test_examples_behind_a_decorator_are_found():
    names = {
        test.name for test in Finder().find(importlib.import_module("cnnlib.functional.pooling"))
    }
    assert "cnnlib.functional.pooling.max_pool2d" in names


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
