/*
 * stack.h - return addresses of the calling thread's stack.
 *
 * Model     Programs of distributions have no frame pointers: the tables of
 *           .eh_frame are followed. Rules that were read are kept
 *           (frame_walk.h); for other frames libgcc's unwinder, which is
 *           inside the library, is used. Neither allocates, and on glibc 2.35
 *           and later they find an object's table by _dl_find_object, without
 *           a lock. On an older one libgcc would take the loader's lock, which
 *           a thread may hold that waits for the caller. There, and on request,
 *           the frames beyond this library are found by frame pointers
 *           instead.
 *           It ends at a frame without a table: code that was made at run
 *           time, the first frame of a thread or of a coroutine.
 * Safety    Async-signal-safe; about 2 KB of stack and 16 bytes a frame.
 */
#ifndef MIDPOOL_INTERPOSE_STACK_H
#define MIDPOOL_INTERPOSE_STACK_H

#include <stdbool.h>
#include <stdint.h>

/* Can .eh_frame be followed without a lock? */
bool stack_eh_is_safe(void);

/*
 * Fills address with up to most addresses within the calling instructions,
 * innermost first, without frames of this library. Returns how many.
 */
unsigned stack_take(uintptr_t *address, unsigned most, bool by_frame_pointers);

#endif
