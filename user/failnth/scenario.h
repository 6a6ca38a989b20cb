#pragma once

// Makes the files that it needs.
void prepare_scenario();
// Removes what it left behind when it was cut short.
void clean_up_scenario();
// Does a little of everything that allocates; whatever fails is left out. May end the process.
void play_scenario();
