/*
 * fault_os.h - the operating system's memory, failing on request.
 *
 * Purpose   fault_os.c takes the place of pool/os/os.c in a program that links
 *           the pool's archive: every call goes to the real one unless it is
 *           its turn to fail. The tests run the pool's own object code.
 * Thread    Plans are set while one thread runs; calls come from any.
 */
#ifndef MIDPOOL_TESTS_FAULT_OS_H
#define MIDPOOL_TESTS_FAULT_OS_H

#include <stdint.h>

/* Which calls a plan is about; see pool/os/os.h. */
enum fault_call {
    FAULT_RESERVE = 1 << 0,
    FAULT_COMMIT = 1 << 1,
    FAULT_PURGE = 1 << 2,
    FAULT_POPULATE = 1 << 3,
    FAULT_POPULATE_SHARED = 1 << 4,
    FAULT_ADVISE = 1 << 5,
    FAULT_MAP_SHARED = 1 << 6,
    FAULT_MAP_PRIVATE = 1 << 7,
    FAULT_ALL = (1 << 8) - 1,
};

struct fault_plan {
    unsigned calls; /* enum fault_call, joined */
    uint64_t from;  /* the calls [from, to) fail, counted from 1 */
    uint64_t to;
    unsigned chance; /* and any other one of so many; 0: none */
    uint64_t seed;
};

/* Starts counting anew. NULL: nothing fails. */
void fault_plan(const struct fault_plan *plan);

/* Calls of the plan's kinds since, and how many failed. */
uint64_t fault_seen(void);
uint64_t fault_failed(void);

#endif
