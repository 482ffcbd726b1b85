/* stack.c - see stack.h. */
#include "stack.h"

#include <unwind.h>

#include "base.h"
#include "frame_walk.h"
#include "libc_release.h"
#include "own_image.h"

enum { LOCK_FREE_LIBC = 35 };

/* The largest distance of a frame from the next one. */
enum { FRAME_BYTES_MAX = 1 << 20, FRAMES_COMPARED = 64 };

#if defined(__x86_64__)
enum { FRAME_REGISTER = 6 };
#elif defined(__aarch64__)
enum { FRAME_REGISTER = 29 };
#else
enum { FRAME_REGISTER = -1 };
#endif

struct walk {
    uintptr_t *address;
    unsigned count;
    unsigned most;
    bool by_frame_pointers;
    uintptr_t frame; /* by frame pointers: that of the first frame outside, */
    uintptr_t stack; /* and its stack pointer */
};

bool
stack_eh_is_safe(void)
{
    return libc_release_since(LOCK_FREE_LIBC);
}

static void
note(struct walk *walk, uintptr_t address)
{
    if (walk->count < walk->most)
        walk->address[walk->count++] = address;
}

static _Unwind_Reason_Code
take_frame(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    int before = 0; /* 1: the address is the instruction's: a signal frame */
    uintptr_t address = _Unwind_GetIPInfo(context, &before);

    if (address == 0 || walk->count == walk->most)
        return _URC_END_OF_STACK;
    if (walk->count == 0 && own_image_holds(address))
        return _URC_NO_REASON;
    note(walk, before ? address : address - 1);
    if (!walk->by_frame_pointers || FRAME_REGISTER < 0)
        return _URC_NO_REASON;
    walk->frame = _Unwind_GetGR(context, FRAME_REGISTER);
    walk->stack = _Unwind_GetCFA(context);
    return _URC_END_OF_STACK;
}

/* The end of the stack; if libc does not know it, the end of this page. */
static uintptr_t
end_of(uintptr_t stack)
{
    uintptr_t end = frame_stack_end(stack);

    return end != 0 ? end : (stack | (SMALL_PAGE_BYTES - 1)) + 1;
}

/* A frame begins with the caller's frame pointer and the return address. */
static void
follow(struct walk *walk)
{
    uintptr_t end = end_of(walk->stack);
    uintptr_t from = walk->stack;
    uintptr_t frame = walk->frame;

    while (frame >= from && frame - from < FRAME_BYTES_MAX &&
           frame % sizeof(uintptr_t) == 0 &&
           frame + 2 * sizeof(uintptr_t) <= end && walk->count < walk->most) {
        const uintptr_t *word = (const uintptr_t *)frame;

        if (word[1] < SMALL_PAGE_BYTES)
            break;
        note(walk, word[1] - 1);
        from = frame + 2 * sizeof(uintptr_t);
        frame = word[0];
    }
}

/*
 * Uses libgcc's unwinder, to the end; by frame pointers, only up to the first
 * frame outside this library.
 */
static noinline unsigned
take_slowly(uintptr_t *address, unsigned most, bool by_frame_pointers)
{
    struct walk walk = {
        .address = address,
        .most = most,
        .by_frame_pointers = by_frame_pointers,
    };

    _Unwind_Backtrace(take_frame, &walk);
    if (walk.frame != 0)
        follow(&walk);
    return walk.count;
}

/* In debug builds, asserts that both unwinders find the same frames. */
static void
compare(const uintptr_t *address, unsigned count, unsigned most)
{
#ifdef MIDPOOL_DEBUG
    uintptr_t other[FRAMES_COMPARED];
    unsigned depth;

    if (most > FRAMES_COMPARED)
        return;
    depth = take_slowly(other, most, false);
    pool_assert(depth == count);
    for (unsigned i = 0; i < depth; i++)
        pool_assert(address[i] == other[i]);
#else
    (void)address;
    (void)count;
    (void)most;
#endif
}

noinline unsigned
stack_take(uintptr_t *address, unsigned most, bool by_frame_pointers)
{
    int count =
        by_frame_pointers ? FRAME_WALK_FAILED : frame_walk(address, most);

    if (count == FRAME_WALK_FAILED)
        return take_slowly(address, most, by_frame_pointers);
    compare(address, (unsigned)count, most);
    return (unsigned)count;
}
