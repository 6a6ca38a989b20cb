"""Chromium without a window, asked through DevTools' protocol on a pipe: what a page's scripts say, and what its own reader of
traces, which its Performance panel shows, makes of one: somebody else's consumer of the Chrome trace format."""

import contextlib
import fcntl
import json
import os
import subprocess
import tempfile
import time

import pytest

from grade.tests import browser

PAGE = "devtools://devtools/bundled/devtools_app.html"
PATIENCE = 120  # seconds for one answer; only a hang takes so long
# {"group/row": [names of its events]} of a trace, as the panel's engine has them after reading it.
READ = """(async text => {
    const engine = await import('./models/trace/trace.js');
    if (!engine.TraceModel?.Model?.createWithAllHandlers) return null;
    const model = engine.TraceModel.Model.createWithAllHandlers();
    await model.parse(JSON.parse(text).traceEvents, {});
    const data = model.parsedTrace(0).data, rows = {};
    for (const [pid, process] of data.Renderer.processes) for (const [tid, thread] of process.threads)
        rows[data.Meta.processNames.get(pid).args.name + '/' + thread.name] = thread.entries.map(event => event.name);
    return {rows};
})"""


def ask(url: str, expression: str, width: int = 1280):
    """The value of an expression of JavaScript on a page, in a window of that width; what it throws is an AssertionError."""
    browser.install()
    with protocol() as call:
        target = call("Target.createTarget", url=url)["targetId"]
        session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        call("Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1, mobile=False)
        deadline = time.monotonic() + PATIENCE
        while evaluate(call, session, "location.href + document.readyState") != f"{url}complete":
            assert time.monotonic() < deadline, f"{url} does not load"
            time.sleep(0.05)
        return evaluate(call, session, expression)


def rows_of(trace: str) -> dict:
    """The rows of a trace with the names of their events."""
    seen = ask(PAGE, f"{READ}({json.dumps(trace)})")
    if seen is None:
        pytest.skip("this Chromium's DevTools read traces in another way")
    return seen["rows"]


def evaluate(call, session, expression):
    done = call("Runtime.evaluate", session, expression=expression, returnByValue=True, awaitPromise=True)
    assert "exceptionDetails" not in done, done["exceptionDetails"]
    return done["result"].get("value")


@contextlib.contextmanager
def protocol():
    """call(method, session, **parameters) of a browser of one's own; it reads file 3 and writes file 4, messages that end in NUL."""
    (its_input, to_it), (from_it, its_output) = os.pipe(), os.pipe()

    def take_pipes():
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (its_input, its_output)]
        for number, end in zip((3, 4), ends):
            os.dup2(end, number, inheritable=True)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chromium = subprocess.Popen([*browser.COMMAND, f"--user-data-dir={profile}", "--remote-debugging-pipe"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, preexec_fn=take_pipes, pass_fds=(3, 4))
        os.close(its_input)
        os.close(its_output)
        try:
            yield Caller(to_it, from_it)
        finally:
            chromium.kill()
            chromium.wait()
            os.close(to_it)
            os.close(from_it)


class Caller:
    def __init__(self, to_it, from_it):
        self.to_it, self.from_it, self.count, self.pending = to_it, open(from_it, "rb", closefd=False), 0, b""

    def __call__(self, method, session=None, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        data = memoryview(json.dumps(message).encode() + b"\0")
        while data:
            data = data[os.write(self.to_it, data):]
        while True:
            answer = self.next()
            if answer.get("id") == self.count:
                assert "result" in answer, answer
                return answer["result"]

    def next(self):
        while b"\0" not in self.pending:
            data = self.from_it.read1(1 << 20)
            assert data, "Chromium has ended"
            self.pending += data
        message, _, self.pending = self.pending.partition(b"\0")
        return json.loads(message)
