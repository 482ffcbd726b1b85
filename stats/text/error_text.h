/*
 * error_text.h - the meaning of an errno value, in words.
 *
 * strerror and strerror_r translate, and may allocate; strerrordesc_np is not
 * in glibc before 2.32, which Debian 11 has.
 */
#ifndef MIDPOOL_STATS_ERROR_TEXT_H
#define MIDPOOL_STATS_ERROR_TEXT_H

/*
 * glibc's English text of an error, or "unknown error" for one that system
 * calls of this library do not give. A constant; async-signal-safe.
 */
const char *error_text(int error);

#endif
