"""Things to play with: widgets that are drawn in the browser and computed with cnnlib.

A widget answers in the browser, within a frame and without a kernel, wherever that is possible.
Its numbers are those of cnnlib, and tests in a real browser compare the two. Where no widget can
run, on a code host, in HTML or on slides, the stored output shows a picture instead.

How a widget is made
--------------------
A widget is a folder, ``name/``, with a line below that makes its class known here:

- ``__init__.py``: a `Widget` that checks its settings with the words that cnnlib uses, computes its
  picture with cnnlib, and has a `repr` that is the same in every run. What the browser has to know,
  limits, tables and colours, stands in its `FACTS`, and nowhere else.
- ``widget.js``: arithmetic in pure functions that are exported, words in functions too, and
  `render`, which builds the parts from the kit. Types are written in comments, and checked.
- ``widget.css``, where it is needed: plain rules, which hold in this widget alone.

``kit/`` holds what all widgets share. In JavaScript, `kit.js` has

- `panel`: the frame, the switch for the back row, a place for complaints, a spoken line, help for
  the keys;
- `settings`: what Python and the browser share;
- ``panel.field``, `slider`, `toggle`, `choice`, `button`, `player`: controls that work from the
  keyboard;
- ``panel.grid``: numbers that can be walked, pointed at and edited;
- `worked`: a line of arithmetic, for the eye and for the ear;
- `letDrag` and `arrow`: one pointer that drags, and the arrow keys.

`svg.js` draws charts, `pixels.js` pictures, `maps.js` the maps of layers; `windows.js` counts where
windows stop.

Its tests stand in a folder of the same name: `example.py`, on which all rules for widgets are
tried; tests of the Python side; tests of the arithmetic under Node, which compare it with cnnlib;
and tests in a real browser.

Rules that every widget keeps
-----------------------------
- Nothing moves before the learner asks for it, and what moves can be paused.
- All that the mouse can do, the keyboard can do; where the focus is, can be seen.
- What changes is said, in words, through ``panel.say``: once for each action.
- Nonsense is refused in words, and the last sound value stays.
- Colour is never the only sign. Sizes are in em, so that everything grows with the text: with the
  browser's zoom, and with the switch that every widget has for the back row.
- Colours come from the sheet of the kit, which also knows a system's high contrast. What is
  coloured by data has the class ``cnn-data``, and a bar the class ``cnn-bar``.
- No address of any server stands in a file, and no file is loaded.
"""

from cnnlib.course.widgets.activation import ActivationExplorer as ActivationExplorer
from cnnlib.course.widgets.attack import AttackLab as AttackLab
from cnnlib.course.widgets.backward import BackwardStepper as BackwardStepper
from cnnlib.course.widgets.boxes import BoxSlider as BoxSlider
from cnnlib.course.widgets.comparer import NetworkComparer as NetworkComparer
from cnnlib.course.widgets.convolution import ConvolutionStepper as ConvolutionStepper
from cnnlib.course.widgets.descent import DescentStepper as DescentStepper
from cnnlib.course.widgets.drawing import DrawingPad as DrawingPad
from cnnlib.course.widgets.features import FeatureMapBrowser as FeatureMapBrowser
from cnnlib.course.widgets.filters import FilterStepper as FilterStepper
from cnnlib.course.widgets.geometry import GeometryExplorer as GeometryExplorer
from cnnlib.course.widgets.graph import ComputationGraph as ComputationGraph
from cnnlib.course.widgets.inspector import PixelInspector as PixelInspector
from cnnlib.course.widgets.kernel import KernelPlayground as KernelPlayground
from cnnlib.course.widgets.kit.subject import subject as subject
from cnnlib.course.widgets.mixer import ColourMixer as ColourMixer
from cnnlib.course.widgets.occlusion import OcclusionBrush as OcclusionBrush
from cnnlib.course.widgets.pooling import PoolingExplorer as PoolingExplorer
from cnnlib.course.widgets.scaling import ScalingExplorer as ScalingExplorer
from cnnlib.course.widgets.sizing import SizingExplorer as SizingExplorer
from cnnlib.course.widgets.softmax import SoftmaxExplorer as SoftmaxExplorer
from cnnlib.course.widgets.training import TrainingDashboard as TrainingDashboard
from cnnlib.course.widgets.valley import MomentumValley as MomentumValley

__all__ = [name for name in sorted(globals()) if name[0].isupper()]
