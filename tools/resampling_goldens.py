#!/usr/bin/env python3
"""Writes Tests/DatasetsTests/Goldens/resized_crop.json: windows of small images as torchvision resizes them.

    pip install torchvision==0.28.0
    python3 tools/resampling_goldens.py

Colours by torchvision's tensor code, `resized_crop(..., antialias=True)` on uint8 (not Pillow's); classes by its
`NEAREST_EXACT`. The image is the formula below, so that a test can make it too.
"""

import json
from pathlib import Path

import torch
import torchvision
from torchvision.transforms.v2.functional import InterpolationMode, resized_crop

FILE = Path(__file__).resolve().parent.parent / "Tests" / "DatasetsTests" / "Goldens" / "resized_crop.json"
CHANNELS, HEIGHT, WIDTH = 3, 12, 15
# top, left, height and width of a window, and the height and width that it is brought to
CASES = [
    (0, 0, 12, 15, 12, 15),
    (0, 0, 12, 15, 5, 4),
    (3, 2, 7, 9, 12, 15),
    (1, 4, 10, 5, 6, 6),
    (11, 14, 1, 1, 3, 2),
    (2, 0, 3, 15, 9, 7),
]


def main() -> None:
    c, y, x = torch.meshgrid(torch.arange(CHANNELS), torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    image = ((c * 89 + x * 37 + y * 91 + x * y * 13) % 256).to(torch.uint8)
    cases = []
    for top, left, height, width, rows, columns in CASES:
        def sampled(mode: InterpolationMode, antialias: bool) -> list[int]:
            found = resized_crop(
                image, top, left, height, width, [rows, columns], interpolation=mode, antialias=antialias)
            return found.flatten().tolist()

        cases.append(
            {
                "window": [top, left, height, width],
                "size": [rows, columns],
                "bilinear": sampled(InterpolationMode.BILINEAR, True),
                "nearest": sampled(InterpolationMode.NEAREST_EXACT, False)[: rows * columns],
            }
        )
    golden = {"torchvision": torchvision.__version__, "image": [CHANNELS, HEIGHT, WIDTH], "cases": cases}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(golden) + "\n")
    print(f"{FILE}: {len(cases)} cases, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
