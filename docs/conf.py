"""How Sphinx makes the site (make docs). The pages are the Markdown files where they stand in the tree, so that a link between
two of them holds in an editor, in a repository's viewer and on the site."""

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
