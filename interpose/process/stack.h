/*
 * stack.h - finds the return addresses on the calling thread's stack.
 *
 * Model     Programs of distributions have no frame pointers, so the unwind
 *           tables of .eh_frame are used. Rules that were read are kept
 *           (frame_walk.h). For other frames libgcc's unwinder, which is
 *           inside the library, is used. Neither allocates; with glibc 2.35
 *           and later, both find an object's table by _dl_find_object, without
 *           a lock. With an older glibc, libgcc would take the loader's lock,
 *           which may be held by a thread that waits for the caller. There,
 *           and on request, the frames beyond this library are found by frame
 *           pointers instead.
 *           The stack ends at a frame without a table: code that was made at
 *           run time, or the first frame of a thread or of a coroutine.
 * Safety    Async-signal-safe; about 2 KB of stack and 16 bytes a frame.
 */
#ifndef MIDPOOL_INTERPOSE_STACK_H
#define MIDPOOL_INTERPOSE_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* True if .eh_frame can be used without a lock. */
bool stack_eh_is_safe(void);

/*
 * Fills address with up to most addresses within the calling instructions,
 * innermost first, without frames of this library. Returns how many.
 */
unsigned stack_take(uintptr_t *address, unsigned most, bool by_frame_pointers);

#endif
