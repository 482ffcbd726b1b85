/* process_age.h - when the process came into being, as the kernel says. */
#ifndef MIDPOOL_INTERPOSE_PROCESS_AGE_H
#define MIDPOOL_INTERPOSE_PROCESS_AGE_H

#include <stdint.h>

/*
 * Nanoseconds since 1970, a little early rather than late; exec does not
 * change it. The present when /proc can not tell. Async-signal-safe.
 */
int64_t process_age_start_unix_ns(void);

#endif
