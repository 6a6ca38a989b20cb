"""The page of `map live PAGE.html`: one file without anything from elsewhere. Above a time line of what is in use, below the map and the
address spaces at the moment that was picked."""

import collections
import dataclasses
import html

from astrolabe.core import words
from astrolabe.core.memory import PAGE

STYLE = """body{font:14px/1.4 sans-serif;max-width:64em;margin:1em auto;padding:0 1em;color:#222}h1{font-size:1.4em}h2{font-size:1em;margin-bottom:.3em}
svg{width:100%;height:12em;border:1px solid #ccc;cursor:pointer}input{width:100%;margin:0}.look{display:none}.look.now{display:block}
.key span{white-space:nowrap;margin-right:1em}.key i{display:inline-block;width:.9em;height:.9em;margin-right:.3em;border:1px solid #aaa}
.cells{display:grid;grid-template-columns:repeat(64,1fr);gap:1px}.cells i{aspect-ratio:1}pre{overflow-x:auto;font-size:12px}"""
SCRIPT = """const looks=document.querySelectorAll('.look'),bar=document.querySelector('input'),line=document.querySelector('line');
function pick(n){n=Math.max(0,Math.min(looks.length-1,n));bar.value=n;looks.forEach((look,i)=>look.classList.toggle('now',i==n));
const x=100*(n+.5)/looks.length;line.setAttribute('x1',x);line.setAttribute('x2',x)}
document.querySelector('svg').onclick=e=>{const box=e.currentTarget.getBoundingClientRect();
pick(Math.floor((e.clientX-box.left)/box.width*looks.length))};
bar.oninput=()=>pick(+bar.value);pick(looks.length>>1)"""
IDLE = ("free", "unknown")  # not in the time line


@dataclasses.dataclass
class Look:
    totals: collections.Counter  # use -> frames
    cells: list  # uses
    lines: list  # about harts and address spaces


def write(path, looks, colours):
    highest = max((in_use(look) for look in looks), default=0) or 1
    total = max((sum(look.totals.values()) for look in looks), default=0)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Astrolabe: physical memory</title><style>{STYLE}</style>
<h1>Physical memory by owner</h1>
<h2>In use over time, at most {words.size(highest * PAGE)} of {words.size(total * PAGE)}; {words.count(len(looks), "look")}, from left to right</h2>
<svg viewBox="0 0 100 100" preserveAspectRatio="none" shape-rendering="crispEdges" role="img" aria-label="time line">{"".join(bars(looks, highest, colours))}<line y1="0" y2="100"
 stroke="#000" stroke-width="1" vector-effect="non-scaling-stroke"/></svg>
<input type="range" min="0" max="{max(0, len(looks) - 1)}" value="0" aria-label="moment">
{"".join(one(index, look, colours) for index, look in enumerate(looks))}<script>{SCRIPT}</script></html>
""")


def in_use(look):
    return sum(frames for use, frames in look.totals.items() if use not in IDLE)


def bars(looks, highest, colours):
    width = 100 / max(1, len(looks))
    for index, look in enumerate(looks):
        low = 0.0
        for use, colour in colours.items():
            height = 0 if use in IDLE else 100 * look.totals.get(use, 0) / highest
            low += height
            if height:
                yield f'<rect x="{index * width:.3f}" y="{100 - low:.3f}" width="{width + 0.05:.3f}" height="{height:.3f}" fill="{colour}"/>'


def one(index, look, colours):
    key = "".join(f'<span><i style="background:{colour}"></i>{use.replace("_", " ")} {words.size(look.totals[use] * PAGE)}</span>'
                  for use, colour in colours.items() if look.totals.get(use))
    squares = "".join(f'<i style="background:{colours.get(use, "#000")}" title="{html.escape(use)}"></i>' for use in look.cells)
    return (f'<div class="look" id="look{index}"><h2>Look {index + 1}</h2><p class="key">{key}</p><div class="cells">{squares}</div>'
            f'<pre>{html.escape(chr(10).join(look.lines))}</pre></div>\n')
