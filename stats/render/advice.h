/*
 * advice.h - the warnings and hints of a report.
 *
 * One table of warnings (something is not as it should be) and hints (what
 * could be better), each with an id that scripts can rely on. Every format
 * that speaks to people shows the same sentences.
 */
#ifndef MIDPOOL_STATS_ADVICE_H
#define MIDPOOL_STATS_ADVICE_H

#include <stdbool.h>

#include "snapshot.h"

enum {
    ADVICE_BYTES = 400,     /* of the longest message, with its NUL */
    ADVICE_FEW_GETS = 1000, /* with fewer, nothing is judged by its rate */
};

extern const unsigned advice_count;

const char *advice_id(unsigned index);
bool advice_is_warning(unsigned index);

/* Writes the sentence and returns true where it applies to the snapshot. */
bool advice_message(unsigned index, const struct stats_snapshot *snap,
                    char message[ADVICE_BYTES]);

#endif
