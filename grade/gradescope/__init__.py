"""Gradescope: make gradescope packs an autograder of one lab, and this is what runs there.

    the zip = /autograder/source             setup.sh         once, when the image is made: packages, and the clean tree built
                                             run_autograder   for each submission
                                             astrolabe/       a student's tree of the lab, with the hidden checks
    /autograder/submission                   what was handed in
    /autograder/results/results.json         what Gradescope shows, written anew after each check
"""
