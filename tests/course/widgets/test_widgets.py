"""What all widgets share: settings that are checked, a picture beside the view, plain files."""

import json
import re
from typing import Any

import pytest
from examples import WIDGETS, example
from matplotlib.figure import Figure
from node import NODE, WITHOUT, Module, syntax_error, unbalanced

from cnnlib.course import drawing, widgets
from cnnlib.course.tools.notebook_rules import AMERICAN, REGISTRY_HOSTS
from cnnlib.course.widgets.kit import bundle
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import FOLDER, script, styles

VIEW = "application/vnd.jupyter.widget-view+json"


class Counter(Widget):
    """The smallest widget: a number from 0 to 9."""

    _esm = "export default { render() {} }"
    _css = ""
    count = setting("count", "The number.")

    def _checked(self, count: int) -> dict[str, Any]:
        if not 0 <= count <= 9:
            raise ValueError(f"Counter: count must be 0 to 9, got {count}.")
        return {"count": count}

    def _picture(self) -> tuple[Figure, str]:
        fig, ax = drawing.new(width=2, height=2)
        drawing.grid([[self.count]], ax)
        return fig, f"A counter that stands at {self.count}."


# The base class


def test_settings_are_read_and_changed_as_attributes():
    counter = Counter(count=3)
    assert counter.count == 3
    counter.count = 4
    assert counter.settings == {"count": 4}


def test_a_refused_change_leaves_all_as_it_was():
    counter = Counter(count=3)
    with pytest.raises(ValueError, match="count must be 0 to 9, got 10"):
        counter.count = 10
    assert counter.settings == {"count": 3}


def test_settings_from_the_browser_are_checked_too():
    counter = Counter(count=3)
    with pytest.raises(ValueError, match="count must be 0 to 9, got -1"):
        counter.set_state({"settings": {"count": -1}})
    assert counter.count == 3
    counter.set_state({"settings": {"count": 5}})
    assert counter.count == 5


def test_an_unknown_setting_is_named():
    with pytest.raises(TypeError, match=r"Counter: there is no setting 'size'.*settings are count"):
        Counter(count=3).set(size=1)


def test_python_hears_of_a_change():
    counter, heard = Counter(count=3), []
    counter.observe(lambda change: heard.append(change["new"]), "settings")
    counter.count = 4
    assert heard == [{"count": 4}]


def test_the_output_holds_a_view_a_picture_and_its_text():
    data, _ = Counter(count=3)._repr_mimebundle_()
    assert set(data) == {VIEW, "text/html", "text/plain"}
    assert data["text/plain"] == "A counter that stands at 3."
    assert 'alt="A counter that stands at 3."' in data["text/html"]
    assert 'src="data:image/png;base64,' in data["text/html"]


def test_the_picture_follows_the_settings():
    counter = Counter(count=3)
    before, _ = counter._repr_mimebundle_()
    counter.count = 4
    after, _ = counter._repr_mimebundle_()
    assert after["text/plain"] == "A counter that stands at 4."
    assert before["text/html"] != after["text/html"]


def test_an_alternative_text_that_says_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(Counter, "_picture", lambda self: (Figure(), "3"))
    with pytest.raises(ValueError, match="alt must be a sentence"):
        Counter(count=3)._repr_mimebundle_()


def test_the_repr_shows_no_address():
    assert repr(Counter(count=3)) == "Counter()"


# The files for the browser


@pytest.fixture
def files(monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "FOLDER", tmp_path)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")

    return write


def test_imported_files_are_put_in_front_once(files):
    files(
        kit="export function a() {}\n",
        shapes='import { a } from "./kit.js";\nexport const b = a;\n',
        main='import {\n  a,\n} from "./kit.js";\nimport { b as two } from "./shapes.js";\n\n'
        "export const c = [a, two];\nexport default { render() {} };\n",
    )
    assert script("main.js").split("\n\n") == [
        "const $kit = (() => {\nfunction a() {}\nreturn { a };\n})();",
        "const $shapes = (() => {\nconst { a } = $kit;\nconst b = a;\nreturn { b };\n})();",
        "const { a } = $kit;\nconst { b: two } = $shapes;",
        "export const c = [a, two];\nexport default { render() {} };\n",
    ]


def test_two_modules_may_use_the_same_name_for_different_things(files):
    files(
        kit='const SPEEDS = "kit";\nexport const speed = SPEEDS;\n',
        main='import { speed } from "./kit.js";\nconst SPEEDS = "own";\nexport default {};\n',
    )
    first, second = re.findall(r"(?:.*\n)??const SPEEDS", script("main.js"))
    assert script("main.js").index("})();") < script("main.js").rindex("const SPEEDS")
    assert first != second


@pytest.mark.parametrize(
    "text",
    [
        'import kit from "./kit.js";\n',
        'import * as kit from "./kit.js";\n',
        'import "./kit.js";\n',
        "const a = 1;\nexport { a };\n",
        "export let a = 1;\n",
    ],
)
def test_an_import_or_export_of_an_unknown_kind_is_refused(files, text):
    files(kit="export const a = 1;\n", main=text)
    with pytest.raises(ValueError, match=r"script: main\.js says '(import|export)"):
        script("main.js")


def test_a_missing_file_is_an_error(files):
    files(main='import { a } from "./kit.js";\n')
    with pytest.raises(FileNotFoundError, match=r"kit\.js"):
        script("main.js")


