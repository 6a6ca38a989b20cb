"""How Sphinx makes the site (make docs). The pages are the Markdown files where they stand in the tree, so that a link between
two of them holds in an editor, in a repository's viewer and on the site."""

import pathlib

project = "Astrolabe"
copyright = "the authors of Astrolabe"
root_doc = "docs/index"
include_patterns = ["docs/*.md", "labs/*/README.md", "README.md", "CONTRIBUTING.md"]

extensions = ["myst_parser", "sphinx.ext.graphviz"]
myst_heading_anchors = 3
graphviz_output_format = "svg"
highlight_language = "none"

html_theme = "furo"
html_title = "Astrolabe"
html_static_path = ["site/site.css"]
html_extra_path = ["site/index.html"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None


def add_other_pages(app, page, source):
    """Pages that the contents do not name yet come last in them, so that none is forgotten."""
    if page == root_doc:
        here = pathlib.Path(__file__).parent
        others = [path.stem for path in sorted(here.glob("*.md")) if path.stem != "index" and f"\n{path.stem}\n" not in source[0]]
        if others:
            source[0] += "\n```{toctree}\n:caption: More\n:maxdepth: 1\n" + "\n".join(others) + "\n```\n"


def setup(app):
    app.connect("source-read", add_other_pages)
