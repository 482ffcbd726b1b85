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
 * Writes path with the number to out; false when that is too long.
 * Async-signal-safe.
 */
bool numbered_name(char out[PATH_MAX], const char *path, uint64_t number);

/*
 * A number, 2 or more, whose name is free: the lowest one, unless names
 * between others have been removed. Asks for a number of names that grows
 * with the logarithm of how many are taken. out is scratch space. Keeps no
 * state; may change errno. Async-signal-safe.
 */
uint64_t numbered_name_free(char out[PATH_MAX], const char *path);

#endif
