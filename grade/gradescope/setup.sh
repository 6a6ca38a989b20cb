#!/bin/bash
# Gradescope runs this once, when it makes the image: everything that grading needs, and the clean tree, built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/astrolabe"
grade/setup/setup.sh install
PYTHONPATH=. /usr/bin/python3 -m grade.gradescope.autograder prepare
