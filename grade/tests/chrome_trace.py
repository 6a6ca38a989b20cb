"""The rules of the Chrome trace format, as its description ("Trace Event Format") has them and Perfetto's importer wants them, for any
writer: problems(text) says what is wrong with a file."""

import json

# phase -> what an event of it must have besides name, ph, pid and tid. B and E are told by their order in time.
NEEDED = {"X": {"ts", "dur"}, "B": {"ts"}, "E": {"ts"}, "i": {"ts"}, "I": {"ts"}, "C": {"ts", "args"}, "M": {"args"},
          "b": {"ts", "cat", "id"}, "n": {"ts", "cat", "id"}, "e": {"ts", "cat", "id"}, "s": {"ts", "id"}, "t": {"ts", "id"}, "f": {"ts", "id"}}
KNOWN = {"name", "cat", "ph", "ts", "tts", "dur", "tdur", "pid", "tid", "args", "id", "s", "bp", "cname", "sf", "stack"}
METADATA = {"process_name": "name", "thread_name": "name", "process_labels": "labels", "process_sort_index": "sort_index",
            "thread_sort_index": "sort_index"}


def problems(text):
    try:
        trace = json.loads(text)
    except ValueError as error:
        return [f"no JSON: {error}"]
    events = trace.get("traceEvents") if isinstance(trace, dict) else trace
    if not isinstance(events, list):
        return ["no list of events"]
    found = []
    if isinstance(trace, dict) and trace.get("displayTimeUnit", "ms") not in ("ms", "ns"):
        found.append("displayTimeUnit is neither ms nor ns")
    sound = [event for event in events if not found.extend(wrong_fields(event)) and not list(wrong_fields(event))]
    return found + list(unnamed(sound)) + list(wrong_nesting(sound))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value and abs(value) != float("inf")


def wrong_fields(event):
    if not isinstance(event, dict):
        yield f"no object: {event}"
        return
    phase = event.get("ph")
    for field in sorted({"name", "pid", "tid"} | NEEDED.get(phase, set())):
        if field not in event:
            yield f"without {field}: {event}"
    if phase not in NEEDED:
        yield f"phase {phase!r} is none: {event}"
    for field in sorted(set(event) - KNOWN):
        yield f"a field {field} is none: {event}"
    for field, kinds in (("name", str), ("cat", str), ("pid", int), ("tid", int), ("args", dict)):
        if field in event and (not isinstance(event[field], kinds) or isinstance(event[field], bool)):
            yield f"{field} is no {kinds.__name__}: {event}"
    for field in ("ts", "dur"):
        if field in event and not (is_number(event[field]) and event[field] >= 0):
            yield f"{field} is no time: {event}"
    if event.get("s", "t") not in ("g", "p", "t"):
        yield f"scope {event['s']!r} is none: {event}"
    if phase == "M" and (event.get("name") not in METADATA or METADATA[event["name"]] not in event.get("args", {})):
        yield f"metadata without a meaning: {event}"


def unnamed(events):
    """A row that nothing names shows as a number."""
    processes = {event["pid"] for event in events if event["ph"] == "M" and event["name"] == "process_name"}
    threads = {(event["pid"], event["tid"]) for event in events if event["ph"] == "M" and event["name"] == "thread_name"}
    rows = {(event["pid"], event["tid"]) for event in events if event["ph"] != "M"}
    yield from (f"process {pid} has no name" for pid in sorted({pid for pid, _ in rows} - processes))
    yield from (f"row {row} has no name" for row in sorted(rows - threads))


def nanoseconds(microseconds):
    return round(microseconds * 1000)


def wrong_nesting(events):
    """Slices of one row lie within each other or apart; each B has its E."""
    rows = {}
    for event in events:
        if event["ph"] in "XBE":
            rows.setdefault((event["pid"], event["tid"]), []).append(event)
    for row, slices in rows.items():
        open_ends = []
        for begin, end, name in sorted(((nanoseconds(event["ts"]), nanoseconds(event["ts"] + event["dur"]), event["name"]) for event in slices
                                        if event["ph"] == "X"), key=lambda item: (item[0], -item[1])):
            while open_ends and open_ends[-1][0] <= begin:
                open_ends.pop()
            if open_ends and end > open_ends[-1][0]:
                yield f"row {row}: {name} at {begin} ends at {end} ns, after {open_ends[-1][1]} around it, which ends at {open_ends[-1][0]}"
            open_ends.append((end, name))
        begun = []
        for event in sorted((event for event in slices if event["ph"] in "BE"), key=lambda event: event["ts"]):
            if event["ph"] == "B":
                begun.append(event["name"])
            elif not begun or begun.pop() != event["name"]:
                yield f"row {row}: {event['name']} ends and has not begun last"
        yield from (f"row {row}: {name} has no end" for name in begun)
