"""A class at once: grade/batch reads a folder of submissions, grades each, and writes a table and a page of all."""
