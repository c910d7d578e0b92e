#!/bin/sh
# vl-convert writes one and the same picture as PDF files that differ each time.
#
# A good guess: a converter without a date in its files gives the same bytes for the same SVG, as its own SVG and
# PNG do, so that a figure under version control changes when its numbers do.
# Behaviour: objects are numbered and resources listed in another order each time, within one process too.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet vl-convert-python==1.9.0

"$folder/env/bin/python" - <<'END'
import importlib.metadata

import vl_convert

print("vl-convert-python", importlib.metadata.version("vl-convert-python"))
chart = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"values": [{"layer": k, "accuracy": 0.5 + k / 30, "encoder": e} for k in range(7) for e in "ab"]},
    "mark": {"type": "line", "point": True},
    "encoding": {
        "x": {"field": "layer", "type": "quantitative"},
        "y": {"field": "accuracy", "type": "quantitative"},
        "color": {"field": "encoder", "type": "nominal"},
    },
}
svgs = {vl_convert.vegalite_to_svg(chart) for _ in range(12)}
(svg,) = svgs
pngs = {bytes(vl_convert.svg_to_png(svg)) for _ in range(12)}
pdfs = [bytes(vl_convert.svg_to_pdf(svg)) for _ in range(12)]
print("of 12 conversions each:", len(svgs), "SVG,", len(pngs), "PNG,", len(set(pdfs)), "PDF")
print("bytes of the PDFs:", sorted({len(pdf) for pdf in pdfs}))
assert len(svgs) == len(pngs) == 1 < len(set(pdfs))
END
