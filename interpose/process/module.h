/*
 * module.h - finds the file that an address of code lies in.
 *
 * The loader is asked without a lock (_dl_find_object, glibc 2.35 and later).
 * With other libcs nothing is found. Async-signal-safe; allocates nothing.
 */
#ifndef MIDPOOL_INTERPOSE_MODULE_H
#define MIDPOOL_INTERPOSE_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "sites.h"

/*
 * Fills *out with the object that is mapped at address. The address must be on
 * the caller's stack, so that the object stays loaded. False: there is none.
 */
bool module_find(uintptr_t address, struct sites_module *out);

#endif
