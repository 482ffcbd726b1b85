/*
 * module.h - the file that an address of code lies in.
 *
 * Asked of the loader without a lock (_dl_find_object, glibc 2.35); other
 * libcs do not tell. Async-signal-safe; allocates nothing.
 */
#ifndef MIDPOOL_INTERPOSE_MODULE_H
#define MIDPOOL_INTERPOSE_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "sites.h"

/*
 * Fills *out with the object that is mapped at address, which the caller's
 * stack passes through, so that it stays. False: there is none.
 */
bool module_find(uintptr_t address, struct sites_module *out);

#endif
