"""Numbers as words."""


def size(number):
    """Bytes: 4 KiB, 1.5 MiB, 255 GiB."""
    for unit, step in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if number >= 1 << step:
            value = number / (1 << step)
            return f"{value:.0f} {unit}" if value >= 100 or value == int(value) else f"{value:.1f} {unit}"
    return f"{number} bytes"


def perms(bits):
    """R 1, W 2, X 4."""
    return "".join(letter if bits >> index & 1 else "-" for index, letter in enumerate("rwx"))


def count(number, what, plural=None):
    return f"{number} {what if number == 1 else plural or what + 's'}"


def text(data):
    """Bytes as a C string shows them."""
    out = ""
    for byte in data:
        out += {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
    return out
