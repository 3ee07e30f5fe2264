"""Things to play with: widgets that are drawn in the browser and computed with cnnlib.

A widget answers in the browser, within a frame and without a kernel, wherever that is possible.
Its numbers are those of cnnlib, and tests in a real browser compare the two. Where no widget can
run, on a code host, in HTML or on slides, the stored output shows a picture instead.

How a widget is made
--------------------
Each widget is a Python file, a JavaScript file of the same name, and, where it needs one, a style
sheet. `kit.js` and `kit.css` hold what all widgets share; `_base.py` holds `Widget`, the class
that they inherit.

In Python, the widget checks its settings with the words that cnnlib uses, computes its picture
with cnnlib, and has a `repr` that is the same in every run. In JavaScript, arithmetic stands in
pure functions that are exported, so that a test can call them; words stand in functions too; and
`render` builds the parts from the kit:

- `panel`: the frame, a place for complaints, a spoken line, help for the keys;
- `settings`: what Python and the browser share;
- `numberField`, `toggle`, `choice`, `button`, `player`: controls that work from the keyboard;
- `grid`: numbers that can be walked, pointed at and edited.

Rules that every widget keeps
-----------------------------
- Nothing moves before the learner asks for it, and what moves can be paused.
- All that the mouse can do, the keyboard can do; where the focus is, can be seen.
- What changes is said, in words, through ``panel.say``: once for each action.
- Nonsense is refused in words, and the last sound value stays.
- Colour is never the only sign. Sizes are in em, so that everything grows with the text.
- No address of any server stands in a file, and no file is loaded.
"""

from cnnlib.course.widgets.activation import ActivationExplorer
from cnnlib.course.widgets.convolution import ConvolutionStepper
from cnnlib.course.widgets.descent import DescentStepper
from cnnlib.course.widgets.drawing import DrawingPad
from cnnlib.course.widgets.geometry import GeometryExplorer
from cnnlib.course.widgets.graph import ComputationGraph
from cnnlib.course.widgets.inspector import PixelInspector
from cnnlib.course.widgets.kernel import KernelPlayground
from cnnlib.course.widgets.mixer import ColourMixer
from cnnlib.course.widgets.pooling import PoolingExplorer
from cnnlib.course.widgets.sizing import SizingExplorer
from cnnlib.course.widgets.softmax import SoftmaxExplorer
from cnnlib.course.widgets.training import TrainingDashboard

__all__ = [
    "ActivationExplorer",
    "ColourMixer",
    "ComputationGraph",
    "ConvolutionStepper",
    "DescentStepper",
    "DrawingPad",
    "GeometryExplorer",
    "KernelPlayground",
    "PixelInspector",
    "PoolingExplorer",
    "SizingExplorer",
    "SoftmaxExplorer",
    "TrainingDashboard",
]
