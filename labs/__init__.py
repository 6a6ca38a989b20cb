"""The labs: the catalogue of lab.toml files, and the tool that cuts a student's tree from the reference."""
