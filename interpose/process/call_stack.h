/*
 * call_stack.h - prints the callers, without backtrace(3), which loads a
 * library and allocates.
 */
#ifndef MIDPOOL_INTERPOSE_CALL_STACK_H
#define MIDPOOL_INTERPOSE_CALL_STACK_H

#include "sink.h"

/*
 * Adds a line for each of the innermost callers outside this library, up to 12
 * and as many as fit: prefix, the object's file and the offset in it. Takes
 * the lock of the loader's list for a moment.
 */
void call_stack_add(struct sink *out, const char *prefix);

#endif
