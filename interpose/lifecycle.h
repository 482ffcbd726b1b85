/*
 * lifecycle.h - start, fork and end of the library within a process.
 *
 *   (nothing) --first allocation--> early: pool served with what options
 *   could be read --constructor--> ready --fork--> ready, counting anew
 *   --destructor--> reported; the pools serve on to the last instruction.
 *
 * Nothing is ever torn down.
 */
#ifndef MIDPOOL_INTERPOSE_LIFECYCLE_H
#define MIDPOOL_INTERPOSE_LIFECYCLE_H

/*
 * Makes the pools ready. Called by the first allocation, which may come
 * before any constructor ran, and by the constructor. A call that comes
 * while another is under way (it is our own doing) returns at once; pools
 * then serve nothing yet.
 */
void lifecycle_init_early(void);

struct options;

/* The effective options; defaults until they could be read. */
const struct options *lifecycle_options(void);

#endif