def test_each_sheet_holds_below_a_class_of_its_own(files, tmp_path):
    for folder in ("kit", "lamp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "kit/kit.js").write_text("export const a = 1;\n")
    (tmp_path / "kit/svg.js").write_text("export const b = 1;\n")
    (tmp_path / "kit/kit.css").write_text("& {\n  color: red;\n}\n")
    (tmp_path / "kit/svg.css").write_text("p {\n  color: blue;\n}\n")
    (tmp_path / "lamp/widget.js").write_text(
        'import { b } from "../kit/svg.js";\nexport default b;\n'
    )
    (tmp_path / "lamp/widget.css").write_text(".lit {\n  color: gold;\n}\n")
    palette, *sheets = styles("lamp/widget.js").split("\n\n")
    assert f"--cnn-blue: {drawing.COLORS['blue']};" in palette
    assert sheets == [
        ".cnn-widget {\n& {\n  color: red;\n}\n}",
        ".cnn-widget {\np {\n  color: blue;\n}\n}",
        ".cnn-widget.cnn-widget.cnn-lamp {\n.lit {\n  color: gold;\n}\n}\n",
    ]


def test_any_rule_of_a_widget_counts_for_more_than_the_kits():
    """A widget's rules stand below three classes, the kit's below one."""
    for sheet in (FOLDER / "kit").glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selectors in re.findall(r"([^{}]+)\{", text):
            for one in selectors.split(","):
                assert len(re.findall(r"\.[a-z]|\[|(?<!:):(?!:|is|not)", one)) <= 2, one


@pytest.mark.parametrize("name", WIDGETS)
def test_the_frame_bears_the_name_of_the_folder(name):
    text = (FOLDER / name / "widget.js").read_text(encoding="utf-8")
    assert re.findall(r'panel\(model, el, \{\s*name: "(\w+)"', text) == [name]


FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.[jc]s*"))


def test_the_arithmetic_is_tried_under_node():
    if NODE is None:
        pytest.skip(WITHOUT)
    kit = Module("kit/kit.js")
    assert kit.call("sum", [1, 2, 3.5]) == 6.5
    with pytest.raises(AssertionError, match="is not a function"):
        kit.call("summ", [1, 2])
    kit.close()


# Rules for every widget


def test_every_widget_of_a_folder_can_be_imported_by_its_name():
    assert sorted(type(example(name)).__name__ for name in WIDGETS) == sorted(widgets.__all__)


@pytest.mark.parametrize("name", WIDGETS)
def test_the_script_imports_nothing(name):
    text = example(name)._esm
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest", text, re.MULTILINE)
    assert text.count("export default") == 1


@pytest.mark.parametrize("name", WIDGETS)
def test_the_script_can_be_parsed(name):
    text = script(f"{name}/widget.js")
    assert unbalanced(text) == ""
    if NODE is not None:  # the brackets are looked at in any case
        assert syntax_error(text) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("f(a[0]);", ""),
        ("f(a[0);", ")"),
        ("}", "}"),
        ("`a${b(`c${d}`)}e`", ""),
        ("`a${b(`c)}e`", "("),
        ('const a = "({[";', ""),
        ('const a = "({[;\n', '"'),
        ("// (\n/* [ */ x.replace(/[(\\]]/g, a);", ""),
    ],
)
def test_what_has_no_partner_is_found(text, found):
    assert unbalanced(text) == found


@pytest.mark.parametrize("name", WIDGETS)
def test_the_browser_cannot_change_the_facts(name):
    widget = example(name)
    before = json.dumps(widget.facts)
    assert before == json.dumps(type(widget).FACTS)
    with pytest.raises(ValueError, match=f"{type(widget).__name__}: facts cannot be changed"):
        widget.set_state({"facts": {**widget.facts, "more": 1}})
    with pytest.raises(ValueError, match="facts cannot be changed"):
        widget.facts = {"limit": 10**9}
    assert json.dumps(widget.facts) == before


def test_every_module_has_checked_types():
    for name in FILES:
        if name.endswith(".js"):
            assert (FOLDER / name).read_text(encoding="utf-8").startswith("// @ts-check\n"), name


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_leaves_pointers_to_the_kit(name):
    """The kit knows one finger from another, and a pen from a palm."""
    text = (FOLDER / name / "widget.js").read_text(encoding="utf-8")
    assert not re.search(r"""["'](pointer(?!over)\w+|mouse\w+|touch\w+)["']|onpointer""", text)


@pytest.mark.parametrize("name", WIDGETS)
def test_two_runs_show_the_same(name):
    (first, _), (second, _) = example(name)._repr_mimebundle_(), example(name)._repr_mimebundle_()
    first.pop(VIEW), second.pop(VIEW)
    assert first == second
    assert repr(example(name)) == repr(example(name))
    assert "0x" not in repr(example(name))


@pytest.mark.parametrize("name", WIDGETS)
def test_settings_travel_as_json(name):
    settings = example(name).settings
    assert json.loads(json.dumps(settings)) == settings


@pytest.mark.parametrize("name", WIDGETS)
def test_settings_come_back_from_the_browser_unchanged(name):
    widget = example(name)
    before = widget.settings
    widget.set_state({"settings": json.loads(json.dumps(before))})
    assert widget.settings == before


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_an_address(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org/)|url\(|@import[^}]*;", text)
    assert not [host for host in REGISTRY_HOSTS if host in text]


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_words_for_learners_are_spelt_the_british_way(name):
    """Look at texts and comments; names of the browser's own, such as `center`, are code."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    prose = re.findall(r'"[^"\n]*"|`[^`]*`|//[^\n]*|/\*.*?\*/', text, re.DOTALL)
    found = [word for piece in prose if " " in piece for word in AMERICAN.findall(piece)]
    assert found == []
