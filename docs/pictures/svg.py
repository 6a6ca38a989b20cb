"""Just enough SVG to draw with: boxes, words, arrows. Coordinates are pixels of a picture as wide as the site's text."""

from __future__ import annotations

from html import escape

WIDTH = 720
INK, SOFT, PAPER = "#1f2933", "#7b8794", "#fcfcf9"
BLUE, GREEN, AMBER, RED, GREY = "#d6e6f7", "#d9efdc", "#fbe9c6", "#f8d9d5", "#e8eaed"
HEAD = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{}"/></marker>'


class Picture:
    """One picture; the text of its file is str(picture)."""

    def __init__(self, title: str, height: int, width: int = WIDTH):
        self.title, self.width, self.height = title, width, height
        self.parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, fill: str = PAPER, dashed: bool = False) -> None:
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{INK}"{dash}/>')

    def text(self, x: float, y: float, words: str, anchor: str = "start", code: bool = False, soft: bool = False,
             size: int = 13, bold: bool = False) -> None:
        """Words with their middle at height y."""
        family = "DejaVu Sans Mono, Menlo, Consolas, monospace" if code else "DejaVu Sans, Helvetica, Arial, sans-serif"
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y + size * 0.35:g}" text-anchor="{anchor}" font-family="{family}" font-size="{size}"'
            f'{weight} fill="{SOFT if soft else INK}" xml:space="preserve">{escape(words)}</text>')

    def arrow(self, *points: tuple[float, float], soft: bool = False) -> None:
        """A line through the points, with its head at the last."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{SOFT if soft else INK}" stroke-width="1.3" marker-end="url(#head)"/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, dashed: bool = False) -> None:
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{INK}"{dash}/>')

    def __str__(self) -> str:
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" role="img">\n<title>{escape(self.title)}</title>\n<defs>{HEAD.format(INK)}</defs>\n'
                f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>\n')
        return head + "\n".join(self.parts) + "\n</svg>\n"
