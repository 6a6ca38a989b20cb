"""Makes a screenshot small: a picture of true colours becomes one of 256, which the few tones of a page of text fit in."""

import struct
import zlib
from collections import Counter
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256


def chunks(data: bytes):
    at = len(SIGNATURE)
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += size + 12


def rows_of(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, bytes a pixel, and the unfiltered rows of a picture with eight bits a channel that is not interlaced."""
    parts = list(chunks(data))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if depth != 8 or kind not in (2, 6) or interlaced:
        raise ValueError("not a picture as Chromium writes it")
    step, raw = (3 if kind == 2 else 4), zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    size, above, rows = width * step, bytearray(width * step), []
    for at in range(0, height * (size + 1), size + 1):
        above = unfiltered(raw[at], bytearray(raw[at + 1 : at + 1 + size]), above, step)
        rows.append(bytes(above))
    return width, step, rows


def unfiltered(kind: int, row: bytearray, above: bytearray, step: int) -> bytearray:
    """A row as it was before PNG's filter number `kind`."""
    for i in range(len(row) if kind else 0):
        left, up, corner = (row[i - step], above[i], above[i - step]) if i >= step else (0, above[i], 0)
        row[i] = (row[i] + (left, up, (left + up) // 2, nearest_of(left, up, corner))[kind - 1]) & 255
    return row


def nearest_of(left: int, up: int, corner: int) -> int:
    """The Paeth predictor."""
    return min((left, up, corner), key=lambda value: abs(left + up - corner - value))


def shrink(path: Path) -> None:
    """Rewrites the picture with a palette of its most frequent colours."""
    width, step, rows = rows_of(path.read_bytes())
    pixels = [[row[at : at + 3] for at in range(0, len(row), step)] for row in rows]
    counted = Counter(colour for row in pixels for colour in row)
    palette = [colour for colour, _ in counted.most_common(MOST_COLOURS)]
    place = {colour: min(range(len(palette)), key=lambda i: distance(palette[i], colour)) for colour in counted}
    body = b"".join(b"\0" + bytes(place[colour] for colour in row) for row in pixels)
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(body, 9)), (b"IEND", b""))
    path.write_bytes(SIGNATURE + b"".join(map(chunk, *zip(*parts))))


def distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
