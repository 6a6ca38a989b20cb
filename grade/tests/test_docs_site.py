"""The site of make docs: every link leads somewhere, every picture is there, the search finds, a phone need not scroll sideways,
and no solution of a lab can be read in it."""

import re
import subprocess
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grade.tests import browser
from grade.tests.conftest import plain_environment
from labs.catalog import all_labs
from labs.cut import solution_lines

ROOT = Path(__file__).resolve().parents[2]
WELL_KNOWN = 24  # characters from which on a line of a solution is not a line that anyone would write

SEARCHES = {"copy-on-write": "labs/1-vmar/README.html", "ENOSYS": "docs/abi.html"}  # words, and a page that must be found
NOWHERE = "xylophone"

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


@pytest.fixture(scope="module")
def site():
    """The built site's folder."""
    done = subprocess.run(["make", "docs"], cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=False)
    if "apt-get" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return ROOT / "build/docs"


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}


def test_every_link_leads_somewhere(site, pages):
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme in ("https", "mailto"):
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if not target.is_relative_to(site) or not target.exists():
                wrong.append(f"{path.relative_to(site)}: {link}")
            elif target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].anchors:
                wrong.append(f"{path.relative_to(site)}: {link} has no such place")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_loaded_from_elsewhere(pages):
    loaded = re.compile(r'<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)="(?:https?:)?//')
    assert not [str(path) for path in pages if loaded.search(path.read_text())]


def test_every_page_is_in_the_contents(site, pages):
    first = pages[site / "docs/index.html"]
    reached = {(site / "docs" / link).resolve() for link in first.links}
    assert not {path for path in pages if path.name not in ("index.html", "search.html", "genindex.html")} - reached


def test_pictures_are_there_a_phone_need_not_scroll_sideways_and_the_search_finds(site, pages):
    browser.install()
    searches = {f"{(site / 'search.html').as_uri()}?q={words}": place for words, place in SEARCHES.items()}
    visited = [path.as_uri() for path in pages if path != site / "index.html"]
    nothing = f"{(site / 'search.html').as_uri()}?q={NOWHERE}"
    seen = browser.visit([*visited, *searches, nothing])
    assert len(seen) == len(visited) + len(searches) + 1 and sum(one["pictures"] for one in seen) >= 1
    assert not [one for one in seen if one["width"] > browser.PHONE or one["broken"]]
    found = {one["page"]: {link.partition("?")[0].partition("#")[0] for link in one["found"]} for one in seen}
    assert all(place in found[search] for search, place in searches.items()), found
    assert not found[visited[0]] and not found[nothing]


def test_the_site_shows_no_solution(site):
    text = "\n".join(re.sub(r"<[^>]*>", "", path.read_text()) for path in site.rglob("*.html"))
    text = "".join(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").split())
    for lab in all_labs():
        for file in lab.files:
            for hole, lines in solution_lines(file, (ROOT / file).read_text()).items():
                for line in lines:
                    if len(line) >= WELL_KNOWN:
                        assert "".join(line.split()) not in text, f"the site shows the solution of {hole}: {line}"
