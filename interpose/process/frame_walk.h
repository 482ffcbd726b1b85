/*
 * frame_walk.h - finds the calling thread's return addresses by kept rules.
 *
 * Purpose   libgcc's unwinder reads the tables anew for each frame, which costs
 *           about 1,000 instructions. Here a rule (frame_rule.h) is read once
 *           and kept by address; a frame then costs about 40 instructions.
 * Model     One static table of rules serves all threads. A rule is found by
 *           its address and its object's stamp, so that a file that replaces
 *           another one has rules of its own. An entry is two words, written
 *           and read without a lock. The first word is the key combined with
 *           the second, so that halves of two entries match no key.
 * Limits    x86-64 with glibc 2.35 and later. On other systems, and at a rule
 *           that is too complex, the caller uses libgcc's unwinder.
 * Safety    Async-signal-safe. Only words between the stack pointer and the end
 *           of the thread's stack are read. If libc does not know the stack
 *           (that of a coroutine, or an alternate one), its end is unknown, and
 *           the tables are trusted, as libgcc does.
 */
#ifndef MIDPOOL_INTERPOSE_FRAME_WALK_H
#define MIDPOOL_INTERPOSE_FRAME_WALK_H

#include <stdint.h>

enum { FRAME_WALK_FAILED = -1 };

/*
 * Part of each rule's key. dlopen increments it before it loads a file, so that
 * rules of a closed file, however similar, are not used any more.
 */
extern uint64_t frame_walk_generation __attribute__((visibility("hidden")));

/*
 * Like stack_take (stack.h), by unwind tables only. FRAME_WALK_FAILED: the
 * caller must use another way.
 */
int frame_walk(uintptr_t *address, unsigned most);

/*
 * The end of the stack that holds this address; up to there it is mapped. It is
 * the thread's descriptor, or __libc_stack_end for the first thread. 0: the
 * address lies in another stack.
 */
uintptr_t frame_stack_end(uintptr_t stack);

#endif
