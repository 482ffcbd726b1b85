/*
 * numbered_name.h - names for reports whose wanted name is taken.
 *
 * The number stands before the name's last ending, so that the pattern which
 * finds the first report finds all of them: svc.json, svc.2.json, svc.3.json
 * for svc.json or svc.*.json. A name without an ending gets it appended.
 */
#ifndef MIDPOOL_INTERPOSE_NUMBERED_NAME_H
#define MIDPOOL_INTERPOSE_NUMBERED_NAME_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Writes path with the number to out. False: the result is too long.
 * Async-signal-safe.
 */
bool numbered_name(char out[PATH_MAX], const char *path, uint64_t number);

/*
 * Returns the lowest number from 2 on whose name is free. If names between
 * others have been removed, it may return a higher free number. The number of
 * names that it looks at grows with the logarithm of the number of names that
 * are taken. out is scratch space. Keeps no state; may change errno.
 * Async-signal-safe.
 */
uint64_t numbered_name_free(char out[PATH_MAX], const char *path);

#endif
