"""Draw the picture at the top of README.md: python .github/make_cover.py."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from cnnlib import functional as F
from cnnlib.architectures import course_cnn
from cnnlib.course import drawing
from cnnlib.datasets import load_photo

photo = load_photo("cat").mean(axis=2, dtype=np.float32) / 255
sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=np.float32)
feature_map = F.conv2d(photo[None, None], sobel[None, None])[0, 0]

top, axes = drawing.new(1, 3, height=3.1, width_ratios=[3, 2, 3])
drawing.image(photo, axes[0], title="a grid of numbers")
drawing.kernel(sobel, axes[1], title="slide, multiply, add")
drawing.image(np.clip(0.5 + feature_map / 2, 0, 1), axes[2], title="a feature map")

blocks = [(1, 28, 28, "digit")]
names = {"Conv2d": "convolution", "MaxPool2d": "pool", "Linear": "dense"}
for row in course_cnn(np.random.default_rng(0)).summary((1, 28, 28)).rows:
    kind = row.name.split()[1].split("(")[0]
    if kind in names:
        shape = row.output_shape if len(row.output_shape) == 3 else (*row.output_shape, 1, 1)
        blocks.append((*shape, names[kind]))
bottom = drawing.volumes(blocks)

pictures = [Image.open(io.BytesIO(drawing.to_png(fig))).convert("RGB") for fig in (top, bottom)]
cover = Image.new("RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)), "white")
height = 0
for picture in pictures:
    cover.paste(picture, ((cover.width - picture.width) // 2, height))
    height += picture.height
target = Path(__file__).with_name("cover.png")
cover.quantize(128).save(target, optimize=True)
print(f"{target.name}: {cover.width}×{cover.height}, {target.stat().st_size // 1024} kB")
