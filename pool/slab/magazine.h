/*
 * magazine.h - a small array of slots of one bin, the unit that slabs, depots
 * and thread caches exchange. Ownership is described in depot.h.
 */
#ifndef MIDPOOL_POOL_MAGAZINE_H
#define MIDPOOL_POOL_MAGAZINE_H

#include <stdatomic.h>

#include "size_class.h"

struct magazine {
    _Atomic uint32_t next; /* number of the one below, while in a stack */
    uint16_t rounds;       /* pointers in it, while in a stack */
    uint8_t cold;          /* slots that were never handed out, or purged */
    uint8_t zero;          /* and that read as zero */
    uint32_t taken;        /* cold only: rounds already used up */
    uint32_t number;
    void *slot[MAGAZINE_ROUNDS];
};

_Static_assert(sizeof(struct magazine) == 512, "magazines fill cache lines");

#endif
